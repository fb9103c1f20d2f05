import { hostname } from 'node:os';
import type { CommandContext } from '../../../app/command-context.ts';
import { type FoundRunbook, listRunbooks } from '../../../app/find-runbook.ts';
import { type LoadedRunbook, loadRunbook, readyRunbook } from '../../../app/load-runbook.ts';
import type { Options } from '../../../app/options.ts';
import { listRunIds } from '../../../app/run-log.ts';
import { newestComplete } from '../../../backups/snapshot.ts';
import { formatSpan } from '../../../base/units.ts';
import { findReferences, listMissing } from '../../../kinds/references.ts';
import type { HomeRow } from '../../../session/home-view.ts';
import { runRow, unreadableRow } from './run-rows.ts';
import { runbookRow } from './runbook-row.ts';

/** Older runs are found with `thaw records list`. */
const mostRuns = 60;

/** Each run as soon as it is read. */
export async function lookForRuns(
  { logFolder }: { readonly logFolder: string },
  into: { readonly put: (row: HomeRow) => void; readonly isStopped: () => boolean },
): Promise<void> {
  const ids = await listRunIds(logFolder);
  if (!ids.ok) {
    into.put(unreadableRow({ key: logFolder, group: 'unfinished', title: 'Runs' }, ids.failure));
    return;
  }
  for (const runId of ids.value.slice(0, mostRuns)) {
    if (into.isStopped()) return;
    into.put(await runRow({ logFolder, runId, host: hostname(), nowMs: Date.now() }));
    // Keys come first: reading a long journal is work.
    await new Promise((resolve) => setImmediate(resolve));
  }
}

/** Each runbook as soon as it is read, and once more when its backup store has answered. */
export async function lookForRunbooks(
  request: {
    readonly options: Options<'envFiles'>;
    /** Whether the backup stores are asked for their newest snapshot. */
    readonly asksStores: boolean;
    readonly put: (row: HomeRow) => void;
  },
  context: Pick<CommandContext, 'environment' | 'folder'>,
): Promise<void> {
  const runbooks = (await listRunbooks(context)).filter(({ name }) => !notByHand.includes(name));
  const found = await Promise.all(
    runbooks.map(async (one) => ({ ...one, loaded: await loadRunbook(one.path, context) })),
  );
  const looking = request.asksStores ? 'looking' : undefined;
  for (const { loaded, ...one } of found) {
    if (loaded.ok) request.put(toRow(loaded.value, { newest: looking, context, found: one }));
    else request.put(brokenRow(one, loaded.failure));
  }
  if (!request.asksStores) return;
  // Side by side: one store that does not answer keeps no other runbook waiting.
  await Promise.all(
    found.map(async ({ loaded, ...one }) => {
      if (!loaded.ok) return;
      const newest = await findNewest(loaded.value, { options: request.options, context });
      request.put(toRow(loaded.value, { newest, context, found: one }));
    }),
  );
}

function toRow(
  loaded: LoadedRunbook,
  {
    newest,
    context,
    found,
  }: {
    readonly newest: string | undefined;
    readonly context: Pick<CommandContext, 'environment' | 'folder'>;
    readonly found: FoundRunbook;
  },
): HomeRow {
  const { path, runbook } = loaded;
  const values = new Map(
    Object.keys(runbook.inputs).flatMap((name): [string, string][] => {
      const value = context.environment[name] || runbook.inputs[name]?.default;
      return value === undefined ? [] : [[name, value]];
    }),
  );
  const group = found.isExample ? 'example' : 'runbook';
  return runbookRow({ group, name: found.name, path, runbook, values, newest });
}

function brokenRow(
  { path, isExample }: FoundRunbook,
  failure: { readonly message: string; readonly remedy: string },
): HomeRow {
  const title = path.slice(path.lastIndexOf('/') + 1);
  return {
    ...unreadableRow({ key: path, group: isExample ? 'example' : 'runbook', title }, failure),
    words: 'does not hold together',
  };
}

/** How long the first page waits for a backup store before it says that it did not answer. */
const patienceMs = 15_000;

/** What is known about the newest snapshot of a runbook, in few words. Contacts the backup store, and nothing else. */
async function findNewest(
  loaded: LoadedRunbook,
  {
    options,
    context,
  }: {
    readonly options: Options<'envFiles'>;
    readonly context: Pick<CommandContext, 'environment' | 'folder'>;
  },
): Promise<string> {
  const { environment } = context;
  const ready = await readyRunbook(loaded, {
    mode: 'live',
    environment,
    envFiles: options.envFiles,
    backupsOnly: true,
  });
  if (!ready.ok) return whyNotLooked(loaded, environment);
  // The drivers of the stores are big: they are loaded when a store is really looked into.
  const { createWorld } = await import('../../../registry/wire.ts');
  const { findSnapshots } = await import('../../../operations/find-snapshots.ts');
  const world = createWorld(environment);
  try {
    const late = Promise.withResolvers<undefined>();
    const timer = setTimeout(() => late.resolve(undefined), patienceMs);
    const found = await Promise.race([findSnapshots({ world, targets: ready.value.targets }), late.promise]);
    clearTimeout(timer);
    if (found === undefined) return 'its store does not answer';
    if (!found.ok)
      return found.failure.code === 'not-found' ? 'no snapshot found' : `store ${found.failure.code}`;
    const newest = newestComplete(found.value);
    if (newest === undefined) return `none of ${found.value.length} snapshots is complete`;
    return `newest ${formatSpan(Date.now() - newest.takenAtMs)} old`;
  } finally {
    await world.close();
  }
}

function whyNotLooked(loaded: LoadedRunbook, environment: CommandContext['environment']): string {
  const { inputs, backups } = loaded.runbook;
  const missing = listMissing({ inputs, needed: findReferences(backups), environment });
  return missing.length === 0
    ? 'not looked for'
    : `${missing.length} value${missing.length === 1 ? '' : 's'} missing`;
}

/** The rehearsal's own runbook is walked by `thaw rehearse`, which builds what it restores. */
const notByHand = ['rehearsal'];
