import { type BackupLabel, readBackupLabel } from '../backups/backup-label.ts';
import { parseLayout } from '../backups/layout.ts';
import { listSnapshots, type Snapshot } from '../backups/snapshot.ts';
import { readWalName, type WalFile } from '../backups/wal-archive.ts';
import { mayBeEncrypted } from '../backups/wrapping.ts';
import { fail, type Outcome, succeed } from '../base/failure.ts';
import { formatTime } from '../base/units.ts';
import type { CheckContext } from '../kinds/kind.ts';
import type { ClusterBackupsConfig } from '../ports/cluster-tools.ts';
import type { ObjectInfo } from '../ports/object-store.ts';
import { backupStore, listAll } from './open-targets.ts';

export type BaseBackupConfig = Extract<ClusterBackupsConfig, { engine: 'base-backup' }>;
type Reach = Pick<CheckContext<'host' | 'stores'>, 'world' | 'targets'>;

/** Base backups, newest first. */
export async function listBaseBackups(
  context: Reach,
  config: BaseBackupConfig,
): Promise<Outcome<readonly Snapshot[]>> {
  const layout = parseLayout(config.layout);
  if ('fault' in layout) {
    return fail({
      code: 'runbook-invalid',
      message: `The key layout ${config.layout} cannot be read: ${layout.fault}`,
      remedy: 'Correct backups.cluster.layout in the runbook.',
      retry: 'after-fix',
    });
  }
  const store = backupStore(context);
  const listed = await listAll(store, layout.prefix);
  if (!listed.ok) return listed;
  const nowMs = context.world.host.now();
  const encrypted = context.targets.backups.encrypted && mayBeEncrypted(config.layout);
  const found = listSnapshots({ layout, objects: listed.value, nowMs, encrypted }).filter(
    ({ doubt }) => doubt === undefined,
  );
  if (found.length > 0) return succeed(found);
  return fail({
    code: 'not-found',
    message: `There is no base backup in ${store.address}: none of ${listed.value.length} objects under ${layout.prefix || 'the root'} fits ${layout.pattern}.`,
    remedy: 'Check backups.cluster.layout, and that base backups are made at all: a pg_dump is none.',
    retry: 'after-fix',
  });
}

/** The newest one from before the moment: what was not finished by then cannot lead to it. */
export function pickBaseBackup<T extends { readonly takenAtMs: number }>(
  backups: readonly T[],
  targetTimeMs: number | undefined,
): Outcome<T> {
  const found = backups.find(({ takenAtMs }) => targetTimeMs === undefined || takenAtMs <= targetTimeMs);
  if (found !== undefined) return succeed(found);
  const oldest = backups.at(-1)?.takenAtMs ?? 0;
  return fail(tooEarly(targetTimeMs ?? 0, oldest));
}

export function tooEarly(...[targetTimeMs, endedAtMs]: [number, number]) {
  return {
    code: 'invalid-input',
    message: `${formatTime(targetTimeMs)} lies before the end of the oldest base backup that could be used, ${formatTime(endedAtMs)}; WAL leads forward only.`,
    remedy: 'Choose a later moment, or look for an older base backup.',
    retry: 'after-fix',
  } as const;
}

export type WalObject = WalFile & { readonly object: ObjectInfo };
type WalSegment = Extract<WalObject, { kind: 'segment' }>;

export async function listWal(
  context: Reach,
  config: BaseBackupConfig,
): Promise<Outcome<readonly WalObject[]>> {
  const listed = await listAll(backupStore(context), config.walPrefix);
  if (!listed.ok) return listed;
  return succeed(
    listed.value.flatMap((object) => {
      const file = readWalName(object.key);
      return file === undefined ? [] : [{ ...file, object }];
    }),
  );
}

export function segmentsOf(wal: readonly WalObject[]): readonly WalSegment[] {
  return wal.filter((file): file is WalSegment => file.kind === 'segment');
}

export function timelinesOf(wal: readonly WalObject[]): readonly number[] {
  const numbers = wal.flatMap((file) => (file.kind === 'backup-note' ? [] : [file.timeline]));
  return [...new Set(numbers)].sort((a, b) => a - b);
}

/** backup_label stands first in the tar that pg_basebackup writes; its content begins at the second block. */
export function readLabelFromTar(head: Buffer): BackupLabel | undefined {
  const name = head.subarray(0, 100).toString('latin1').replace(/\0.*$/s, '');
  if (name !== 'backup_label') return undefined;
  const sizeBytes = Number.parseInt(head.subarray(124, 136).toString('latin1'), 8);
  return readBackupLabel(head.subarray(512, 512 + sizeBytes).toString('utf8'));
}

/** What somebody gave us instead: the beginning of a pg_dump, in any format that has a signature. */
export function isDump(head: Buffer): boolean {
  return (
    head.subarray(0, 5).toString('latin1') === 'PGDMP' ||
    /^(--\s*)+PostgreSQL database dump/m.test(head.subarray(0, 200).toString('latin1'))
  );
}
