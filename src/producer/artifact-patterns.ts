import { isDeepStrictEqual } from 'node:util';
import type { ArtifactPattern } from '../backups/artifacts.ts';
import { handlerOf, type StepHandlers } from '../kinds/handlers.ts';
import type { ArtifactSource } from '../kinds/kind.ts';
import type { Runbook } from '../runbook/schema.ts';

/**
 * What the steps of a runbook restore together with a dump, from the backup store itself. A store of its own may be a replica that
 * others live on, and is left alone.
 */
export function artifactPatterns(
  { steps, backups }: Pick<Runbook, 'steps' | 'backups'>,
  handlers: StepHandlers,
): {
  readonly patterns: readonly ArtifactPattern[];
  /** Places that are of the time of a dump, too, and are not looked at. */
  readonly elsewhere: readonly string[];
} {
  const sources = steps.flatMap((step) => handlerOf(handlers, step).artifacts?.(step) ?? []);
  const isHere = ({ store }: ArtifactSource) =>
    store === undefined || isDeepStrictEqual(store, backups.store);
  return {
    patterns: sources.filter(isHere).map(({ kind, pattern }) => ({ kind, pattern })),
    elsewhere: sources.filter((source) => !isHere(source)).map(({ pattern }) => pattern),
  };
}
