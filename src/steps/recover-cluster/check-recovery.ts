import { dumpHasNoPointInTime, readPointInTime } from '../../backups/point-in-time.ts';
import type { Snapshot } from '../../backups/snapshot.ts';
import { readWalHeader, walHeaderBytes } from '../../backups/wal-archive.ts';
import { layersOf } from '../../backups/wrapping.ts';
import { fail, type Outcome, succeed } from '../../base/failure.ts';
import { formatCount, formatTime } from '../../base/units.ts';
import { type Check, couldNotVerify, passed } from '../../base/verdict.ts';
import type { CheckContext, PreviewContext, StepContext, StepOf } from '../../kinds/kind.ts';
import {
  type BaseBackupConfig,
  isDump,
  listBaseBackups,
  listWal,
  pickBaseBackup,
  readLabelFromTar,
  segmentsOf,
  timelinesOf,
} from '../../operations/find-base-backup.ts';
import { backupStore, blocker, unanswered } from '../../operations/open-targets.ts';
import type { PgBackRestConfig } from '../../ports/cluster-tools.ts';
import type { recoverClusterKind } from './kind.ts';

type RecoverStep = StepOf<typeof recoverClusterKind>;
const tarHeadBytes = 4096;

/** undefined: to the end of the archive. A moment still to come is a slip. */
export function readTarget(
  step: Pick<RecoverStep, 'to'>,
  context: Pick<PreviewContext<'host'>, 'world'>,
): Outcome<number | undefined> {
  if (step.to === undefined || step.to.trim() === '') return succeed(undefined);
  const target = readPointInTime(step.to);
  if (!target.ok || target.value <= context.world.host.now()) return target;
  return fail({
    code: 'invalid-input',
    message: `${formatTime(target.value)} is still to come; this host's clock says ${formatTime(context.world.host.now())}.`,
    remedy: 'Give a moment in the past, with the right time zone.',
    retry: 'after-fix',
  });
}

/** Before anything is fetched: is the moment sensible, is there a backup from before it, does it open, is there WAL. */
export async function checkRecovery(
  step: RecoverStep,
  context: CheckContext<'host' | 'stores' | 'keys' | 'clusters'>,
): Promise<readonly Check[]> {
  const target = readTarget(step, context);
  if (!target.ok) return [blocker(target.failure)];
  const { cluster } = context.targets.backups;
  if (cluster === undefined) return [blocker(noCluster)];
  const sources =
    cluster.engine === 'pgbackrest'
      ? await checkRepository(context, { config: cluster, targetTimeMs: target.value })
      : await checkStore(context, { config: cluster, targetTimeMs: target.value });
  return [...sources, await checkPlace(step, context)];
}

export const noCluster = {
  code: 'runbook-invalid',
  message: 'The runbook names no base backups.',
  remedy: 'Declare backups.cluster in the runbook.',
  retry: 'after-fix',
} as const;

export function placeOf(step: RecoverStep, context: Pick<StepContext, 'mode' | 'runId'>) {
  const { runId } = context;
  return { folder: context.mode === 'drill' ? `${step.folder}.drill-${runId}` : step.folder, runId };
}

async function checkPlace(step: RecoverStep, context: CheckContext<'clusters'>): Promise<Check> {
  const place = placeOf(step, context);
  const found = await context.world.clusters.look(place);
  if (!found.ok) return blocker(found.failure);
  if (found.value.kind === 'taken') return blocker(taken(found.value.what));
  return passed(`${place.folder} is free for the new cluster; it listens on 127.0.0.1:${step.port}`);
}

export function taken(what: string) {
  return {
    code: 'conflict',
    message: `A new cluster needs a folder of its own: ${what}.`,
    remedy: 'Name another folder in the runbook, or move this one aside; nothing is ever recovered over it.',
    retry: 'after-fix',
  } as const;
}

type Asked<C> = { readonly config: C; readonly targetTimeMs: number | undefined };

async function checkRepository(
  context: CheckContext<'clusters'>,
  asked: Asked<PgBackRestConfig>,
): Promise<readonly Check[]> {
  const found = await context.world.clusters.repository(asked.config);
  if (!found.ok) return [blocker(found.failure)];
  const { backups, major, firstSegment, lastSegment } = found.value;
  const picked = pickBaseBackup(
    backups.map((backup) => ({ ...backup, takenAtMs: backup.endedAtMs })),
    asked.targetTimeMs,
  );
  if (!picked.ok) return [blocker(picked.failure)];
  const version = await context.world.clusters.serverVersion(major);
  if (!version.ok) return [blocker(version.failure)];
  return [
    passed(
      `pgBackRest stanza ${asked.config.stanza}: ${backups.length} backups; ${picked.value.label} ended ${formatTime(picked.value.endedAtMs)}; WAL from ${firstSegment ?? 'nowhere'} to ${lastSegment ?? 'nowhere'}`,
    ),
    passed(`PostgreSQL ${version.value.text} is on this host`),
  ];
}

