import { isCold } from '../base/cold-storage.ts';
import { formatTime } from '../base/units.ts';
import type { ObjectInfo } from '../ports/object-store.ts';
import type { Layer } from '../ports/unpacker.ts';
import { artifactKey, artifactOf, isArtifactKey } from './artifact-keys.ts';
import type { Layout } from './layout.ts';
import { manifestKey } from './manifest.ts';
import { isEncrypted, ownEndings, unwrappedKey } from './wrapping.ts';

/** One dump in the backup store, as far as its listing tells. */
export type Snapshot = {
  /** Short and typable: 2026-04-28/14, with the host before it when the store holds several. */
  readonly id: string;
  readonly key: string;
  readonly host?: string | undefined;
  /** What kind of dump its name says it is: daily, weekly, monthly. */
  readonly tier?: string | undefined;
  /** The recovery point: see `recoveryPoint`. */
  readonly takenAtMs: number;
  /** When the store took the last byte, by its own clock: nobody who writes there can make it earlier or later than it was. */
  readonly uploadedAtMs: number;
  readonly sizeBytes: number;
  readonly etag?: string | undefined;
  readonly layers: readonly Layer[];
  readonly manifestKey?: string | undefined;
  /** Of the manifest. */
  readonly signatureKey?: string | undefined;
  /** Why it cannot be chosen; left out when nothing speaks against it. */
  readonly incomplete?: string | undefined;
  /** Why it cannot be read at once, though nothing is wrong with it: it has to be brought back from cold storage first. */
  readonly cold?: string | undefined;
  /** Why nobody should trust it unasked: then it is never the latest, counts for no objective, and pushes out no other. */
  readonly doubt?: Doubt | undefined;
};

export type Doubt =
  /** Its name says a time that is still to come, in milliseconds since 1970, UTC. */
  | { readonly kind: 'dated-ahead'; readonly saysMs: number }
  /** Backups are encrypted here, and it is not: whoever can write to the store can have made it. */
  | { readonly kind: 'not-encrypted' }
  /** Signers are pinned, and none of them made it; `why` completes "nobody proves who made it: …". */
  | { readonly kind: 'no-author'; readonly why: string };

/** Two clocks that are kept differ by less. */
export const clockSkewMs = 15 * 60_000;
/** A name that tells no zone may be in local time, which is ahead of UTC by this much at most. */
export const farthestZoneMs = 14 * 3_600_000;

/** Smaller than this no pg_dump archive can be, whatever its wrapping. */
const smallestDumpBytes = 64;

/**
 * From a listing to snapshots, newest first. `host` keeps only that host's dumps; `nowMs` is this host's clock;
 * with `encrypted` every dump is said to be encrypted.
 */
export function listSnapshots(request: {
  readonly layout: Layout;
  readonly objects: readonly ObjectInfo[];
  readonly host?: string | undefined;
  readonly nowMs: number;
  readonly encrypted?: boolean | undefined;
}): readonly Snapshot[] {
  const keys = new Set(request.objects.map((object) => object.key));
  const found = [...request.objects, ...neverEnded(request, keys)].flatMap((object) => {
    const snapshot = toSnapshot(object, { ...request, keys });
    return snapshot === undefined || (request.host && snapshot.host !== request.host) ? [] : [snapshot];
  });
  return withShortIds(found, request.layout.prefix).sort(
    (a, b) => b.takenAtMs - a.takenAtMs || (a.key < b.key ? 1 : -1),
  );
}

function toSnapshot(
  object: ObjectInfo,
  among: {
    readonly layout: Layout;
    readonly keys: ReadonlySet<string>;
    readonly nowMs: number;
    readonly encrypted?: boolean | undefined;
  },
): Snapshot | undefined {
  // A layout that ends in {name} fits manifests too.
  if (isArtifactKey(object.key)) return undefined;
  const match = among.layout.match(object.key);
  if (match === undefined) return undefined;
  // Where no name tells a time there is the store's.
  const { namedTimeMs = object.modifiedAtMs } = match;
  const manifest = manifestKey(object.key);
  const signature = artifactKey(object.key, 'signature');
  const incomplete = whyIncomplete(object, among.keys);
  return {
    id: object.key,
    key: object.key,
    host: match.host,
    tier: match.tier,
    takenAtMs: recoveryPoint(namedTimeMs, {
      spanMs: match.namedSpanMs,
      uploadedAtMs: object.modifiedAtMs,
    }),
    uploadedAtMs: object.modifiedAtMs,
    sizeBytes: object.sizeBytes,
    etag: object.etag,
    layers: match.layers,
    manifestKey: among.keys.has(manifest) ? manifest : undefined,
    signatureKey: among.keys.has(signature) ? signature : undefined,
    incomplete,
    cold: isCold(object) ? sayCold(object) : undefined,
    // What never ended is named after the dump that would have been there, whose endings nobody knows.
    doubt:
      incomplete === undefined ? doubtOf({ saysMs: namedTimeMs, layers: match.layers }, among) : undefined,
  };
}

