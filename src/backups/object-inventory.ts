import { createHash } from 'node:crypto';
import { z } from 'zod';
import { parseJson } from '../base/parse-json.ts';
import type { ObjectInfo } from '../ports/object-store.ts';

const entrySchema = z.object({
  key: z.string(),
  sizeBytes: z.int(),
  etag: z.string().optional(),
  /** The tag in the store it was copied from: tells an unchanged object of several parts, whose tags differ by store. */
  sourceEtag: z.string().optional(),
});

/** One object of the mirror, its key without the mirror's prefix. */
export type ObjectEntry = z.infer<typeof entrySchema>;

/** The mirror as it stood when a snapshot was taken, in byte order of the keys. */
export type ObjectInventory = readonly ObjectEntry[];

export function takeObjectInventory(
  objects: readonly ObjectInfo[],
  from: { readonly prefix: string; readonly sourceEtags: ReadonlyMap<string, string> },
): ObjectInventory {
  return objects
    .map((object) => {
      const key = object.key.slice(from.prefix.length);
      const sourceEtag = from.sourceEtags.get(key);
      return {
        key,
        sizeBytes: object.sizeBytes,
        ...(object.etag === undefined ? {} : { etag: object.etag }),
        ...(sourceEtag === undefined ? {} : { sourceEtag }),
      };
    })
    .sort((a, b) => Buffer.compare(Buffer.from(a.key), Buffer.from(b.key)));
}

export function summariseObjects(inventory: ObjectInventory) {
  const hash = createHash('sha256');
  for (const { key, sizeBytes, etag } of inventory) {
    hash.update(`${JSON.stringify([key, sizeBytes, etag ?? null])}\n`);
  }
  return {
    count: inventory.length,
    sizeBytes: inventory.reduce((sum, object) => sum + object.sizeBytes, 0),
    sha256: hash.digest('hex'),
  };
}

export function writeObjectInventory(inventory: ObjectInventory): string {
  return inventory.map((entry) => `${JSON.stringify(entry)}\n`).join('');
}

/** undefined when a line is no entry. */
export function readObjectInventory(text: string): ObjectInventory | undefined {
  const entries: ObjectEntry[] = [];
  for (const line of text.split('\n')) {
    if (line === '') continue;
    const parsed = entrySchema.safeParse(parseJson(line));
    if (!parsed.success) return undefined;
    entries.push(parsed.data);
  }
  return entries;
}

type ObjectDifferences = {
  readonly missing: readonly string[];
  /** Another size, or another content where the tag tells. */
  readonly changed: readonly string[];
  readonly extra: readonly string[];
};

/** Object by object, both directions. Both sides are listings of the same store, so their tags can be compared. */
export function compareObjectInventories(
  expected: ObjectInventory,
  found: ObjectInventory,
): ObjectDifferences {
  const there = new Map(found.map((object) => [object.key, object]));
  const known = new Set(expected.map((object) => object.key));
  return {
    missing: expected.filter(({ key }) => !there.has(key)).map(({ key }) => key),
    changed: expected
      .filter((object) => {
        const now = there.get(object.key);
        return now !== undefined && (now.sizeBytes !== object.sizeBytes || now.etag !== object.etag);
      })
      .map(({ key }) => key),
    extra: found.filter(({ key }) => !known.has(key)).map(({ key }) => key),
  };
}
