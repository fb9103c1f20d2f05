import type { RunState } from '../journal/run-state.ts';
import type { Step } from '../kinds/kind.ts';
import { stepId } from '../kinds/kind.ts';

/** What to do next. Chosen by looking at the facts alone, so a resumed run chooses as an undisturbed one would. */
type Move = { readonly kind: 'begin-steps'; readonly steps: readonly Step[] } | { readonly kind: 'finish' };

/** Steps in the order of the runbook; a step marked `alongside` joins the group of the step before it. */
function groupSteps(steps: readonly Step[]): readonly (readonly Step[])[] {
  const groups: Step[][] = [];
  for (const step of steps) {
    const last = groups.at(-1);
    if (step.alongside && last !== undefined) last.push(step);
    else groups.push([step]);
  }
  return groups;
}

/** The first group with an open step; of that group, every step that is still open. */
export function nextMove(steps: readonly Step[], state: RunState): Move {
  for (const group of groupSteps(steps)) {
    const open = group.filter((step) => {
      const kind = state.steps.get(stepId(step))?.kind;
      return kind !== 'finished' && kind !== 'skipped';
    });
    if (open.length > 0) return { kind: 'begin-steps', steps: open };
  }
  return { kind: 'finish' };
}
