import { swappedFact } from '../kinds/facts.ts';
import { handlerOf, type StepHandlers, stepsGiving } from '../kinds/handlers.ts';
import type { Runbook } from './schema.ts';

/**
 * Whether a drill knows where to go. A database can always be restored in a throwaway PostgreSQL of the drill's host; whatever else is
 * restored needs a place that the runbook names.
 */
export function canDrill(
  { drill, steps }: Pick<Runbook, 'drill' | 'steps'>,
  handlers: StepHandlers,
): boolean {
  if (drill !== undefined) return true;
  const needsPlace = steps.some((step) =>
    handlerOf(handlers, step)
      .places?.(step)
      .some((place) => place.startsWith('drill.')),
  );
  return stepsGiving(swappedFact, { steps, handlers }).length > 0 && !needsPlace;
}
