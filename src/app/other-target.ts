import type { Failure, Outcome } from '../base/failure.ts';
import { refuseElsewhere } from '../engine/bound-places.ts';
import type { RunState } from '../journal/run-state.ts';
import type { DatabaseServer } from '../ports/database-server.ts';
import type { World } from '../ports/world.ts';
import { handlers } from '../registry/kinds.ts';
import type { ReadyRunbook } from './load-runbook.ts';

/** What was made in one place is neither undone nor taken away in another. */
export function otherTarget(start: RunState['start'], server: DatabaseServer): Failure | undefined {
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
export function staysInPlace(
  { start, places }: RunState,
  { ready, world }: { readonly ready: ReadyRunbook; readonly world: World },
): Promise<Outcome<void>> {
  const { targets, filled } = ready;
  return refuseElsewhere(
    { runId: start.runId, places },
    { world, targets, mode: start.mode, steps: filled.steps, handlers },
  );
}
