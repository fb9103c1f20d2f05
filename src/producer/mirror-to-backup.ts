import { gunzipSync } from 'node:zlib';
import { companionKey } from '../backups/companion-keys.ts';
import {
  type ObjectInventory,
  readObjectInventory,
  takeObjectInventory,
} from '../backups/object-inventory.ts';
import type { Snapshot } from '../backups/snapshot.ts';
import { type Outcome, succeed } from '../base/failure.ts';
import { formatBytes, formatCount } from '../base/units.ts';
import type { ObjectInfo, ObjectStore } from '../ports/object-store.ts';
import { sameContent } from '../steps/compare-objects.ts';
import { copyObjects } from '../steps/copy-objects.ts';
import { listAll, readBytes } from '../steps/open-targets.ts';

/**
 * Copies what the mirror lacks, and never deletes there: an accident in the live bucket must not reach the backup. Begins
 * after the snapshot of the database, so that whatever a row of it names has been there to copy.
 */
export async function mirrorToBackup(request: {
  readonly live: ObjectStore;
  readonly backup: ObjectStore;
  readonly prefix: string;
  readonly workers: number;
  /** What the newest snapshot before this one wrote down; empty where there is none. */
  readonly before: ObjectInventory;
  readonly onLine: (line: string) => void;
  readonly signal: AbortSignal;
}): Promise<Outcome<ObjectInventory>> {
  const { live, backup, prefix, workers, before, onLine, signal } = request;
  const [source, there] = await Promise.all([listAll(live, '', signal), listAll(backup, prefix, signal)]);
  if (!source.ok) return source;
  if (!there.ok) return there;
  const mirrored = new Map(there.value.map((object) => [object.key.slice(prefix.length), object]));
  const known = new Map(before.map((entry) => [entry.key, entry]));
  const isThere = (object: ObjectInfo) => {
    const copy = mirrored.get(object.key);
    if (sameContent(object, copy)) return true;
    // Tags of several parts differ from store to store; but neither side has changed since it was copied.
    const entry = known.get(object.key);
    return (
      entry?.sourceEtag !== undefined &&
      entry.sourceEtag === object.etag &&
      entry.sizeBytes === object.sizeBytes &&
      copy?.sizeBytes === object.sizeBytes &&
      copy.etag === entry.etag
    );
  };
  const missing = source.value.filter((object) => !isThere(object));
  const copied = await copyObjects({
    objects: missing,
    from: live,
    to: backup,
    toTargetKey: (key) => `${prefix}${key}`,
    workers,
    onCopied: () => {},
    signal,
  });
  if (!copied.ok) return copied;
  const copiedBytes = missing.reduce((sum, object) => sum + object.sizeBytes, 0);
  onLine(
    `mirrored ${formatCount(missing.length)} of ${formatCount(source.value.length)} objects, ${formatBytes(copiedBytes)}; the others were there`,
  );
  const after = missing.length === 0 ? there : await listAll(backup, prefix, signal);
  if (!after.ok) return after;
  const sourceEtags = new Map([
    ...before.flatMap(({ key, sourceEtag }) =>
      sourceEtag === undefined ? [] : [[key, sourceEtag] as const],
    ),
    ...source.value.flatMap(({ key, etag }) => (etag === undefined ? [] : [[key, etag] as const])),
  ]);
  return succeed(takeObjectInventory(after.value, { prefix, sourceEtags }));
}

/** The list of objects beside a snapshot; empty where there is none or it cannot be read: then more is copied than needed. */
export async function readInventoryOf(
  store: ObjectStore,
  snapshot: Snapshot | undefined,
): Promise<ObjectInventory> {
  if (snapshot?.manifestKey === undefined) return [];
  const bytes = await readBytes(store, companionKey(snapshot.key, 'objects'));
  if (!bytes.ok) return [];
  try {
    return readObjectInventory(gunzipSync(bytes.value).toString('utf8')) ?? [];
  } catch {
    // Not gzip: verify and the restore say so; here it only costs time.
    return [];
  }
}
