import { readBackupLabel } from '../../backups/backup-label.ts';
import { dumpHasNoPointInTime } from '../../backups/point-in-time.ts';
import type { Snapshot } from '../../backups/snapshot.ts';
import { findWalGap } from '../../backups/wal-archive.ts';
import { fail, type Outcome, succeed } from '../../base/failure.ts';
import { formatCount, formatTime } from '../../base/units.ts';
import type { StepContext } from '../../kinds/kind.ts';
import { bringInParallel, bringObject, removeWorkFile } from '../../operations/bring-object.ts';
import {
  type BaseBackupConfig,
  isDump,
  listWal,
  segmentsOf,
  tooEarly,
  type WalObject,
} from '../../operations/find-base-backup.ts';
import { backupStore, listAll } from '../../operations/open-targets.ts';
import type { ClusterPlace } from '../../ports/cluster-tools.ts';

export type Brought = {
  readonly segments: number;
  readonly checkedBy: string;
  readonly endedAtMs: number | null;
};

type Bringing = {
  readonly config: BaseBackupConfig;
  readonly backup: Snapshot;
  readonly place: ClusterPlace;
  readonly targetTimeMs: number | undefined;
  readonly stallMs: number;
};

/** The base backup into the data folder, and every WAL file from its beginning on beside it. */
export async function bringBaseBackup(
  context: StepContext<'host' | 'stores' | 'keys' | 'trees' | 'clusters'>,
  bringing: Bringing,
): Promise<Outcome<Brought>> {
  const { backup, place } = bringing;
  const filled = backup.key.endsWith('/backup_label')
    ? await bringPlain(context, bringing)
    : await bringTar(context, bringing);
  if (!filled.ok) return filled;
  const checked = await checkAgainstManifest(context, bringing);
  if (!checked.ok) return checked;
  const text = await context.world.host.readTextFile(`${place.folder}/backup_label`);
  const label = text.ok ? readBackupLabel(text.value) : undefined;
  if (label === undefined) return fail(noLabel(backup.key));
  const wal = await listWal(context, bringing.config);
  if (!wal.ok) return wal;
  const ended = await readEnd(context, { ...bringing, wal: wal.value, startSegment: label.startSegment });
  if (!ended.ok) return ended;
  if (
    bringing.targetTimeMs !== undefined &&
    ended.value !== undefined &&
    bringing.targetTimeMs < ended.value
  ) {
    return fail(tooEarly(bringing.targetTimeMs, ended.value));
  }
  const needed = wal.value.filter(
    (file) =>
      file.kind === 'history' ||
      (file.kind === 'segment' && file.name.slice(8) >= label.startSegment.slice(8)),
  );
  context.output(`base backup begins in segment ${label.startSegment}, timeline ${label.startTimeline}`);
  const control = await context.world.clusters.control(place);
  if (!control.ok) return control;
  const { segmentBytes } = control.value;
  const gap = findWalGap({ segments: segmentsOf(needed), from: label.startSegment, segmentBytes });
  if (gap !== undefined) context.output(`the archive lacks ${gap.missing}: recovery ends after ${gap.after}`);
  const brought = await bringWal(context, { place, files: needed });
  if (!brought.ok) return brought;
  return succeed({
    segments: segmentsOf(needed).length,
    checkedBy: checked.value,
    endedAtMs: ended.value ?? null,
  });
}

/** pg_basebackup's own, beside the tablespace_map that names them; every other link of a base backup was put there by somebody. */
const tablespaceLink = /^pg_tblspc\/\d+$/;

async function bringTar(
  context: StepContext<'host' | 'stores' | 'keys' | 'trees' | 'clusters'>,
  { backup, place, ...bringing }: Bringing,
): Promise<Outcome<void>> {
  const { host, clusters } = context.world;
  const beside = await siblings(context, backup.key);
  if (!beside.ok) return beside;
  const parts = [
    { into: 'data' as const, object: beside.value.find(({ key }) => key === backup.key) },
    // pg_basebackup with -X stream keeps the WAL that makes the backup whole in a tar of its own.
    { into: 'wal' as const, object: beside.value.find(({ key }) => /\/pg_wal\.tar(\.\w+)*$/.test(key)) },
  ];
  for (const { into, object } of parts) {
    if (object === undefined) continue;
    const file = context.workFile(`${into}.tar`);
    const brought = await bringObject(context, { object, toFile: file, label: 'fetched' });
    if (!brought.ok) return brought;
    const head = await host.readHead(file, 512);
    if (!head.ok) return head;
    if (isDump(head.value)) return fail(dumpHasNoPointInTime(backup.key));
    const { signal } = context;
    const judged = await context.world.trees.judgeTar({ file, tolerated: tablespaceLink, signal });
    if (!judged.ok) return judged;
    await context.recordCommand(`tar --extract --file ${file} --directory ${place.folder}`);
    const { stallMs: silentMs } = bringing;
    const work = { onLine: context.output, stallMs: silentMs, signal: context.signal };
    const unpacked = await clusters.unpackTar({ place, file, into, ...work });
    if (!unpacked.ok) return unpacked;
    const removed = await removeWorkFile(context, file);
    if (!removed.ok) return removed;
  }
  const map = await host.readTextFile(`${place.folder}/tablespace_map`);
  return map.ok && map.value.trim() !== '' ? fail(hasTablespaces(backup.key)) : succeed(undefined);
}

