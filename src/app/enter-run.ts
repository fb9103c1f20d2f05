import type { Lock } from '../adapters/disk/run-lock.ts';
import { type Failure, fail, type Outcome, succeed } from '../base/failure.ts';
import { refuseElsewhere } from '../engine/bound-places.ts';
import type { RunState } from '../journal/run-state.ts';
import { isFile } from '../platform/file-kinds.ts';
import type { DatabaseServer } from '../ports/database-server.ts';
import type { World } from '../ports/world.ts';
import { handlers } from '../registry/kinds.ts';
import { createWorld } from '../registry/wire.ts';
import { anchorPlace } from './anchors.ts';
import { type CommandContext, printLine } from './command-context.ts';
import { type LoadedRunbook, loadRunbook, type ReadyRunbook, standInKit } from './load-runbook.ts';
import type { Options } from './options.ts';
import { findThrowaway } from './place-throwaway.ts';
import { readyOrAsk } from './ready-or-ask.ts';
import { withRunLocks } from './run-locks.ts';
import type { TerminalContext, TerminalOptions } from './terminal.ts';
import { type Later, writeLater } from './write-later.ts';

/** A run that was begun by another process, with everything around it as it was. */
export type EnteredRun = {
  readonly world: World;
  readonly ready: ReadyRunbook;
  /** What it restores into. */
  readonly server: DatabaseServer;
  readonly stillOurs: Lock['stillOurs'];
  /** What comes after the end of a live run: into its journal, and its record anew. */
  addLater(done: Pick<Later, 'text' | 'entries'>): Promise<Outcome<number>>;
};

/**
 * The one way back into a run, for whoever goes on with it, gives it up, undoes it or ends its way back: its values are there or asked
 * for, its places are still the same ones, and nobody else works on it.
 */
export async function enterRun(
  run: {
    readonly state: RunState;
    /** Left out where any runbook at that path will do. */
    readonly loaded?: LoadedRunbook;
    readonly logFolder: string;
    readonly options: TerminalOptions & Options<'envFiles'>;
    /** What is undone or taken away is looked for under the very address where it was made. */
    readonly byAddress: boolean;
  },
  ...[context, work]: [
    TerminalContext & Pick<CommandContext, 'folder'>,
    (entered: EnteredRun) => Promise<Outcome<number>>,
  ]
): Promise<Outcome<number>> {
  const { state, logFolder, byAddress } = run;
  const { start } = state;
  const options = { ...run.options, envFiles: await envFilesOf(run) };
  const loaded =
    run.loaded === undefined ? await loadRunbook(start.runbook.path, context) : succeed(run.loaded);
  if (!loaded.ok) return loaded;
  standInKit(loaded.value);
  const world = createWorld(context.environment);
  try {
    const filled = await readyOrAsk(loaded.value, { mode: start.mode, options, context });
    const ready = filled.ok ? findThrowaway(filled.value, { start, world }) : filled;
    if (!ready.ok) return ready;
    const { databaseUrl, databaseRoute, throwaway } = ready.value.targets.target;
    const server = world.openDatabaseServer(databaseUrl, databaseRoute);
    // A cluster of its own is found by its folder, and only what carries the run's mark is removed.
    const hasAddress = start.mode !== 'tabletop' && throwaway === undefined;
    const elsewhere = byAddress && hasAddress ? otherTarget(start, server) : undefined;
    if (elsewhere !== undefined) return fail(elsewhere);
    const same = await staysInPlace(state, { ready: ready.value, world });
    if (!same.ok) return same;
    const target = hasAddress ? server : undefined;
    const { redact } = ready.value;
    const addLater: EnteredRun['addLater'] = (done) =>
      writeLater({
        ...{ ...done, logFolder, runId: start.runId, redact, clock: world.host.clock },
        anchor: anchorPlace({ mode: start.mode, ready: ready.value, world }),
        warn: (warning) => printLine(context, redact(warning)),
      });
    return await withRunLocks({ logFolder, runId: start.runId, target }, (stillOurs) =>
      work({ world, ready: ready.value, server, stillOurs, addLater }),
    );
  } finally {
    await world.close();
  }
}

/** Those of now, or else those that the run was begun with, as far as they still lie there: what one of them gave is asked for then. */
async function envFilesOf({
  state,
  options,
}: Pick<Parameters<typeof enterRun>[0], 'state' | 'options'>): Promise<readonly string[]> {
  const { envFiles = [] } = state.start;
  if (options.envFiles.length > 0) return options.envFiles;
  const there = await Promise.all(envFiles.map(isFile));
  return envFiles.filter((_, index) => there[index]);
}

/** What was made in one place is neither undone nor taken away in another. */
function otherTarget(start: RunState['start'], server: DatabaseServer): Failure | undefined {
  const here = `${server.databaseName} at ${server.address}`;
  if (here === start.targets.database) return undefined;
  return {
    code: 'conflict',
    message: `Run ${start.runId} worked on ${start.targets.database ?? 'another database'}; the runbook now leads to ${here}.`,
    remedy: 'Give the values that this run was made with.',
    retry: 'after-fix',
  };
}

/** Every way back into a run comes through here before it locks, asks or changes anything. */
function staysInPlace(
  { start, places }: RunState,
  { ready, world }: { readonly ready: ReadyRunbook; readonly world: World },
): Promise<Outcome<void>> {
  const { targets, filled } = ready;
  return refuseElsewhere(
    { runId: start.runId, places },
    { world, targets, mode: start.mode, steps: filled.steps, handlers },
  );
}
