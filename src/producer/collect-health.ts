import { comparePlaces, type PlaceDifferences } from '../backups/compare-places.ts';
import type { HealthFacts } from '../backups/health.ts';
import { judgeTimes, recoveryMoment } from '../backups/moments.ts';
import { compareObjectInventories, takeObjectInventory } from '../backups/object-inventory.ts';
import { periodOf } from '../backups/retention.ts';
import { isSound, newestComplete, type Snapshot, sayDoubt } from '../backups/snapshot.ts';
import { findWalGap, readWalName } from '../backups/wal-archive.ts';
import { type Failure, type Outcome, succeed } from '../base/failure.ts';
import type { Targets } from '../kinds/targets.ts';
import { readSigned } from '../operations/authors.ts';
import { findSnapshots } from '../operations/find-snapshots.ts';
import { backupStore, listAll } from '../operations/open-targets.ts';
import type { ObjectInfo, ObjectStoreConfig } from '../ports/object-store.ts';
import type { World } from '../ports/world.ts';
import { readInventoryOf } from './mirror-to-backup.ts';

type HealthRequest = {
  readonly world: World;
  readonly targets: Targets;
  /** Percent used of the file system that holds a path. */
  readonly diskUsage: (path: string) => Promise<Outcome<number>>;
  readonly diskPaths: readonly string[];
  readonly lookAtWal: boolean;
  /** The archive in the backup store, where there is one. */
  readonly walArchive: { readonly prefix: string; readonly segmentBytes: number } | undefined;
  readonly archives: readonly {
    readonly id: string;
    readonly title: string;
    readonly here: ObjectStoreConfig;
    readonly there: ObjectStoreConfig;
    readonly settledMs: number;
  }[];
  readonly signal: AbortSignal;
};

const weekMs = 7 * 86_400_000;
const comparedSizes = 10;

/** Looks at everything it can. What it cannot see is a finding of its own: a blind monitor must not look healthy. */
export async function collectHealth(request: HealthRequest): Promise<HealthFacts> {
  const { world, targets } = request;
  const unseen: { what: string; text: string; remedy: string }[] = [];
  const see = <T>(what: string, outcome: Outcome<T>): T | undefined => {
    if (outcome.ok) return outcome.value;
    unseen.push({ what, ...wordsOf(outcome.failure) });
    return undefined;
  };
  const nowMs = world.host.now();
  const found = await findSnapshots({ world, targets });
  // An empty store is no failure of looking: there is no backup, and that is the finding.
  const snapshots = found.ok || found.failure.code !== 'not-found' ? (see('snapshots', found) ?? []) : [];
  const newest = newestComplete(snapshots);
  const complete = snapshots.filter(isSound);
  const signed =
    newest === undefined ? undefined : see('manifest', await readSigned({ world, targets }, newest));
  const manifest = signed?.manifest;
  const recent = snapshots.filter(({ takenAtMs }) => nowMs - takenAtMs < weekMs);
  const disks = [];
  for (const path of request.diskPaths) {
    const usedPercent = see(`disk ${path}`, await request.diskUsage(path));
    if (usedPercent !== undefined) disks.push({ path, usedPercent });
  }
  const archives = [];
  for (const archive of request.archives) {
    const seen = see(`archive ${archive.id}`, await lookAtArchive(request, archive));
    if (seen !== undefined) archives.push({ id: archive.id, title: archive.title, ...seen });
  }
  return {
    nowMs,
    archives,
    newest:
      newest === undefined
        ? undefined
        : {
            id: newest.id,
            sizeBytes: newest.sizeBytes,
            takenAtMs: recoveryMoment({ snapshot: newest, manifest }),
          },
    earlierSizesBytes: complete.slice(1, 1 + comparedSizes).map(({ sizeBytes }) => sizeBytes),
    begun: recent.length,
    completed: recent.filter(isSound).length,
    incomplete: recent.filter(({ incomplete }) => incomplete !== undefined).map(({ id }) => id),
    ...(signed === undefined || signed.author.kind === 'unproven' ? {} : { link: signed.author.link }),
    doubts: [
      ...snapshots.flatMap(({ id, doubt }) => (doubt === undefined ? [] : [`${id}: ${sayDoubt(doubt)}`])),
      ...(newest === undefined ? [] : judgeTimes({ snapshot: newest, manifest }).map(({ text }) => text)),
    ],
    disks,
    mirror: newest === undefined ? undefined : see('mirror', await lookAtMirror(request, newest)),
    walGapMs: request.lookAtWal ? see('wal', await lookAtWal(request)) : undefined,
    walArchive: see('wal archive', await lookAtWalArchive(request)),
    snapshots: countPeriods(complete),
    unseen,
  };
}

function wordsOf({ message, remedy }: Failure) {
  return { text: message, remedy };
}

