import type { RunState } from '../journal/run-state.ts';
import { factOf, holds } from '../kinds/fact.ts';
import { handlerOf, stepsGiving } from '../kinds/handlers.ts';
import { type Step, stepId } from '../kinds/kind.ts';
import type { Engine } from './engine.ts';

/**
 * A drill that ends at its first failure shows one fault a week. It goes on with every step that needs nothing of those that failed,
 * and so tells all that is wrong; what needs something of them is left, and could not be verified.
 *
 * @param failed ids of the steps that nobody will do again.
 * @returns those, and each step that stands on one of them.
 */
export function lostWith(
  failed: ReadonlySet<string>,
  ...[engine, state]: [Pick<Engine, 'steps' | 'handlers'>, RunState]
): ReadonlySet<string> {
  const lost = new Set(failed);
  for (const step of engine.steps) {
    // Nothing is stopped in a drill, so nothing waits for what is declared for that.
    const needs = handlerOf(engine.handlers, step).needs?.(step, { declares: () => false }) ?? [];
    const lacks = needs.some(({ oneOf }) => {
      const givers = oneOf.flatMap((fact) => stepsGiving(fact, engine).map((giver) => ({ fact, giver })));
      const isThere = givers.some(({ fact, giver }) => holds(factOf(fact, stepId(giver)), state.facts));
      return !isThere && givers.some(({ giver }) => lost.has(stepId(giver)));
    });
    if (lacks) lost.add(stepId(step));
  }
  return lost;
}

/** Steps that failed, as the journal has them. */
export function failedSteps(steps: readonly Step[], state: RunState): readonly string[] {
  return steps.map(stepId).filter((id) => state.steps.get(id)?.kind === 'failed');
}
