import { type Layout, parseLayout } from '../backups/layout.ts';
import type { Manifest } from '../backups/manifest.ts';
import { listSnapshots, newestComplete, type Snapshot, sayDoubt } from '../backups/snapshot.ts';
import { isCold } from '../base/cold-storage.ts';
import { fail, type Outcome, succeed } from '../base/failure.ts';
import type { CheckContext } from '../kinds/kind.ts';
import type { ObjectInfo } from '../ports/object-store.ts';
import type { StoreLooks } from '../ports/world.ts';
import { doubtUnproven, readManifestFile } from './authors.ts';
import { backupStore, listAll } from './open-targets.ts';
import { describeAll } from './thaw-objects.ts';

type Reach = Pick<CheckContext<'host' | 'stores'>, 'world' | 'targets'>;

/** What is in the backup store, newest first. `not-found` when nothing there fits the layout. */
export async function findSnapshots(context: Reach): Promise<Outcome<readonly Snapshot[]>> {
  const listed = await listBackups(context);
  return listed.ok ? doubtUnproven(context, { snapshots: listed.value.snapshots, all: false }) : listed;
}

/** The same with everything that was listed for it. */
export async function listBackups(context: Reach): Promise<
  Outcome<{
    readonly layout: Layout;
    readonly objects: readonly ObjectInfo[];
    readonly snapshots: readonly Snapshot[];
  }>
> {
  const { backups } = context.targets;
  const layout = parseLayout(backups.layout);
  if ('fault' in layout) {
    return fail({
      code: 'runbook-invalid',
      message: `The key layout ${backups.layout} cannot be read: ${layout.fault}`,
      remedy: 'Correct backups.dumps.layout in the runbook.',
      retry: 'after-fix',
    });
  }
  const store = backupStore(context);
  const found = await listAll(store, layout.prefix);
  if (!found.ok) return found;
  const objects = await askForThaws(store, { objects: found.value, layout });
  const snapshots = listSnapshots({
    layout,
    objects,
    host: backups.host,
    encrypted: backups.encrypted,
    nowMs: context.world.host.now(),
  });
  if (snapshots.length > 0) return succeed({ layout, objects, snapshots });
  const others = objects.slice(0, 3).map((object) => object.key);
  return fail({
    code: 'not-found',
    message: `There is no snapshot in ${store.address}: none of ${objects.length} objects under ${layout.prefix || 'the root'} fits ${layout.pattern}${backups.host === undefined ? '' : ` of host ${backups.host}`}.`,
    remedy:
      others.length > 0
        ? `Compare the layout with what is there: ${others.join(', ')}.`
        : 'Check the bucket and the prefix in the runbook, and that the credentials belong to this store.',
    retry: 'after-fix',
  });
}

/** So many in cold storage are asked for by themselves: the newest. */
const mostAsked = 500;

/** A listing does not tell what was brought back from cold storage, by hand or by another program. */
async function askForThaws(
  store: Pick<StoreLooks, 'describe'>,
  { objects, layout }: { readonly objects: readonly ObjectInfo[]; readonly layout: Layout },
): Promise<readonly ObjectInfo[]> {
  const cold = objects
    .filter((object) => isCold(object) && layout.match(object.key) !== undefined)
    .sort((a, b) => b.modifiedAtMs - a.modifiedAtMs);
  if (cold.length === 0) return objects;
  const asked = await describeAll(store, cold.slice(0, mostAsked));
  const now = new Map(asked.map((object) => [object.key, object]));
  return objects.map((object) => now.get(object.key) ?? object);
}

/** The snapshot somebody named, or the newest complete one for `latest`. Incomplete ones are never taken unasked. */
export function pickSnapshot(snapshots: readonly Snapshot[], wanted: string): Outcome<Snapshot> {
  const picked = pickAnySnapshot(snapshots, wanted);
  if (!picked.ok || picked.value.cold === undefined) return picked;
  const { id, cold } = picked.value;
  return fail({
    code: 'conflict',
    message: `Snapshot ${id} is ${cold}.`,
    remedy:
      'Choose it in a restore or drill, which offers to bring it back; or ask the store for it (aws s3api restore-object), and try again when it is there.',
    retry: 'after-fix',
  });
}

/** The same, and one in cold storage as well, where somebody will ask what is to be done about it. */
export function pickAnySnapshot(snapshots: readonly Snapshot[], wanted: string): Outcome<Snapshot> {
  const newest = newestComplete(snapshots);
  const found =
    wanted === 'latest' ? newest : snapshots.find(({ id, key }) => id === wanted || key === wanted);
  if (found === undefined) {
    return fail({
      code: 'not-found',
      message:
        wanted === 'latest'
          ? `None of ${snapshots.length} snapshots is complete and beyond doubt${snapshots[0] === undefined ? '' : `: ${sayWhyNot(snapshots[0])}`}.`
          : `There is no snapshot ${wanted}.`,
      remedy: 'Look at `thaw snapshots` and name one of those: --snapshot ID.',
      retry: 'after-fix',
    });
  }
  if (found.doubt?.kind === 'not-encrypted') return fail(notEncrypted(found));
  if (found.incomplete === undefined) return succeed(found);
  return fail({
    code: 'damaged',
    message: `Snapshot ${found.id} cannot be used: ${found.incomplete}.`,
    remedy:
      newest === undefined
        ? 'Look for another backup store.'
        : `Choose another one; ${newest.id} is the newest complete one.`,
    retry: 'after-fix',
  });
}

function sayWhyNot({ id, incomplete, cold, doubt }: Snapshot): string {
  return `${id}: ${incomplete ?? cold ?? (doubt === undefined ? '' : sayDoubt(doubt))}`;
}

/** Whoever can write to the store can write what nobody had to encrypt; the recipient's key is all that a forger would need besides. */
function notEncrypted({ id }: Snapshot) {
  return {
    code: 'not-verified',
    message: `Snapshot ${id} is refused: ${sayDoubt({ kind: 'not-encrypted' })}.`,
    remedy:
      'Choose an encrypted one. If you know that this one is genuine, say in the runbook that plain dumps are expected: backups.dumps.encrypted: false.',
    retry: 'after-fix',
  } as const;
}

/** What the producer wrote down; undefined where it wrote nothing. A manifest that cannot be read is a failure. */
export async function readManifest(
  context: Reach,
  snapshot: Snapshot,
): Promise<Outcome<Manifest | undefined>> {
  const file = await readManifestFile(context, snapshot);
  return file.ok ? succeed(file.value?.manifest) : file;
}
