import type { Lock } from '../adapters/disk/run-lock.ts';
import { fail, type Outcome } from '../base/failure.ts';
import type { RunState } from '../journal/run-state.ts';
import type { DatabaseServer } from '../ports/database-server.ts';
import type { World } from '../ports/world.ts';
import type { LoadedRunbook, ReadyRunbook } from './load-runbook.ts';
import type { Options } from './options.ts';
import { otherTarget, staysInPlace } from './other-target.ts';
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
