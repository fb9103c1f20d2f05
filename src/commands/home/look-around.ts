import { hostname } from 'node:os';
import type { Options } from '../../app/arguments.ts';
import type { CommandContext } from '../../app/command-context.ts';
import { type LoadedRunbook, loadRunbook } from '../../app/load-runbook.ts';
import { listRunIds } from '../../app/run-log.ts';
import type { HomeRow } from '../../session/home-view.ts';
import { findNewest } from './find-newest.ts';
import { listRunbooks } from './list-runbooks.ts';
import { runRow } from './run-rows.ts';
import { runbookRow } from './runbook-row.ts';

/** Older runs are found with `thaw records list`. */
const mostRuns = 60;

/** Each run as soon as it is read. */
export async function lookForRuns(
  { logFolder }: { readonly logFolder: string },
  into: { readonly put: (row: HomeRow) => void; readonly isStopped: () => boolean },
): Promise<void> {
  const ids = await listRunIds(logFolder);
  for (const runId of ids.slice(0, mostRuns)) {
    if (into.isStopped()) return;
    into.put(await runRow({ logFolder, runId, host: hostname(), nowMs: Date.now() }));
    // Keys come first: reading a long journal is work.
    await new Promise((resolve) => setImmediate(resolve));
  }
}

/** Each runbook as soon as it is read, and once more when its backup store has answered. */
export async function lookForRunbooks(
  request: { readonly options: Options; readonly put: (row: HomeRow) => void },
  context: CommandContext,
): Promise<void> {
  const paths = await listRunbooks(context.folder);
  const found = await Promise.all(
    paths.map(async (path) => ({ path, loaded: await loadRunbook(path, context.folder) })),
  );
  for (const { path, loaded } of found) {
    if (loaded.ok) request.put(toRow(loaded.value, { newest: 'looking', context }));
    else request.put(brokenRow(path, loaded.failure));
  }
  // Side by side: one store that does not answer keeps no other runbook waiting.
  await Promise.all(
    found.map(async ({ loaded }) => {
      if (!loaded.ok) return;
      const newest = await findNewest(loaded.value, { options: request.options, context });
      request.put(toRow(loaded.value, { newest, context }));
    }),
  );
}

function toRow(
  loaded: LoadedRunbook,
  { newest, context }: { readonly newest: string; readonly context: CommandContext },
): HomeRow {
  const { path, runbook } = loaded;
  const values = new Map(
    Object.keys(runbook.inputs).flatMap((name): [string, string][] => {
      const value = context.environment[name] || runbook.inputs[name]?.default;
      return value === undefined ? [] : [[name, value]];
    }),
  );
  return runbookRow({ key: path, path, runbook, values, newest });
}

function brokenRow(path: string, failure: { readonly message: string; readonly remedy: string }): HomeRow {
  return {
    key: path,
    group: 'runbook',
    title: path.slice(path.lastIndexOf('/') + 1),
    words: 'does not hold together',
    verdict: 'failed',
    about: [...failure.message.split('\n'), failure.remedy],
    actions: [],
  };
}
