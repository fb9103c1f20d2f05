import { listsAmong, signatureEnding } from '../backups/kit.ts';
import type { Failure } from '../base/failure.ts';
import { formatBytes } from '../base/units.ts';
import { guardRetention } from '../engine/guard.ts';
import { listAll } from '../operations/open-targets.ts';
import { type FoundKit, openKit } from '../operations/read-kit.ts';
import type { ObjectStore } from '../ports/object-store.ts';
import type { MadeKit } from './make-kit.ts';
import { removeKey } from './remove-snapshot.ts';

/** Kits of the last day stay whole: somebody may be unpacking one, or proving it. */
const stayMs = 24 * 3_600_000;

type Request = {
  readonly store: ObjectStore;
  /** The kit that counts now; its list and signature lie in the store. */
  readonly made: MadeKit;
  /** Whose lists say what may go: of a list that somebody else signed nothing is removed. */
  readonly signers: ReadonlySet<string>;
  readonly onLine: (line: string) => void;
};

/**
 * Takes away the kits that are older than a day: the files that no other kit names, then the list. Only what a list names that is signed by
 * one of our keys is ever removed. The new kit stands whatever comes of this: what cannot be removed is said.
 */
export async function clearKits(request: Request): Promise<void> {
  const { store, made, onLine } = request;
  const prefix = made.key.slice(0, made.key.lastIndexOf('/') + 1);
  const listed = await listAll(store, prefix);
  if (!listed.ok) return onLine(stays('whatever they hold', listed.failure));
  const sizes = new Map(listed.value.map(({ key, sizeBytes }) => [key, sizeBytes]));
  const kits: FoundKit[] = [];
  for (const list of listsAmong([...sizes.keys()])) {
    // The folder of another kit below this one is none of ours.
    if (list.prefix !== prefix || list.key === made.key) continue;
    const opened = await openKit(store, list);
    // What cannot be read may name any file: then none is removed.
    if (!opened.ok) return onLine(stays('since one of their lists cannot be read', opened.failure));
    kits.push(opened.value);
  }
  const { going, removes, keeps } = planRemoval(request, kits);
  const there = [...removes].filter((key) => sizes.has(key));
  const guard = guardRetention({ removes, keeps });
  for (const key of there) {
    const removed = await removeKey({ store, guard }, key);
    if (!removed.ok) return onLine(stays(`${there.length} objects of ${going} kits`, removed.failure));
  }
  const bytes = there.reduce((sum, key) => sum + (sizes.get(key) ?? 0), 0);
  if (there.length > 0)
    onLine(
      `removed ${going === 1 ? 'one earlier kit' : `${going} earlier kits`}, ${formatBytes(bytes)} that no newer one needs`,
    );
}

function planRemoval({ made, signers }: Request, kits: readonly FoundKit[]) {
  const madeAtMs = Date.parse(made.kit.madeAt);
  const isGoing = (found: FoundKit) =>
    signers.has(found.signer) && Date.parse(found.kit.madeAt) < madeAtMs - stayMs;
  const going = kits.filter(isGoing);
  const prefix = made.key.slice(0, made.key.lastIndexOf('/') + 1);
  const objectsOf = ({ files }: FoundKit['kit']) => files.map(({ object }) => `${prefix}${object}`);
  const keeps = new Set(
    [made.kit, ...kits.filter((found) => !isGoing(found)).map(({ kit }) => kit)].flatMap(objectsOf),
  );
  // Its own names alone, whatever a list says. The list is last but for its signature: without it nobody knows what went with it.
  const isFile = (key: string) => /^files\/[0-9a-f]{16}\/[^/]+$/.test(key.slice(prefix.length));
  const files = going.flatMap(({ kit }) => objectsOf(kit)).filter((key) => isFile(key) && !keeps.has(key));
  const lists = going.flatMap(({ key }) => [key, `${key}${signatureEnding}`]);
  return { going: going.length, removes: new Set([...files, ...lists]), keeps };
}

function stays(what: string, { message, remedy }: Failure): string {
  return `earlier kits stay, ${what}: ${message} ${remedy}`;
}