function doubtOf(
  { saysMs, layers }: { readonly saysMs: number; readonly layers: readonly Layer[] },
  { nowMs, encrypted }: { readonly nowMs: number; readonly encrypted?: boolean | undefined },
): Doubt | undefined {
  if (saysMs > nowMs + farthestZoneMs + clockSkewMs) return { kind: 'dated-ahead', saysMs };
  return encrypted && !isEncrypted(layers) ? { kind: 'not-encrypted' } : undefined;
}

/** Completes "2026-04-28/14: …". */
export function sayDoubt(doubt: Doubt): string {
  switch (doubt.kind) {
    case 'dated-ahead':
      return `its name says ${formatTime(doubt.saysMs)}, which is still to come`;
    case 'not-encrypted':
      return 'it is not encrypted, and backups are encrypted here';
    case 'no-author':
      return `nobody proves who made it: ${doubt.why}`;
  }
}

/**
 * A backup that was killed before its dump was whole leaves its first mark and nothing else; it is shown as the snapshot that
 * would have been there.
 */
function neverEnded(
  { layout, objects }: { readonly layout: Layout; readonly objects: readonly ObjectInfo[] },
  keys: ReadonlySet<string>,
): readonly ObjectInfo[] {
  return objects.flatMap(({ key: mark, modifiedAtMs }) => {
    const key = artifactOf(mark)?.artifact === 'started' ? missingDump(mark, { layout, keys }) : undefined;
    return key === undefined ? [] : [{ key, sizeBytes: 0, modifiedAtMs }];
  });
}

/** The dump that a artifact speaks of, under a name that fits the layout; undefined when the dump is there. */
export function missingDump(
  artifactKey: string,
  among: { readonly layout: Layout; readonly keys: ReadonlySet<string> },
): string | undefined {
  const base = artifactOf(artifactKey)?.base;
  if (base === undefined || ownEndings.some((ending) => among.keys.has(`${base}${ending}`))) return undefined;
  const ending = ownEndings.find((one) => among.layout.match(`${base}${one}`) !== undefined);
  return ending === undefined ? undefined : `${base}${ending}`;
}

function whyIncomplete(object: ObjectInfo, keys: ReadonlySet<string>): string | undefined {
  const began = keys.has(artifactKey(object.key, 'started'));
  if (began && !keys.has(manifestKey(object.key))) {
    return keys.has(object.key)
      ? 'its backup began and never ended: there is no manifest'
      : 'its backup began and never ended: there is no dump';
  }
  if (object.sizeBytes < smallestDumpBytes) return `${object.sizeBytes} bytes cannot hold a dump`;
  return undefined;
}

export function sayCold({ storageClass, thaw }: Pick<ObjectInfo, 'storageClass' | 'thaw'>): string {
  const where = `cold storage (${storageClass})`;
  return thaw === 'under-way' ? `on its way out of ${where}` : `in ${where}`;
}

/** The host is left out where there is only one; an id that would mean two snapshots stays the whole key. */
function withShortIds(found: readonly Snapshot[], prefix: string): Snapshot[] {
  const oneHost = new Set(found.map(({ host }) => host)).size <= 1;
  const short = found.map(({ key, host }) => {
    const id = shortId(key, prefix);
    return oneHost && host !== undefined && id.startsWith(`${host}/`) ? id.slice(host.length + 1) : id;
  });
  const timesUsed = new Map<string, number>();
  for (const id of short) timesUsed.set(id, (timesUsed.get(id) ?? 0) + 1);
  return found.map((snapshot, index) => {
    const id = short[index] ?? snapshot.key;
    return timesUsed.get(id) === 1 ? { ...snapshot, id } : snapshot;
  });
}

function shortId(key: string, prefix: string): string {
  return unwrappedKey(key)
    .slice(prefix.length)
    .replace(/\.(dump|sql|tar)$/, '');
}

/**
 * The moment the data is from, as far as a listing tells. A name like 14.dump.gz says only the hour. The upload ended a little
 * after the dump began, so an upload time inside the named hour is closer, and too late by no more than the dump took; an
 * upload time outside it means the file was copied later, and then the start of the hour rules, which can only overstate the
 * loss. A name that says later than the upload is of a clock that is ahead, in local time, or untrue: the store's time bounds it. A
 * manifest knows the moment itself.
 */
export function recoveryPoint(
  namedTimeMs: number,
  known: { readonly spanMs: number; readonly uploadedAtMs: number },
): number {
  const { spanMs, uploadedAtMs } = known;
  return uploadedAtMs < namedTimeMs + spanMs ? uploadedAtMs : namedTimeMs;
}

/** The newest snapshot that may be taken unasked. */
export function newestComplete(snapshots: readonly Snapshot[]): Snapshot | undefined {
  return snapshots.find(isSound);
}

/** Complete, beyond doubt and within reach: what counts as a backup wherever nobody looks at it. */
export function isSound({ incomplete, doubt, cold }: Snapshot): boolean {
  return incomplete === undefined && doubt === undefined && cold === undefined;
}