async function checkStore(
  context: CheckContext<'host' | 'stores' | 'keys' | 'clusters'>,
  asked: Asked<BaseBackupConfig>,
): Promise<readonly Check[]> {
  const { config, targetTimeMs } = asked;
  const backups = await listBaseBackups(context, config);
  if (!backups.ok) return [blocker(backups.failure)];
  const picked = pickBaseBackup(backups.value, targetTimeMs);
  if (!picked.ok) return [blocker(picked.failure)];
  const opened = await openBase(context, picked.value);
  if (!opened.ok) return [blocker(opened.failure)];
  const wal = await listWal(context, config);
  if (!wal.ok) return [blocker(wal.failure)];
  const segments = segmentsOf(wal.value);
  const timelines = timelinesOf(wal.value);
  const newest = segments.reduce((last, { object }) => Math.max(last, object.modifiedAtMs), 0);
  const checks: Check[] = [
    passed(
      `${backups.value.length} base backups; the newest that may serve is ${picked.value.id}, ${formatTime(picked.value.takenAtMs)}; ${opened.value}`,
    ),
  ];
  if (segments.length === 0) {
    return [...checks, blocker(noWal(`${backupStore(context).address} under ${config.walPrefix}`))];
  }
  checks.push(
    passed(
      `WAL archive: ${formatCount(segments.length)} segments on timeline${timelines.length === 1 ? '' : 's'} ${timelines.join(', ')}, the newest archived ${formatTime(newest)}`,
    ),
  );
  if (targetTimeMs !== undefined && newest < targetTimeMs) {
    checks.push(
      couldNotVerify(
        `the newest segment was archived ${formatTime(newest)}, before ${formatTime(targetTimeMs)}: that moment may not be in the archive`,
        'Look for segments that were not archived yet, in pg_wal of the lost cluster.',
      ),
    );
  }
  const [last] = segments.toSorted((a, b) => b.object.modifiedAtMs - a.object.modifiedAtMs);
  return last === undefined ? checks : [...checks, await checkVersion(context, last.object.key)];
}

/** Opens the beginning of the base backup with the key at hand and reads its label, or says that it is something else. */
async function openBase(
  context: CheckContext<'stores' | 'keys'>,
  backup: Snapshot,
): Promise<Outcome<string>> {
  const reading = await backupStore(context).read({ key: backup.key });
  if (!reading.ok) return reading;
  const head = await context.world.openUnpacker(context.targets.backups.key).peek({
    body: reading.value.body,
    layers: backup.layers,
    wantBytes: tarHeadBytes,
  });
  if (!head.ok) return head;
  if (isDump(head.value)) return fail(dumpHasNoPointInTime(backup.key));
  const label = readLabelFromTar(head.value);
  return succeed(label === undefined ? 'it opens' : `it opens, and begins in segment ${label.startSegment}`);
}

/** A segment's first page says which PostgreSQL wrote it: only that major version can replay it. */
async function checkVersion(
  context: CheckContext<'host' | 'stores' | 'keys' | 'clusters'>,
  key: string,
): Promise<Check> {
  const reading = await backupStore(context).read({ key });
  if (!reading.ok) return unanswered(reading.failure);
  const head = await context.world.openUnpacker(context.targets.backups.key).peek({
    body: reading.value.body,
    layers: layersOf(key),
    wantBytes: walHeaderBytes,
  });
  if (!head.ok) return blocker(head.failure);
  const header = readWalHeader(head.value);
  if (header?.major === undefined) {
    return couldNotVerify(
      `which PostgreSQL wrote ${key} is not known here`,
      'Install the version production ran.',
    );
  }
  const version = await context.world.clusters.serverVersion(header.major);
  if (!version.ok) return blocker(version.failure);
  return passed(
    `the WAL is of PostgreSQL ${header.major}, system ${header.systemIdentifier}; ${version.value.text} is on this host`,
  );
}

function noWal(where: string) {
  return {
    code: 'not-found',
    message: `There is no WAL segment in ${where}.`,
    remedy: 'Check backups.cluster.walPrefix; without WAL a base backup cannot even be made consistent.',
    retry: 'after-fix',
  } as const;
}
