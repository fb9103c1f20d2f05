import { artifactKey } from '../backups/artifact-keys.ts';
import { type ObjectInventory, takeObjectInventory } from '../backups/object-inventory.ts';
import type { Snapshot } from '../backups/snapshot.ts';
import { fail, type Outcome, succeed } from '../base/failure.ts';
import { formatBytes, formatCount } from '../base/units.ts';
import type { Patience } from '../kinds/patience.ts';
import { copyObjects, type NotCopied, notCopied } from '../operations/copy-objects.ts';
import { listAll } from '../operations/open-targets.ts';
import { sameContent } from '../operations/prove-content.ts';
import { readInventory } from '../operations/prove-mirror.ts';
import type { ObjectInfo, ObjectStore } from '../ports/object-store.ts';

/** The live bucket is in use: what changes while it is copied is looked at again, so often. */
const rounds = 3;

type MirrorRequest = {
  readonly live: ObjectStore;
  readonly backup: ObjectStore;
  readonly prefix: string;
  readonly workers: number;
  /** What the newest snapshot before this one wrote down; empty where there is none. */
  readonly before: ObjectInventory;
  readonly onLine: (line: string) => void;
  readonly signal: AbortSignal;
  readonly patience: Patience;
};

/**
 * Copies what the mirror lacks, and never deletes there: an accident in the live bucket must not reach the backup. Begins
 * after the snapshot of the database, so that whatever a row of it names has been there to copy.
 */
export async function mirrorToBackup(request: MirrorRequest): Promise<Outcome<ObjectInventory>> {
  const { backup, prefix, before, onLine, signal } = request;
  const there = await listAll(backup, prefix, signal);
  if (!there.ok) return there;
  const mirror = createMirrorView({ mirrored: there.value, before, prefix });
  const copied = await copyInRounds(request, mirror);
  if (!copied.ok) return copied;
  const { objects, sizeBytes, total } = copied.value;
  onLine(
    `mirrored ${formatCount(objects)} of ${formatCount(total)} objects, ${formatBytes(sizeBytes)}; the others were there`,
  );
  const after = objects === 0 ? there : await listAll(backup, prefix, signal);
  if (!after.ok) return after;
  return succeed(takeObjectInventory(after.value, { prefix, sourceEtags: mirror.sourceEtags() }));
}

type MirrorView = {
  isThere(object: ObjectInfo): boolean;
  noteCopied(object: ObjectInfo): void;
  sourceEtags(): ReadonlyMap<string, string>;
};

/** What the mirror holds, and of which version of the source, as far as that is known. */
function createMirrorView(known: {
  readonly mirrored: readonly ObjectInfo[];
  readonly before: ObjectInventory;
  readonly prefix: string;
}): MirrorView {
  const mirrored = new Map(known.mirrored.map((object) => [object.key.slice(known.prefix.length), object]));
  const entries = new Map(known.before.map((entry) => [entry.key, entry]));
  const etags = new Map(
    known.before.flatMap(({ key, sourceEtag }) => (sourceEtag === undefined ? [] : [[key, sourceEtag]])),
  );
  const copiedNow = new Map<string, string | undefined>();
  const note = ({ key, etag }: ObjectInfo) => {
    if (etag === undefined) etags.delete(key);
    else etags.set(key, etag);
  };
  const isUnchanged = (object: ObjectInfo) => {
    if (copiedNow.has(object.key)) return copiedNow.get(object.key) === object.etag;
    const copy = mirrored.get(object.key);
    if (sameContent(object, copy)) return true;
    // Tags of several parts differ from store to store; but neither side has changed since it was copied.
    const entry = entries.get(object.key);
    return (
      entry?.sourceEtag !== undefined &&
      entry.sourceEtag === object.etag &&
      entry.sizeBytes === object.sizeBytes &&
      copy?.sizeBytes === object.sizeBytes &&
      copy.etag === entry.etag
    );
  };
  return {
    isThere: (object) => {
      const unchanged = isUnchanged(object);
      if (unchanged) note(object);
      return unchanged;
    },
    noteCopied: (object) => {
      copiedNow.set(object.key, object.etag);
      note(object);
    },
    sourceEtags: () => etags,
  };
}

type Copied = { readonly objects: number; readonly sizeBytes: number; readonly total: number };

async function copyInRounds(request: MirrorRequest, mirror: MirrorView): Promise<Outcome<Copied>> {
  const { live, backup, prefix, workers, signal, patience } = request;
  let [objects, sizeBytes, total] = [0, 0, 0];
  let failures: readonly NotCopied[] = [];
  for (let round = 1; round <= rounds; round += 1) {
    const source = await listAll(live, '', signal);
    if (!source.ok) return source;
    total = source.value.length;
    const missing = source.value.filter((object) => !mirror.isThere(object));
    // What changes faster than it is copied is taken in the last round as it comes.
    const wanted = round < rounds ? missing : missing.map(({ etag: _, ...object }) => object);
    let moved = 0;
    const copied = await copyObjects({
      objects: wanted,
      from: live,
      to: backup,
      toTargetKey: (key) => `${prefix}${key}`,
      access: 'note',
      workers,
      onCopied: (object) => {
        objects += 1;
        sizeBytes += object.sizeBytes;
        mirror.noteCopied(object);
      },
      tolerate: ({ code }) => {
        const isMoved =
          code === 'not-found' || (round < rounds && (code === 'conflict' || code === 'damaged'));
        if (isMoved) moved += 1;
        return isMoved;
      },
      signal,
      patience,
    });
    if (!copied.ok) return copied;
    failures = copied.value.failures;
    if (moved === 0) break;
  }
  // All the others are in the mirror by now, and the next backup need not copy them.
  if (failures.length > 0) return fail(notCopied(failures, total, request.onLine));
  return succeed({ objects, sizeBytes, total });
}

/** The list of objects beside a snapshot; empty where there is none or it cannot be read: then more is copied than needed. */
export async function readInventoryOf(
  store: ObjectStore,
  snapshot: Snapshot | undefined,
): Promise<ObjectInventory> {
  if (snapshot?.manifestKey === undefined) return [];
  const list = await readInventory(store, { key: artifactKey(snapshot.key, 'objects') });
  // What is wrong with it verify and the restore say; here it only costs time.
  return list.ok ? list.value : [];
}
