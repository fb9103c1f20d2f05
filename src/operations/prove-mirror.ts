import { gunzipSync } from 'node:zlib';
import { z } from 'zod';
import { shorten } from '../backups/compare-inventories.ts';
import type { Manifest } from '../backups/manifest.ts';
import {
  compareObjectInventories,
  type ObjectInventory,
  readObjectInventory,
  summariseObjects,
  takeObjectInventory,
} from '../backups/object-inventory.ts';
import { sha256 } from '../base/digest.ts';
import { fail, type Outcome, succeed } from '../base/failure.ts';
import { formatBytes, formatCount } from '../base/units.ts';
import { type Check, couldNotVerify, failed, passed, skipped } from '../base/verdict.ts';
import type { ObjectInfo } from '../ports/object-store.ts';
import type { StoreLooks } from '../ports/world.ts';
import { readBytes } from './open-targets.ts';

/**
 * The mirror in the backup store as it is now, held against the list the producer wrote down, object by object and both ways.
 *
 * @param how.hasLater whether a backup began after this one: it explains objects this one does not know. Asked only where there are some,
 *   since it takes a listing of the store.
 */
export async function proveMirror(how: {
  readonly store: StoreLooks;
  readonly prefix: string;
  readonly mirror: readonly ObjectInfo[];
  readonly manifest: Manifest | undefined;
  readonly hasLater: () => Promise<boolean>;
  /** Whether a later step holds what rows name against what is there. */
  readonly compared: boolean;
}): Promise<Outcome<readonly Check[]>> {
  const { store, prefix, mirror, manifest } = how;
  if (manifest?.objects === undefined)
    return succeed([
      judgeUnlisted(mirror, { where: `${store.address} (${prefix || 'all of it'})`, compared: how.compared }),
    ]);
  const list = await readList(store, manifest);
  if (!list.ok) return list;
  if (list.value === undefined) return succeed([compareTotals(manifest.objects, mirror)]);
  const now = takeObjectInventory(mirror, { prefix, sourceEtags: new Map() });
  const { missing, changed, extra } = compareObjectInventories(list.value, now);
  const laterSnapshots = changed.length + extra.length > 0 && (await how.hasLater());
  const checks: Check[] = [];
  if (missing.length > 0) {
    checks.push(
      failed(
        `${formatCount(missing.length)} of ${formatCount(list.value.length)} objects that were backed up are missing from the mirror: ${shorten(missing)}`,
        'Look for older versions of them in the backup bucket, or in an older mirror.',
      ),
    );
  }
  if (changed.length > 0) {
    checks.push(
      failed(
        `${formatCount(changed.length)} objects of the mirror are not what was backed up: ${shorten(changed)}`,
        laterSnapshots
          ? 'A later backup may have brought newer ones; look for the older versions in the backup bucket.'
          : 'Somebody or something changed them in the backup store; look for older versions there.',
      ),
    );
  }
  if (missing.length + changed.length === 0) {
    checks.push(
      passed(
        `all ${formatCount(list.value.length)} objects of the mirror are those that were backed up, ${formatBytes(manifest.objects.sizeBytes)}`,
      ),
    );
  }
  if (extra.length > 0) checks.push(judgeExtra(extra, laterSnapshots));
  return succeed(checks);
}

/**
 * Objects of which nobody wrote down how many there are: that all of them arrived says nothing of one that was lost before.
 *
 * @param how.compared whether a later step holds what rows name against what is there.
 */
export function judgeUnlisted(
  objects: readonly ObjectInfo[],
  how: { readonly where: string; readonly compared: boolean },
): Check {
  const { where, compared } = how;
  if (objects.length === 0) {
    return couldNotVerify(
      `there is no object at all in ${where}, and nothing says how many there should be`,
      'Look whether that is the right place, and whether the backup of the objects ran.',
    );
  }
  const what = `whether the ${formatCount(objects.length)} objects in ${where} are all that were backed up`;
  if (compared)
    return skipped(
      `${what} was not checked here: no list came with them; the checklist looks for each that a row names`,
    );
  return {
    ...couldNotVerify(
      `${what} is not known: no list came with them`,
      'Let the smoke checklist look for each object that a row names (kind references), or let the producer write a list (`thaw backup` does).',
    ),
    against: 'manifest',
  };
}

