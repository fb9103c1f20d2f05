import { assert } from '../base/assert.ts';
import type { Check } from '../base/verdict.ts';
import type { KnownFact } from './fact.ts';
import type { AnyStepContext, Step, StepHandler } from './kind.ts';

/** Every kind there is, by its name. */
export type StepHandlers = Readonly<Record<string, StepHandler>>;

export function handlerOf(handlers: StepHandlers, step: Step): StepHandler {
  const handler = handlers[step.kind];
  assert(handler !== undefined, `the runbook's schema knows only kinds that there are, and not ${step.kind}`);
  return handler;
}

/** Steps of a walk whose kind leaves this fact. */
export function stepsGiving(
  fact: KnownFact,
  walk: { readonly steps: readonly Step[]; readonly handlers: StepHandlers },
): readonly Step[] {
  return walk.steps.filter((step) => handlerOf(walk.handlers, step).gives?.includes(fact));
}

/** What the steps of a walk will prove, one after the other, of a database that is not in place yet. */
export async function foreseeAll(
  walk: { readonly steps: readonly Step[]; readonly handlers: StepHandlers },
  trial: { readonly database: string; readonly context: AnyStepContext },
): Promise<readonly Check[]> {
  const checks: Check[] = [];
  for (const step of walk.steps)
    checks.push(...((await handlerOf(walk.handlers, step).foresee?.(step, trial)) ?? []));
  return checks;
}