function countPeriods(complete: readonly Snapshot[]): HealthFacts['snapshots'] {
  const count = (period: Parameters<typeof periodOf>[1]) =>
    new Set(complete.map(({ takenAtMs }) => periodOf(takenAtMs, period))).size;
  return {
    hourly: count('hourly'),
    daily: count('daily'),
    weekly: count('weekly'),
    monthly: count('monthly'),
    yearly: count('yearly'),
  };
}

/** Uploads since the newest backup are no drift: the next one takes them. */
async function lookAtMirror(
  { world, targets, signal }: HealthRequest,
  newest: Snapshot,
): Promise<Outcome<HealthFacts['mirror']>> {
  const prefix = targets.backups.objectsPrefix;
  if (targets.production.objects === undefined || prefix === undefined) return succeed(undefined);
  const store = backupStore({ world, targets });
  const [live, mirror] = await Promise.all([
    listAll(world.openStore(targets.production.objects), '', signal),
    listAll(store, prefix, signal),
  ]);
  if (!live.ok) return live;
  if (!mirror.ok) return mirror;
  const settled = live.value.filter(({ modifiedAtMs }) => modifiedAtMs < newest.takenAtMs);
  const listed = await readInventoryOf(store, newest);
  const copied = new Map(listed.map(({ key, sourceEtag }) => [key, sourceEtag]));
  const there = new Map(mirror.value.map((object) => [object.key.slice(prefix.length), object]));
  const missing = settled.filter(({ key }) => !there.has(key)).map(({ key }) => key);
  const changed = settled.filter((object) => isChanged(object, { there, copied })).map(({ key }) => key);
  // What the mirror held when the backup ended must still be there, whatever became of the live bucket.
  const now = takeObjectInventory(mirror.value, { prefix, sourceEtags: new Map() });
  const lost = compareObjectInventories(listed, now);
  return succeed({
    count: mirror.value.length,
    missing: [...new Set([...missing, ...lost.missing])],
    changed: [...new Set([...changed, ...lost.changed])],
  });
}

async function lookAtArchive(
  { world, signal }: HealthRequest,
  archive: HealthRequest['archives'][number],
): Promise<Outcome<PlaceDifferences>> {
  const [here, there] = await Promise.all([
    listAll(world.openStore(archive.here), '', signal),
    listAll(world.openStore(archive.there), '', signal),
  ]);
  if (!here.ok) return here;
  if (!there.ok) return there;
  const settledBeforeMs = world.host.now() - archive.settledMs;
  return succeed(comparePlaces({ here: here.value, there: there.value, settledBeforeMs }));
}

function isChanged(
  live: ObjectInfo,
  known: {
    readonly there: ReadonlyMap<string, ObjectInfo>;
    readonly copied: ReadonlyMap<string, string | undefined>;
  },
): boolean {
  const copy = known.there.get(live.key);
  if (copy === undefined) return false;
  if (copy.sizeBytes !== live.sizeBytes) return true;
  const from = known.copied.get(live.key);
  return from !== undefined && live.etag !== undefined && from !== live.etag;
}

async function lookAtWal({ world, targets }: HealthRequest): Promise<Outcome<number>> {
  const { databaseUrl, databaseRoute } = targets.production;
  const server = world.openDatabaseServer(databaseUrl, databaseRoute);
  const rows = await server.query({
    database: server.databaseName,
    sql: `SELECT (extract(epoch FROM now() - coalesce(last_archived_time, stats_reset)) * 1000)::bigint AS gap FROM pg_stat_archiver`,
  });
  if (!rows.ok) return rows;
  return succeed(Number(rows.value[0]?.gap ?? 0));
}

/** From the newest base backup on no segment may be missing; without a note of one, from the oldest segment on. */
async function lookAtWalArchive(request: HealthRequest): Promise<Outcome<HealthFacts['walArchive']>> {
  const { walArchive } = request;
  if (walArchive === undefined) return succeed(undefined);
  const listed = await listAll(backupStore(request), walArchive.prefix, request.signal);
  if (!listed.ok) return listed;
  const files = listed.value.flatMap((object) => {
    const file = readWalName(object.key);
    return file === undefined ? [] : [{ file, modifiedAtMs: object.modifiedAtMs }];
  });
  const segments = files.flatMap(({ file }) => (file.kind === 'segment' ? [file] : []));
  const notes = files.flatMap(({ file }) => (file.kind === 'backup-note' ? [file.segment] : []));
  const names = segments.map(({ name }) => name);
  const from = notes.sort().at(-1) ?? names.sort()[0];
  const gap =
    from === undefined ? undefined : findWalGap({ segments, from, segmentBytes: walArchive.segmentBytes });
  const times = files.flatMap(({ file, modifiedAtMs }) => (file.kind === 'segment' ? [modifiedAtMs] : []));
  return succeed({
    newestAtMs: times.length === 0 ? undefined : times.reduce((a, b) => Math.max(a, b)),
    missing: gap?.missing,
    after: gap?.after,
  });
}
