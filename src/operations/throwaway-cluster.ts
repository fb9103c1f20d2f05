import { type Failure, fail, type Outcome, succeed } from '../base/failure.ts';
import { formatBytes } from '../base/units.ts';
import { type Check, couldNotVerify, failed, passed } from '../base/verdict.ts';
import { readFact } from '../kinds/fact.ts';
import { snapshotFact } from '../kinds/facts.ts';
import type { CheckContext, StepContext } from '../kinds/kind.ts';
import type { ClusterPlace } from '../ports/cluster-tools.ts';
import type { ArchiveContents } from '../ports/dump-tools.ts';
import { findSnapshots, pickSnapshot, readManifest } from './find-snapshots.ts';
import { peekDump } from './open-snapshot.ts';
import { blocker, productionServer, unanswered } from './open-targets.ts';

/**
 * Where a drill names no server, its database stands in a PostgreSQL of its own on this host, which only this run reaches. That it is
 * not production needs no proof, so nothing of it asks production for anything.
 */

/** The way on where this host cannot serve one. */
const elsewhere =
  'or name another server, one that is not production, as drill.database in the runbook (in those that come along: DRILL_DATABASE_URL)';

/** The restored database, and the log that the server keeps while it is filled. */
const spaceFactor = 1.2;

type Reach = Pick<CheckContext<'clusters'>, 'world' | 'targets'>;

export async function checkThrowaway(
  place: ClusterPlace,
  context: CheckContext<'host' | 'stores' | 'databases' | 'keys' | 'clusters'>,
): Promise<readonly Check[]> {
  const { clusters } = context.world;
  const version = await clusters.newestVersion();
  if (!version.ok) return [blocker(withOtherWay(version.failure))];
  const dump = await aboutDump(context);
  const tooOld = await tooOldFor(dump.serverVersion, context);
  if (tooOld !== undefined) return [blocker(tooOld)];
  const found = await clusters.look(place);
  if (!found.ok) return [blocker(withOtherWay(found.failure))];
  if (found.value.kind === 'taken') {
    const remedy = 'Move it aside, or name another folder with --work-dir.';
    return [failed(`A throwaway cluster needs a folder of its own: ${found.value.what}.`, remedy)];
  }
  return [
    passed(`the drill makes a PostgreSQL ${version.value.text} of its own on this host, in ${place.folder}`),
    await checkSpace(context, { place, sizeBytes: dump.sizeBytes }),
  ];
}

/** What the snapshot that would be taken says of itself. What is wrong with the store is told by the step that chooses. */
async function aboutDump(
  context: CheckContext<'host' | 'stores' | 'keys'>,
): Promise<{ readonly serverVersion?: string | undefined; readonly sizeBytes?: number | undefined }> {
  const found = await findSnapshots(context);
  if (!found.ok) return {};
  const wanted = readFact(snapshotFact, context)?.id ?? context.wantedSnapshot ?? 'latest';
  const picked = pickSnapshot(found.value, wanted);
  if (!picked.ok) return {};
  const manifest = await readManifest(context, picked.value);
  const { database, versions } = (manifest.ok ? manifest.value : undefined) ?? {};
  const sizeBytes = database?.sizeBytes;
  if (versions !== undefined) return { serverVersion: versions.server, sizeBytes };
  const head = await peekDump(context, picked.value);
  if (!head.ok) return { sizeBytes };
  const { value } = head;
  const serverVersion = value.format === 'plain' ? value.serverVersion : value.header?.serverVersion;
  return { serverVersion, sizeBytes };
}

/** The dump is whole and says which server it is of: that of the preflight may have been another one. */
export async function refuseNewer(
  { dumpedFromVersion }: Pick<ArchiveContents, 'dumpedFromVersion'>,
  context: Reach,
): Promise<Outcome<void>> {
  if (context.targets.target.throwaway === undefined) return succeed(undefined);
  const tooOld = await tooOldFor(dumpedFromVersion, context);
  return tooOld === undefined ? succeed(undefined) : fail(tooOld);
}

/** An older server knows neither all types nor all words of a newer one's dump. */
async function tooOldFor(dumpVersion: string | undefined, { world }: Reach): Promise<Failure | undefined> {
  const version = await world.clusters.newestVersion();
  if (!version.ok) return withOtherWay(version.failure);
  const wanted = Number.parseInt(dumpVersion ?? '', 10);
  if (!(wanted > version.value.major)) return undefined;
  return {
    code: 'tool-too-old',
    message: `PostgreSQL ${version.value.text} is the newest server on this host, and the dump is of PostgreSQL ${wanted}.`,
    remedy: `Install postgresql-${wanted} or newer on this host, ${elsewhere}.`,
    retry: 'after-fix',
    lacks: { program: 'postgres', major: wanted },
  };
}

function withOtherWay(failure: Failure): Failure {
  return { ...failure, remedy: `${failure.remedy.replace(/\.$/, '')}; ${elsewhere}.` };
}

async function checkSpace(
  context: CheckContext<'host' | 'databases'>,
  { place, sizeBytes }: { readonly place: ClusterPlace; readonly sizeBytes: number | undefined },
): Promise<Check> {
  const free = await context.world.host.freeBytes(place.folder);
  if (!free.ok) return unanswered(free.failure);
  const known = sizeBytes ?? (await liveSize(context));
  if (known === undefined) {
    return couldNotVerify(
      `how large the restored database will be is not known; ${formatBytes(free.value)} are free in ${place.folder}`,
      'Look at the free space, or take backups with `thaw backup`, which writes the size down.',
    );
  }
  const needed = `about ${formatBytes(known * spaceFactor)} needed`;
  if (free.value >= known * spaceFactor)
    return passed(`${formatBytes(free.value)} free for the throwaway cluster, ${needed}`);
  return failed(
    `Not enough space for a throwaway cluster in ${place.folder}: ${formatBytes(free.value)} free, ${needed}.`,
    'Free some space, or name a folder on a larger disk with --work-dir, one that the user postgres may enter.',
  );
}

async function liveSize(context: CheckContext<'databases'>): Promise<number | undefined> {
  const live = productionServer(context);
  const described = await live.describeDatabase(live.databaseName);
  return described.ok ? described.value?.sizeBytes : undefined;
}

/** Its server is up when this succeeds. Does nothing where the drill names a server, and in a live run. */
export async function raiseThrowaway(
  context: Pick<StepContext<'clusters'>, 'world' | 'targets' | 'recordCommand'>,
): Promise<Outcome<void>> {
  const { throwaway } = context.targets.target;
  if (throwaway === undefined) return succeed(undefined);
  const { clusters } = context.world;
  for (const command of clusters.describeRaise(throwaway)) await context.recordCommand(command);
  return clusters.raise(throwaway);
}

export async function removeThrowaway(
  place: ClusterPlace,
  context: Pick<StepContext<'clusters'>, 'world' | 'guard'>,
): Promise<readonly Check[]> {
  const { clusters } = context.world;
  const found = await clusters.look(place);
  if (found.ok && found.value.kind !== 'own') return [];
  const permit = await context.guard.removeCluster(clusters, place);
  const removed = permit.ok ? await clusters.remove(permit.value) : permit;
  if (removed.ok) return [passed(`throwaway cluster ${place.folder} stopped and removed`)];
  const { message, remedy } = removed.failure;
  return [failed(`throwaway cluster ${place.folder} is still there: ${message}`, remedy)];
}
