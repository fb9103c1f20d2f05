import type { ObjectInfo } from '../ports/object-store.ts';
import type { Layer } from '../ports/unpacker.ts';
import type { Layout } from './layout.ts';
import { manifestKey } from './manifest.ts';

/** One dump in the backup store, as far as its listing tells. */
export type Snapshot = {
  /** Short and typable: 2026-04-28/14, with the host before it when the store holds several. */
  readonly id: string;
  readonly key: string;
  readonly host?: string | undefined;
  /** The recovery point: see `recoveryPoint`. */
  readonly takenAtMs: number;
  readonly sizeBytes: number;
  readonly etag?: string | undefined;
  readonly layers: readonly Layer[];
  readonly manifestKey?: string | undefined;
  /** Why it cannot be chosen; left out when nothing speaks against it. */
  readonly incomplete?: string | undefined;
};

/** Smaller than this no pg_dump archive can be, whatever its wrapping. */
const smallestDumpBytes = 64;

/** From a listing to snapshots, newest first. `host` keeps only that host's dumps. */
export function listSnapshots(request: {
  readonly layout: Layout;
  readonly objects: readonly ObjectInfo[];
  readonly host?: string | undefined;
}): readonly Snapshot[] {
  const keys = new Set(request.objects.map((object) => object.key));
  const hosts = new Set<string>();
  const found: Snapshot[] = [];
  for (const object of request.objects) {
    const match = request.layout.match(object.key);
    if (match === undefined || match.namedTimeMs === undefined) continue;
    if (request.host && match.host !== request.host) continue;
    if (match.host !== undefined) hosts.add(match.host);
    const manifest = manifestKey(object.key);
    found.push({
      id: shortId(object.key, request.layout.prefix),
      key: object.key,
      host: match.host,
      takenAtMs: recoveryPoint(match.namedTimeMs, match.namedSpanMs, object.modifiedAtMs),
      sizeBytes: object.sizeBytes,
      etag: object.etag,
      layers: match.layers,
      manifestKey: keys.has(manifest) ? manifest : undefined,
      incomplete:
        object.sizeBytes < smallestDumpBytes
          ? `${object.sizeBytes} bytes cannot hold a dump`
          : archived(object),
    });
  }
  const oneHost = hosts.size <= 1;
  return found
    .map((snapshot) => ({
      ...snapshot,
      id: oneHost ? snapshot.id.replace(`${snapshot.host}/`, '') : snapshot.id,
    }))
    .sort((a, b) => b.takenAtMs - a.takenAtMs || (a.key < b.key ? 1 : -1));
}

function archived(object: ObjectInfo): string | undefined {
  const frozen = /GLACIER|DEEP_ARCHIVE/.exec(object.storageClass ?? '');
  return frozen === null ? undefined : `in cold storage (${object.storageClass}); restore it there first`;
}

function shortId(key: string, prefix: string): string {
  return key
    .slice(prefix.length)
    .replace(/(\.(gz|gpg|pgp))+$/, '')
    .replace(/\.(dump|sql|tar)$/, '');
}

/**
 * The moment the data is from. A name like 14.dump.gz says only the hour. The upload ended a little after the dump began, so
 * an upload time inside the named hour is closer, and still never too early by more than
 * the dump took; an upload time outside it means the file was copied later, and then the start of the hour rules, which
 * can only overstate the loss.
 */
export function recoveryPoint(namedTimeMs: number, namedSpanMs: number, uploadedAtMs: number): number {
  if (uploadedAtMs < namedTimeMs) return namedTimeMs;
  return uploadedAtMs < namedTimeMs + namedSpanMs ? uploadedAtMs : namedTimeMs;
}

/** The newest snapshot that may be chosen. */
export function newestComplete(snapshots: readonly Snapshot[]): Snapshot | undefined {
  return snapshots.find((snapshot) => snapshot.incomplete === undefined);
}
