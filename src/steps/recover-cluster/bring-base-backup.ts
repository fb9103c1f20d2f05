import { readBackupLabel } from '../../backups/backup-label.ts';
import { findWalGap } from '../../backups/wal-archive.ts';
import { type Failure, fail, type Outcome, succeed } from '../../base/failure.ts';
import { formatCount, formatTime } from '../../base/units.ts';
import { clusterBringingFact } from '../../kinds/cluster-facts.ts';
import type { StepContext } from '../../kinds/kind.ts';
import { bringEach } from '../../operations/bring-object.ts';
import { type NotCopied, notCopied } from '../../operations/copy-objects.ts';
import { listWal, segmentsOf, tooEarly, type WalObject } from '../../operations/find-base-backup.ts';
import type { ClusterPlace } from '../../ports/cluster-tools.ts';
import { type Bringing, fillCluster, listBeside } from './fill-cluster.ts';

export type Brought = {
  readonly segments: number;
  readonly checkedBy: string;
  readonly endedAtMs: number | null;
};

/**
 * The base backup into the data folder, and every WAL file from its beginning on beside it. What cannot be brought of either is told
 * in one failure; the rest stays, and the next attempt reads only what is missing.
 */
export async function bringBaseBackup(
  context: StepContext<'host' | 'stores' | 'keys' | 'trees' | 'clusters'>,
  bringing: Bringing,
): Promise<Outcome<Brought>> {
  const { backup, place } = bringing;
  const filled = await fillCluster(context, bringing);
  if (!filled.ok) return filled;
  const { total } = filled.value;
  const isFilled = filled.value.failures.length === 0;
  const checked = isFilled
    ? await checkAgainstManifest(context, bringing)
    : succeed({ by: '', failures: filled.value.failures });
  if (!checked.ok) return checked;
  const { failures } = checked.value;
  const text = await context.world.host.readTextFile(`${place.folder}/backup_label`);
  const label = text.ok ? readBackupLabel(text.value) : undefined;
  // Without it nobody knows which WAL is needed.
  if (label === undefined)
    return fail(isFilled ? noLabel(backup.key) : incomplete(failures, { total, context }));
  const wal = await listWal(context, bringing.config);
  if (!wal.ok) return wal;
  const ended = await readEnd(context, { ...bringing, wal: wal.value, startSegment: label.startSegment });
  if (!ended.ok) return ended;
  const needed = wal.value.filter(
    (file) =>
      file.kind === 'history' ||
      (file.kind === 'segment' && file.name.slice(8) >= label.startSegment.slice(8)),
  );
  context.output(`base backup begins in segment ${label.startSegment}, timeline ${label.startTimeline}`);
  const told = isFilled
    ? await tellGap(context, { place, needed, from: label.startSegment })
    : succeed(undefined);
  if (!told.ok) return told;
  const brought = await bringWal(context, { place, files: needed });
  if (!brought.ok) return brought;
  const all = [...failures, ...ended.value.failures, ...brought.value];
  if (all.length > 0) return fail(incomplete(all, { total: total + needed.length, context }));
  return succeed({
    segments: segmentsOf(needed).length,
    checkedBy: checked.value.by,
    endedAtMs: ended.value.endedAtMs ?? null,
  });
}

async function tellGap(
  context: StepContext<'clusters'>,
  of: { readonly place: ClusterPlace; readonly needed: readonly WalObject[]; readonly from: string },
): Promise<Outcome<void>> {
  const control = await context.world.clusters.control(of.place);
  if (!control.ok) return control;
  const { segmentBytes } = control.value;
  const gap = findWalGap({ segments: segmentsOf(of.needed), from: of.from, segmentBytes });
  if (gap !== undefined) context.output(`the archive lacks ${gap.missing}: recovery ends after ${gap.after}`);
  return succeed(undefined);
}