/** Every object beside backup_label, into the same place below the data folder. */
async function bringPlain(
  context: StepContext<'host' | 'stores' | 'keys'>,
  { backup, place }: Bringing,
): Promise<Outcome<void>> {
  const prefix = backup.key.slice(0, backup.key.lastIndexOf('/') + 1);
  const listed = await listAll(backupStore(context), prefix);
  if (!listed.ok) return listed;
  return bringInParallel(listed.value, async (object) => {
    const name = object.key.slice(prefix.length);
    if (name.split('/').includes('..')) return fail(leadsOut(object.key));
    return bringObject(context, { object, toFile: `${place.folder}/${name}` });
  });
}

async function siblings(context: StepContext<'stores'>, key: string) {
  return listAll(backupStore(context), key.slice(0, key.lastIndexOf('/') + 1));
}

/** backup_manifest lists every file with its checksum; pg_basebackup writes it beside the tar, or into a plain copy. */
async function checkAgainstManifest(
  context: StepContext<'host' | 'stores' | 'keys' | 'clusters'>,
  bringing: Bringing,
): Promise<Outcome<string>> {
  const { backup, place } = bringing;
  const beside = await siblings(context, backup.key);
  if (!beside.ok) return beside;
  const object = beside.value.find(({ key }) => /\/backup_manifest(\.\w+)*$/.test(key));
  if (object === undefined) return succeed('');
  const manifestFile = context.workFile('backup_manifest');
  const brought = await bringObject(context, { object, toFile: manifestFile });
  if (!brought.ok) return brought;
  return context.world.clusters.verifyFiles({
    place,
    manifestFile,
    onLine: context.output,
    stallMs: bringing.stallMs,
    signal: context.signal,
  });
}

/** When the backup ended stands in the archive alone; without that note PostgreSQL itself refuses what lies before. */
async function readEnd(
  context: StepContext<'host' | 'stores' | 'keys'>,
  known: Bringing & { readonly wal: readonly WalObject[]; readonly startSegment: string },
): Promise<Outcome<number | undefined>> {
  const note = known.wal.find((file) => file.kind === 'backup-note' && file.segment === known.startSegment);
  if (note === undefined) return succeed(undefined);
  const toFile = context.workFile(note.name);
  const brought = await bringObject(context, { object: note.object, toFile });
  if (!brought.ok) return brought;
  const text = await context.world.host.readTextFile(toFile);
  if (!text.ok) return text;
  const { endedAtMs } = readBackupLabel(text.value) ?? {};
  if (endedAtMs !== undefined) context.output(`base backup ended ${formatTime(endedAtMs)}`);
  return succeed(endedAtMs);
}

async function bringWal(
  context: StepContext<'host' | 'stores' | 'keys' | 'clusters'>,
  request: { readonly place: ClusterPlace; readonly files: readonly WalObject[] },
): Promise<Outcome<void>> {
  const { place, files } = request;
  let done = 0;
  context.output(`fetching ${formatCount(files.length)} files of the WAL archive`);
  return bringInParallel(files, async ({ object, name }) => {
    const toFile = context.world.clusters.walFile(place, name);
    const brought = await bringObject(context, { object, toFile });
    done += 1;
    context.progress({ label: 'WAL files', done, total: files.length, unit: 'count' });
    return brought;
  });
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

function hasTablespaces(key: string) {
  return {
    code: 'invalid-input',
    message: `${key} has tablespaces outside the data folder, whose places on this host nobody has named.`,
    remedy: 'Restore it with pgBackRest and its --tablespace-map, or by hand.',
    retry: 'never',
  } as const;
}

function leadsOut(key: string) {
  return {
    code: 'damaged',
    message: `${key} would be written outside the data folder.`,
    remedy: 'Find out who wrote this object; choose another base backup.',
    retry: 'never',
  } as const;
}
