import type { Lock } from '../adapters/disk/run-lock.ts';
import { type Failure, fail, type Outcome } from '../base/failure.ts';
import { refuseElsewhere } from '../engine/bound-places.ts';
import type { RunState } from '../journal/run-state.ts';
import type { DatabaseServer } from '../ports/database-server.ts';
import type { World } from '../ports/world.ts';
import { handlers } from '../registry/kinds.ts';
import type { LoadedRunbook, ReadyRunbook } from './load-runbook.ts';
import type { Options } from './options.ts';
import { findThrowaway } from './place-throwaway.ts';
import { readyOrAsk } from './ready-or-ask.ts';
import { withRunLocks } from './run-locks.ts';
import type { TerminalContext, TerminalOptions } from './terminal.ts';

/** A run that was begun by another process, with everything around it as it was. */
export type EnteredRun = {
  readonly ready: ReadyRunbook;
  /** What it restores into. */
  readonly server: DatabaseServer;
  readonly stillOurs: Lock['stillOurs'];
};

/**
 * The one way back into a run, for whoever goes on with it, gives it up or undoes it: its values are there or asked for, its places are
 * still the same ones, and nobody else works on it. Closes the world at the end.
 */
export async function enterRun(
  run: {
    readonly state: RunState;
    readonly loaded: LoadedRunbook;
    readonly world: World;
    readonly logFolder: string;
    readonly options: TerminalOptions & Options<'envFiles'>;
    /** What is undone or taken away is looked for under the very address where it was made. */
    readonly byAddress: boolean;
  },
  ...[context, work]: [TerminalContext, (entered: EnteredRun) => Promise<Outcome<number>>]
): Promise<Outcome<number>> {
  const { state, loaded, world, logFolder, options, byAddress } = run;
  const { start } = state;
  try {
    const filled = await readyOrAsk(loaded, { mode: start.mode, options, context });
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
    return await withRunLocks({ logFolder, runId: start.runId, target }, (stillOurs) =>
      work({ ready: ready.value, server, stillOurs }),
    );
  } finally {
    await world.close();
  }
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