/** backup_manifest lists every file with its checksum; pg_basebackup writes it beside the tar, or into a plain copy. */
async function checkAgainstManifest(
  context: StepContext<'host' | 'stores' | 'keys' | 'clusters'>,
  bringing: Bringing,
): Promise<Outcome<{ readonly by: string; readonly failures: readonly NotCopied[] }>> {
  const { backup, place, stallMs } = bringing;
  const beside = await listBeside(context, backup.key);
  if (!beside.ok) return beside;
  const object = beside.value.find(({ key }) => /\/backup_manifest(\.\w+)*$/.test(key));
  if (object === undefined) return succeed({ by: '', failures: [] });
  const manifestFile = context.workFile(`${object.key.replaceAll('/', '_')}.plain`);
  const brought = await bringEach([{ object, toFile: manifestFile }], { context, label: 'manifest' });
  if (!brought.ok) return brought;
  if (brought.value.length > 0) return succeed({ by: '', failures: brought.value });
  const { output: onLine, signal } = context;
  const { clusters } = context.world;
  const checked = await clusters.verifyFiles({ place, manifestFile, onLine, stallMs, signal });
  if (checked.ok) return succeed({ by: checked.value, failures: [] });
  // Which file is to be read again nobody can say here: then none of them is kept.
  if (checked.failure.code === 'damaged')
    await context.record(clusterBringingFact, { source: null, isFilled: false });
  return checked;
}

/** When the backup ended stands in the archive alone; without that note PostgreSQL itself refuses what lies before. */
async function readEnd(
  context: StepContext<'host' | 'stores' | 'keys'>,
  known: Bringing & { readonly wal: readonly WalObject[]; readonly startSegment: string },
): Promise<Outcome<{ readonly endedAtMs?: number; readonly failures: readonly NotCopied[] }>> {
  const note = known.wal.find((file) => file.kind === 'backup-note' && file.segment === known.startSegment);
  if (note === undefined) return succeed({ failures: [] });
  const toFile = context.workFile(note.name);
  const brought = await bringEach([{ object: note.object, toFile }], { context, label: 'backup notes' });
  if (!brought.ok) return brought;
  if (brought.value.length > 0) return succeed({ failures: brought.value });
  const text = await context.world.host.readTextFile(toFile);
  if (!text.ok) return text;
  const { endedAtMs } = readBackupLabel(text.value) ?? {};
  if (endedAtMs === undefined) return succeed({ failures: [] });
  context.output(`base backup ended ${formatTime(endedAtMs)}`);
  const { targetTimeMs } = known;
  return targetTimeMs !== undefined && targetTimeMs < endedAtMs
    ? fail(tooEarly(targetTimeMs, endedAtMs))
    : succeed({ endedAtMs, failures: [] });
}

async function bringWal(
  context: StepContext<'host' | 'stores' | 'keys' | 'clusters'>,
  request: { readonly place: ClusterPlace; readonly files: readonly WalObject[] },
): Promise<Outcome<readonly NotCopied[]>> {
  const { place, files } = request;
  context.output(`fetching ${formatCount(files.length)} files of the WAL archive`);
  const items = files.map(({ object, name }) => ({
    object,
    toFile: context.world.clusters.walFile(place, name),
  }));
  return bringEach(items, { context, label: 'WAL files' });
}

/** All of base backup and WAL as one failure: nothing of either can be left out. */
function incomplete(
  failures: readonly NotCopied[],
  { total, context }: { readonly total: number; readonly context: StepContext },
): Failure {
  const failure = notCopied(failures, total, context.output);
  return {
    ...failure,
    remedy: `${failure.remedy} None of them can be left out: where one is lost, look for another base backup, or a moment before that WAL.`,
  };
}

function noLabel(key: string) {
  return {
    code: 'damaged',
    message: `${key} holds no backup_label: it is no base backup, or a copy of a running cluster made without pg_basebackup.`,
    remedy:
      'Choose a base backup made by pg_basebackup; without the label PostgreSQL would recover to a broken state.',
    retry: 'after-fix',
  } as const;
}
