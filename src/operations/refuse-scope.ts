import type { DumpScope } from '../backups/dump-scope.ts';
import type { Snapshot } from '../backups/snapshot.ts';
import type { Failure } from '../base/failure.ts';
import { formatCount } from '../base/units.ts';
import type { StepContext } from '../kinds/kind.ts';

/** A dump that holds something else than the runbook says: a database restored from it would be there, and empty. */
export function refuseScope(
  { holds, tables }: DumpScope,
  of: { readonly snapshot: Pick<Snapshot, 'id'>; readonly context: Pick<StepContext, 'targets'> },
): Failure | undefined {
  const { id } = of.snapshot;
  const wantsSchema = of.context.targets.backups.contents === 'schema';
  if (holds === (wantsSchema ? 'schema' : 'both') || tables === 0) return undefined;
  const words = { schema: 'the schema alone', rows: 'rows alone', both: 'rows' }[holds];
  const lacks = {
    schema: `${formatCount(tables)} tables are made in it, and not one gets its rows`,
    rows: 'no table is made in it',
    both: 'the runbook says that its dumps hold the schema alone',
  }[holds];
  return {
    code: 'mismatch',
    message: `Snapshot ${id} holds ${words}: ${lacks}.`,
    remedy:
      holds === 'both'
        ? 'Find out who makes this dump without --schema-only, or take `contents` out of the runbook.'
        : 'Choose a whole dump, and find out since when pg_dump runs with --schema-only or --data-only.',
    retry: 'after-fix',
  };
}

/** Nothing of production can come back from definitions. */
export function refuseLive({ mode, targets }: Pick<StepContext, 'mode' | 'targets'>): Failure | undefined {
  if (mode !== 'live' || targets.backups.contents !== 'schema') return undefined;
  return {
    code: 'mismatch',
    message:
      'The dumps of this runbook hold the schema alone (backups.dumps.contents): a restore would put an empty database in the place of production.',
    remedy: 'Use the runbook of the whole dumps; this one is for `thaw drill`.',
    retry: 'never',
  };
}