const checklist = z.object({ items: z.array(z.object({ kind: z.string() })) });

/** Whether a checklist of the walk looks for every object that rows name. */
export function comparesObjects(steps: readonly unknown[]): boolean {
  return steps.some(
    (step) => checklist.safeParse(step).data?.items.some(({ kind }) => kind === 'references') === true,
  );
}

function judgeExtra(extra: readonly string[], laterSnapshots: boolean): Check {
  const what = `${formatCount(extra.length)} objects of the mirror are not in the list of this snapshot: ${shorten(extra)}`;
  if (laterSnapshots) return passed(`${what}; later backups brought them`);
  return couldNotVerify(
    `${what}; no later backup explains them`,
    'Find out who put them into the backup store; no row of this snapshot should name them.',
  );
}

/** undefined where the producer kept totals alone. */
async function readList(
  store: StoreLooks,
  manifest: Manifest,
): Promise<Outcome<ObjectInventory | undefined>> {
  const part = manifest.parts?.find(({ name }) => name === 'objects');
  if (part === undefined) return succeed(undefined);
  const list = await readInventory(store, part);
  if (!list.ok) return list;
  if (
    manifest.objects?.sha256 !== undefined &&
    summariseObjects(list.value).sha256 !== manifest.objects.sha256
  )
    return fail(changedList(part.key, 'it is not the one the manifest speaks of'));
  return list;
}

/** Packed and unpacked: the list of some millions of objects. A packed kilobyte may claim to be a gigabyte. */
const mostPackedBytes = 128 * 2 ** 20;
const mostUnpackedBytes = 384 * 2 ** 20;

/** The list of objects beside a snapshot. @param part.sha256 what it has to be; left out where nobody said. */
export async function readInventory(
  store: StoreLooks,
  part: { readonly key: string; readonly sha256?: string },
): Promise<Outcome<ObjectInventory>> {
  const { key } = part;
  const bytes = await readBytes(store, { key, mostBytes: mostPackedBytes });
  if (!bytes.ok) return bytes;
  if (part.sha256 !== undefined && sha256(bytes.value) !== part.sha256)
    return fail(changedList(key, 'its digest is not that of the manifest'));
  let text: string;
  try {
    text = gunzipSync(bytes.value, { maxOutputLength: mostUnpackedBytes }).toString('utf8');
  } catch {
    // Not gzip, cut off, or longer than any list.
    return fail(changedList(key, 'it cannot be unpacked'));
  }
  const list = readObjectInventory(text);
  return list === undefined ? fail(changedList(key, 'it cannot be read')) : succeed(list);
}

function compareTotals(expected: NonNullable<Manifest['objects']>, mirror: readonly ObjectInfo[]): Check {
  const sizeBytes = mirror.reduce((sum, object) => sum + object.sizeBytes, 0);
  const found = `${formatCount(mirror.length)} objects, ${formatBytes(sizeBytes)}`;
  if (mirror.length >= expected.count && sizeBytes >= expected.sizeBytes)
    return passed(`the mirror holds ${found}; ${formatCount(expected.count)} were backed up`);
  return failed(
    `the mirror holds ${found}; ${formatCount(expected.count)} with ${formatBytes(expected.sizeBytes)} were backed up`,
    'Look for older versions of what is missing in the backup bucket.',
  );
}

function changedList(key: string, why: string) {
  return {
    code: 'damaged',
    message: `The list of objects ${key} cannot be used: ${why}.`,
    remedy: 'Choose another snapshot, or find out who changed it.',
    retry: 'after-fix',
  } as const;
}
