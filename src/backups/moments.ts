import { formatSpan, formatTime } from '../base/units.ts';
import { type Check, couldNotVerify } from '../base/verdict.ts';
import type { Manifest } from './manifest.ts';
import { clockSkewMs, farthestZoneMs, type Snapshot, sayDoubt } from './snapshot.ts';

type Times = {
  readonly snapshot: Pick<Snapshot, 'id' | 'takenAtMs' | 'uploadedAtMs' | 'doubt'>;
  readonly manifest: Pick<Manifest, 'takenAt'> | undefined;
  /** As pg_dump wrote it into its archive, in local time without a zone: 2026-04-28 14:07:31. */
  readonly createdAtLocal?: string | undefined;
};

const dayMs = 86_400_000;

/**
 * The moment that a dump shows, in milliseconds since 1970, UTC. Name and manifest are written by whoever can write to the store; the
 * store's own time of the upload is not, and the time inside an encrypted archive cannot be changed without its key. So neither
 * of the first two counts for later than these allow: what may be older is never shown as newer.
 */
export function recoveryMoment({ snapshot, manifest, createdAtLocal }: Times): number {
  const said = manifest === undefined ? snapshot.takenAtMs : Date.parse(manifest.takenAt);
  const created = readLocal(createdAtLocal);
  return Math.min(said, snapshot.uploadedAtMs, created === undefined ? Infinity : created + farthestZoneMs);
}

/** Where name, manifest, store and archive contradict each other. None of it proves anything; all of it has to be looked at. */
export function judgeTimes({ snapshot, manifest, createdAtLocal }: Times): readonly Check[] {
  const { id, uploadedAtMs, doubt: other } = snapshot;
  const checks: Check[] = [];
  const doubt = (text: string) =>
    checks.push(couldNotVerify(text, 'Find out who made this backup and when, or choose another snapshot.'));
  // Who made it is judged by itself, with what was done about it.
  if (other !== undefined && other.kind !== 'no-author') doubt(`${id}: ${sayDoubt(other)}`);
  const said = manifest === undefined ? undefined : Date.parse(manifest.takenAt);
  if (said !== undefined && said > uploadedAtMs + clockSkewMs)
    doubt(
      `the manifest of ${id} says ${formatTime(said)}, and the store took the dump before that, ${formatTime(uploadedAtMs)}`,
    );
  const created = readLocal(createdAtLocal);
  // A name may tell no more than the day.
  const tolerableMs = farthestZoneMs + clockSkewMs + (said === undefined ? dayMs : 0);
  const apartMs = (said ?? snapshot.takenAtMs) - (created ?? 0);
  // An archive that is newer than its name says deceives nobody about what is lost.
  if (created !== undefined && apartMs > tolerableMs)
    doubt(
      `pg_dump made the archive in ${id} at ${createdAtLocal} of its local time, ${formatSpan(apartMs)} before the time that ${said === undefined ? 'its name' : 'its manifest'} says`,
    );
  return checks;
}

function readLocal(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const timeMs = Date.parse(`${text.replace(' ', 'T')}Z`);
  return Number.isNaN(timeMs) ? undefined : timeMs;
}
