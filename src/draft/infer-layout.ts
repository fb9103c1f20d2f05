import { parseLayout } from '../backups/layout.ts';
import { layersOf, unwrappedKey } from '../backups/wrapping.ts';
import type { ObjectInfo } from '../ports/object-store.ts';

/** Objects whose names differ in nothing but the time: what one script makes, night after night. */
export type Family = {
  /** A key layout that fits all of them. */
  readonly pattern: string;
  /** Newest first. */
  readonly objects: readonly [ObjectInfo, ...ObjectInfo[]];
  /** By its last ending without wrappings; the content has the last word. */
  readonly looksLike: 'dump' | 'archive' | 'unknown';
};

type Rule = { readonly find: RegExp; readonly put: string };

/** How scripts write a time, the most exact first. The first that makes a layout which fits the name counts. */
const times: readonly Rule[] = [
  { find: /(?<!\d)20\d{2}-?\d{2}-?\d{2}[T_-]?\d{2}[:-]?\d{2}(?:[:-]?\d{2})?Z?(?!\d)/, put: '{timestamp}' },
  {
    find: /(?<!\d)20\d{2}[-_.]?\d{2}[-_.]?\d{2}([-_./T]+)\d{2}[:h._-]?\d{2}(?:[:m._-]?\d{2})?(?!\d)/,
    put: '{date}$1{time}',
  },
  { find: /(?<!\d)20\d{2}\/\d{2}\/\d{2}(?!\d)/, put: '{year}/{month}/{day}' },
  { find: /(?<!\d)20\d{2}[-_.]?\d{2}[-_.]?\d{2}\/\d{2}(?!\d)/, put: '{date}/{hour}' },
  { find: /(?<!\d)20\d{2}[-_.]?\d{2}[-_.]?\d{2}(?!\d)/, put: '{date}' },
  { find: /(?<!\d)20\d{2}[-_.]?W\d{2}(?!\d)/, put: '{week}' },
  { find: /(?<!\d)20\d{2}[-_.]\d{2}(?!\d)/, put: '{month}' },
];

/** What changes from name to name and tells no time that a layout could read; then the store's own time counts. */
const others: readonly Rule[] = [
  { find: /[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}/g, put: '{id}' },
  { find: /(?<!\d)1\d{9}(?:\d{3})?(?!\d)/g, put: '{id}' },
  { find: /(?<!\d)\d{1,2}[-_.]\d{1,2}[-_.]20\d{2}(?!\d)/g, put: '{any}' },
  {
    find: /(?<![a-z])(?:mon|tues?|wed(?:nes)?|thu(?:rs)?|fri|sat(?:ur)?|sun)(?:day)?(?![a-z])/gi,
    put: '{any}',
  },
];

const tier = /(^|\/)(?:hourly|daily|weekly|monthly|yearly)\//;

export function familiesOf(objects: readonly ObjectInfo[]): readonly Family[] {
  const byPattern = new Map<string, ObjectInfo[]>();
  const newestFirst = [...objects]
    .filter(({ sizeBytes }) => sizeBytes > 0)
    .sort((one, other) => other.modifiedAtMs - one.modifiedAtMs);
  for (const object of newestFirst) {
    const pattern = inferLayout(object.key);
    byPattern.set(pattern, [...(byPattern.get(pattern) ?? []), object]);
  }
  return [...byPattern].flatMap(([pattern, [first, ...more]]) =>
    first === undefined ? [] : [{ pattern, objects: [first, ...more], looksLike: looksLike(first.key) }],
  );
}

/** db/daily/shop_2026-11-19.sql.gz -> db/{tier}/shop_{date}.sql.gz; a name that says nothing stays as it is. */
function inferLayout(key: string): string {
  const plain = asLayoutText(key);
  if (plain !== key) return plain;
  const named = key.replace(tier, '$1{tier}/');
  for (const { find, put } of times) {
    if (!find.test(named)) continue;
    const [day] = find.exec(named) ?? [];
    // The same day may stand in a folder and in the name.
    const pattern =
      put === '{date}' && day !== undefined ? named.replaceAll(day, put) : named.replace(find, put);
    const whole = withIds(pattern);
    if (fits(whole, key)) return whole;
  }
  return withIds(named);
}

/** Signs that a layout, or a placeholder, would be read by: whatever stands there. */
export function asLayoutText(text: string): string {
  return text.replace(/(?:\$?[{}[\]])+/g, '{any}');
}

function withIds(pattern: string): string {
  let used = false;
  const once = others.reduce(
    (text, { find, put }) =>
      text.replace(find, () => {
        // A part that stands twice would have to say the same thing twice.
        if (put !== '{id}') return put;
        const taken = used ? '{any}' : put;
        used = true;
        return taken;
      }),
    pattern,
  );
  // Milliseconds behind a time: 2026-11-19T02:00:00.123Z
  return used ? once : once.replace(/\{timestamp\}([.-])\d{3}Z/, '{timestamp}$1{id}');
}

function fits(pattern: string, key: string): boolean {
  const layout = parseLayout(pattern);
  return !('fault' in layout) && layout.match(key) !== undefined;
}

const dumpEndings = /\.(?:sql|dump|dmp|pgdump|pg_dump|psql|pgsql|backup|bak|custom|fc|all)$/i;

function looksLike(key: string): Family['looksLike'] {
  const bare = unwrappedKey(key).toLowerCase();
  if (dumpEndings.test(bare)) return 'dump';
  if (/\.(?:tar|tgz|tbz2?|txz|zip|7z)$/.test(bare)) return 'archive';
  // Beside a dump: digests, logs and what other programs note.
  if (/\.(?:json|metadata|md5|sha\d+|sha\d+sum|md5sum|log|txt|index|sig|lock|part|tmp)$/.test(bare))
    return 'archive';
  return layersOf(key).length > 0 || !/\.[a-z0-9]{1,5}$/.test(bare) ? 'unknown' : 'archive';
}
