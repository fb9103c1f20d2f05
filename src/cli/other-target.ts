import type { Failure } from '../base/failure.ts';
import type { RunState } from '../journal/run-state.ts';
import type { DatabaseServer } from '../ports/database-server.ts';

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
