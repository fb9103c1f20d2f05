import type { ObjectInfo } from '../ports/object-store.ts';
import { isArtifactKey } from './artifact-keys.ts';
import { type Layout, parseLayout } from './layout.ts';

/** What a runbook restores together with a dump: one archive, or all below a folder. */
export type ArtifactPattern = { readonly kind: 'archive' | 'tree'; readonly pattern: string };

/** What a name tells about when something is from, and from where. */
export type NamedTime = {
  readonly fromMs: number;
  readonly spanMs: number;
  readonly host?: string | undefined;
  readonly tier?: string | undefined;
};

/** Files of a time beside a dump of that time: documents, media, objects, roles. */
export type Artifact = {
  readonly kind: 'archive' | 'tree';
  readonly pattern: string;
  /** Of a tree the folder, which ends in a slash. */
  readonly key: string;
  readonly time: NamedTime;
  readonly files: number;
  readonly sizeBytes: number;
};

type ArtifactCollector = {
  /** What has to be listed. */
  readonly prefixes: readonly string[];
  take(object: ObjectInfo): void;
  found(): readonly Artifact[];
};

/** Folders may hold more keys than fit into memory, so they are counted as the listing comes by. */
export function collectArtifacts(patterns: readonly ArtifactPattern[]): ArtifactCollector {
  const readers = patterns.flatMap((one) => {
    const reader = createReader(one);
    return reader === undefined ? [] : [reader];
  });
  const found = new Map<string, Artifact>();
  return {
    prefixes: withoutNested(readers.map(({ layout }) => layout.prefix)),
    take({ key, sizeBytes }) {
      // What the producer puts beside a dump is known by the dump's own name.
      if (isArtifactKey(key)) return;
      for (const { kind, pattern, layout, nameOf } of readers) {
        const name = nameOf(key);
        const time = name === undefined ? undefined : namedTime(layout, name);
        if (name === undefined || time === undefined) continue;
        const place = kind === 'tree' ? `${name}/` : name;
        const known = found.get(place);
        // Two steps may name the same files.
        if (known !== undefined && known.pattern !== pattern) continue;
        found.set(place, {
          kind,
          pattern,
          key: place,
          time,
          files: (known?.files ?? 0) + 1,
          sizeBytes: (known?.sizeBytes ?? 0) + sizeBytes,
        });
      }
    },
    found: () => [...found.values()],
  };
}

type Reader = ArtifactPattern & {
  readonly layout: Layout;
  nameOf(key: string): string | undefined;
};

/** undefined for a pattern that names no time: its files are of no dump more than of another. */
function createReader({ kind, pattern }: ArtifactPattern): Reader | undefined {
  const whole = kind === 'tree' ? pattern.replace(/\/+$/, '') : pattern;
  const layout = parseLayout(whole);
  if ('fault' in layout) return undefined;
  const depth = whole.split('/').length;
  const folderOf = (key: string) => {
    const parts = key.split('/');
    return parts.length > depth ? parts.slice(0, depth).join('/') : undefined;
  };
  return { kind, pattern, layout, nameOf: kind === 'tree' ? folderOf : (key) => key };
}

export function namedTime(layout: Layout, key: string): NamedTime | undefined {
  const match = layout.match(key);
  if (match?.namedTimeMs === undefined) return undefined;
  return { fromMs: match.namedTimeMs, spanMs: match.namedSpanMs, host: match.host, tier: match.tier };
}

/**
 * Of the same time, as far as both names say: a folder of a day is of every dump of that day. Of the same host and tier where
 * both name one.
 */
export function isSameTime(one: NamedTime, other: NamedTime): boolean {
  if (one.host !== undefined && other.host !== undefined && one.host !== other.host) return false;
  if (one.tier !== undefined && other.tier !== undefined && one.tier !== other.tier) return false;
  return one.fromMs < other.fromMs + other.spanMs && other.fromMs < one.fromMs + one.spanMs;
}

/**
 * How well an archive fits a dump: the nearer in time the better, then of the same tier; undefined for one of another host. What
 * a restore takes and what pruning keeps for it have to be the same.
 */
export function deviation(dump: NamedTime, archive: NamedTime): number | undefined {
  if (dump.host !== undefined && archive.host !== undefined && dump.host !== archive.host) return undefined;
  const isOtherTier = dump.tier !== undefined && archive.tier !== undefined && dump.tier !== archive.tier;
  // Names tell whole seconds.
  return Math.abs(archive.fromMs - dump.fromMs) + (isOtherTier ? 0.5 : 0);
}

/** Listing `a/` lists `a/b/` too, and nothing may be counted twice. */
function withoutNested(prefixes: readonly string[]): readonly string[] {
  const distinct = [...new Set(prefixes)];
  return distinct.filter((prefix) => !distinct.some((other) => other !== prefix && prefix.startsWith(other)));
}
