import type { Runbook } from './schema.ts';

/**
 * Whether a drill knows where to go. A database can always be restored in a throwaway PostgreSQL of the drill's host; whatever else is
 * restored needs a place that the runbook names.
 */
export function canDrill({ drill, steps }: Pick<Runbook, 'drill' | 'steps'>): boolean {
  if (drill !== undefined) return true;
  const kinds = new Set(steps.map(({ kind }) => kind));
  return kinds.has('restore-database') && !kinds.has('mirror-objects') && !kinds.has('recover-cluster');
}
