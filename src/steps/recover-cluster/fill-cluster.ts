import { dumpHasNoPointInTime } from '../../backups/point-in-time.ts';
import type { Snapshot } from '../../backups/snapshot.ts';
import { fail, type Outcome, succeed } from '../../base/failure.ts';
import { clusterBringingFact } from '../../kinds/cluster-facts.ts';
import { readFact } from '../../kinds/fact.ts';
import type { StepContext } from '../../kinds/kind.ts';
import { bringEach, removeWorkFile } from '../../operations/bring-object.ts';
import type { NotCopied } from '../../operations/copy-objects.ts';
import { type BaseBackupConfig, isDump } from '../../operations/find-base-backup.ts';
import { backupStore, listAll } from '../../operations/open-targets.ts';
import type { ClusterPlace } from '../../ports/cluster-tools.ts';

export type Bringing = {
  readonly config: BaseBackupConfig;
  readonly backup: Snapshot;
  readonly place: ClusterPlace;
  readonly targetTimeMs: number | undefined;
  readonly stallMs: number;
};

/** What of the objects of a base backup could not be brought. */
type Filled = { readonly failures: readonly NotCopied[]; readonly total: number };

/** Each file an object of its own, beside backup_label; else it is in tar archives. */
export function isPlainBackup({ key }: Pick<Snapshot, 'key'>): boolean {
  return key.endsWith('/backup_label');
}

/** A base backup into its data folder, as far as its objects can be read. What an earlier attempt has put there stays. */
export async function fillCluster(
  context: StepContext<'host' | 'stores' | 'keys' | 'trees' | 'clusters'>,
  bringing: Bringing,
): Promise<Outcome<Filled>> {
  if (isPlainBackup(bringing.backup)) return bringPlain(context, bringing);
  const begun = readFact(clusterBringingFact, context);
  if (begun?.isFilled === true) return succeed({ failures: [], total: 0 });
  const filled = await bringTar(context, bringing);
  if (filled.ok && filled.value.failures.length === 0)
    await context.record(clusterBringingFact, { source: bringing.backup.id, isFilled: true });
  return filled;
}

/** pg_basebackup's own, beside the tablespace_map that names them; every other link of a base backup was put there by somebody. */
const tablespaceLink = /^pg_tblspc\/\d+$/;

async function bringTar(
  context: StepContext<'host' | 'stores' | 'keys' | 'trees' | 'clusters'>,
  { backup, place, stallMs }: Bringing,
): Promise<Outcome<Filled>> {
  const beside = await listBeside(context, backup.key);
  if (!beside.ok) return beside;
  const parts = [
    { into: 'data' as const, object: beside.value.find(({ key }) => key === backup.key) },
    // pg_basebackup with -X stream keeps the WAL that makes the backup whole in a tar of its own.
    { into: 'wal' as const, object: beside.value.find(({ key }) => /\/pg_wal\.tar(\.\w+)*$/.test(key)) },
  ].flatMap(({ into, object }) =>
    object === undefined
      ? []
      : [
          {
            into,
            object,
            label: 'fetched',
            toFile: context.workFile(`${into}-${object.key.replaceAll('/', '_')}.tar`),
          },
        ],
  );
  const brought = await bringEach(parts, { context, label: 'archives of the base backup' });
  if (!brought.ok) return brought;
  if (brought.value.length > 0) return succeed({ failures: brought.value, total: parts.length });
  for (const { into, toFile: file } of parts) {
    const unpacked = await unpackPart(context, { into, file, place, stallMs, key: backup.key });
    if (unpacked.ok) continue;
    // A damaged one that stayed would be unpacked again, and not read again.
    const removed = unpacked.failure.code === 'damaged' ? await removeWorkFile(context, file) : unpacked;
    return removed.ok ? unpacked : removed;
  }
  const map = await context.world.host.readTextFile(`${place.folder}/tablespace_map`);
  if (map.ok && map.value.trim() !== '') return fail(hasTablespaces(backup.key));
  // Room for what comes after; before, an attempt that ends here would have to read them again.
  for (const { toFile } of parts) {
    const removed = await removeWorkFile(context, toFile);
    if (!removed.ok) return removed;
  }
  return succeed({ failures: [], total: parts.length });
}

async function unpackPart(
  context: StepContext<'host' | 'trees' | 'clusters'>,
  part: Pick<Bringing, 'place' | 'stallMs'> & {
    readonly into: 'data' | 'wal';
    readonly file: string;
    readonly key: string;
  },
): Promise<Outcome<void>> {
  const { into, file, place, stallMs, key } = part;
  const { host, clusters, trees } = context.world;
  const head = await host.readHead(file, 512);
  if (!head.ok) return head;
  if (isDump(head.value)) return fail(dumpHasNoPointInTime(key));
  const { signal } = context;
  const judged = await trees.judgeTar({ file, tolerated: tablespaceLink, signal });
  if (!judged.ok) return judged;
  await context.recordCommand(`tar --extract --file ${file} --directory ${place.folder}`);
  return clusters.unpackTar({ place, file, into, onLine: context.output, stallMs, signal });
}

/** Every object beside backup_label, into the same place below the data folder. */
async function bringPlain(
  context: StepContext<'host' | 'stores' | 'keys'>,
  { backup, place }: Bringing,
): Promise<Outcome<Filled>> {
  const listed = await listBeside(context, backup.key);
  if (!listed.ok) return listed;
  const prefix = backup.key.slice(0, backup.key.lastIndexOf('/') + 1);
  const items = listed.value.map((object) => ({
    object,
    name: object.key.slice(prefix.length),
    toFile: `${place.folder}/${object.key.slice(prefix.length)}`,
  }));
  const [out] = items.filter(({ name }) => name.split('/').includes('..'));
  if (out !== undefined) return fail(leadsOut(out.object.key));
  const brought = await bringEach(items, { context, label: 'files of the base backup' });
  return brought.ok ? succeed({ failures: brought.value, total: items.length }) : brought;
}

/** Everything in the folder of the object of that key. */
export async function listBeside(context: StepContext<'stores'>, key: string) {
  return listAll(backupStore(context), key.slice(0, key.lastIndexOf('/') + 1));
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
