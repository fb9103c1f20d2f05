import { shorten } from '../backups/compare-inventories.ts';
import { formatCount } from '../base/units.ts';
import { type Check, couldNotVerify } from '../base/verdict.ts';
import { readFact } from '../kinds/fact.ts';
import { leftOutFact, notCopiedFact } from '../kinds/facts.ts';
import type { LeaveOut, StepContext } from '../kinds/kind.ts';

/** After a failure that names objects: a person may go on without these, with a reason, and keep all the others. */
export function leaveOutObjects(stepId: string, context: StepContext): LeaveOut | undefined {
  const failed = readFact(notCopiedFact(stepId), context) ?? [];
  if (failed.length === 0) return undefined;
  return {
    label:
      failed.length === 1
        ? 'go on without this object'
        : `go on without these ${formatCount(failed.length)} objects`,
    accept: async (reason) => {
      const before = readFact(leftOutFact(stepId), context)?.keys ?? [];
      await context.record(leftOutFact(stepId), { reason, keys: [...new Set([...before, ...failed])] });
      await context.record(notCopiedFact(stepId), null);
    },
  };
}

/** What was left out of this step; nothing when nobody said so. */
export function readLeftOut(stepId: string, context: Pick<StepContext, 'fact'>) {
  const left = readFact(leftOutFact(stepId), context);
  return left === undefined ? undefined : { keys: new Set(left.keys), reason: left.reason };
}

/** Said wherever such a step ends: it is not whole. */
export function leftOutCheck(keys: readonly string[], reason: string): Check {
  return couldNotVerify(
    `${formatCount(keys.length)} objects were left out (${reason}): ${shorten(keys)}`,
    'Bring them by another way; rows may name them.',
  );
}
