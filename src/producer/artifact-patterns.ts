import { isDeepStrictEqual } from 'node:util';
import type { ArtifactPattern } from '../backups/artifacts.ts';
import type { Step } from '../kinds/step-schema.ts';
import type { Runbook } from '../runbook/schema.ts';

/**
 * What the steps of a runbook restore together with a dump, from the backup store itself. A store of its own may be a replica that
 * others live on, and is left alone.
 */
export function artifactPatterns({ steps, backups }: Pick<Runbook, 'steps' | 'backups'>): {
  readonly patterns: readonly ArtifactPattern[];
  /** Places that are of the time of a dump, too, and are not looked at. */
  readonly elsewhere: readonly string[];
} {
  const sources = steps.flatMap(sourceOf);
  const isHere = ({ store }: Source) => store === undefined || isDeepStrictEqual(store, backups.store);
  return {
    patterns: sources.filter(isHere).map(({ kind, pattern }) => ({ kind, pattern })),
    elsewhere: sources.filter((source) => !isHere(source)).map(({ pattern }) => pattern),
  };
}

type Source = ArtifactPattern & { readonly store?: unknown };

function sourceOf(step: Step): readonly Source[] {
  switch (step.kind) {
    case 'restore-files': {
      // The newest files belong to no dump.
      if (step.which === 'newest') return [];
      const { from } = step;
      const pattern = from.kind === 'archive' ? from.layout : from.prefix;
      return [{ kind: from.kind, pattern, store: from.store }];
    }
    case 'bring-objects':
      // A tree is the bucket itself, or a replica of it: of no dump more than of another.
      return step.from.kind === 'archive'
        ? [{ kind: 'archive', pattern: step.from.layout, store: step.from.store }]
        : [];
    case 'restore-roles':
      return [{ kind: 'archive', pattern: step.layout }];
    default:
      return [];
  }
}
