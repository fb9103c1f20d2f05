import { hostname } from 'node:os';
import type { HomeRow } from '../../session/home-view.ts';
import type { Options } from '../arguments.ts';
import { type LoadedRunbook, loadRunbook } from '../load-runbook.ts';
import { listRunIds } from '../run-log.ts';
import type { Surroundings } from '../surroundings.ts';
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
  surroundings: Surroundings,
): Promise<void> {
  const paths = await listRunbooks(surroundings.folder);
  const found = await Promise.all(
    paths.map(async (path) => ({ path, loaded: await loadRunbook(path, surroundings.folder) })),
  );
  for (const { path, loaded } of found) {
    if (loaded.ok) request.put(toRow(loaded.value, { newest: 'looking', surroundings }));
    else request.put(brokenRow(path, loaded.failure));
  }
  // Side by side: one store that does not answer keeps no other runbook waiting.
  await Promise.all(
    found.map(async ({ loaded }) => {
      if (!loaded.ok) return;
      const newest = await findNewest(loaded.value, { options: request.options, surroundings });
      request.put(toRow(loaded.value, { newest, surroundings }));
    }),
  );
}

function toRow(
  loaded: LoadedRunbook,
  { newest, surroundings }: { readonly newest: string; readonly surroundings: Surroundings },
): HomeRow {
  const { path, runbook } = loaded;
  const values = new Map(
    Object.keys(runbook.inputs).flatMap((name): [string, string][] => {
      const value = surroundings.environment[name] || runbook.inputs[name]?.default;
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
