import { formatDuration, parseDuration } from '../base/units.ts';
import { type Runbook, undeclared } from './schema.ts';

/** What is true and worth knowing, and makes no runbook wrong. */
export function remarkRunbook(runbook: Runbook): readonly string[] {
  return [...remarkSigners(runbook), ...remarkBudgets(runbook)];
}

/** Encryption proves nothing about the author: whoever can write to the store can encrypt to the same key. */
function remarkSigners({ backups }: Runbook): readonly string[] {
  if (backups.signers !== undefined || JSON.stringify(backups.store) === JSON.stringify(undeclared.store))
    return [];
  return [
    'backups.signers pins nobody: a backup that somebody else put into the store is taken like any other. `thaw keys new` makes a key, producer.sign signs with it.',
  ];
}

/** Budgets that together are more than the objective. Steps beside each other count once, with the longest. */
function remarkBudgets(runbook: Runbook): readonly string[] {
  const rtoMs = parseDuration(runbook.objectives.rto) ?? 0;
  const budgets = runbook.steps.map(({ budget }) => parseDuration(budget ?? '') ?? 0);
  const counted = budgets.filter((budgetMs) => budgetMs > 0).length;
  if (counted === 0) return [];
  const groups: number[] = [];
  for (const [index, budgetMs] of budgets.entries()) {
    if (runbook.steps[index]?.alongside && groups.length > 0)
      groups.push(Math.max(groups.pop() ?? 0, budgetMs));
    else groups.push(budgetMs);
  }
  return [describeBudgets({ steps: counted, totalMs: groups.reduce((sum, ms) => sum + ms, 0), rtoMs })];
}

/** 10 steps have budgets of 1:10:00 together: 0:10:00 more than the RTO of 1:00:00. */
function describeBudgets(sum: { readonly steps: number; readonly totalMs: number; readonly rtoMs: number }) {
  const { steps, totalMs, rtoMs } = sum;
  const against =
    totalMs > rtoMs
      ? `${formatDuration(totalMs - rtoMs)} more than the RTO of ${formatDuration(rtoMs)}; somebody has to work beside somebody else, or the RTO is not kept`
      : `within the RTO of ${formatDuration(rtoMs)}`;
  return `${steps} steps have budgets of ${formatDuration(totalMs)} together: ${against}.`;
}
