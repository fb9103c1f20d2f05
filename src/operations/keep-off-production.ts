import { fail, type Outcome, succeed } from '../base/failure.ts';
import { isWithin } from '../base/file-place.ts';
import { type Check, failed, passed } from '../base/verdict.ts';
import type { ObjectInfo, StoreIdentity } from '../ports/object-store.ts';
import type { StoreLooks } from '../ports/world.ts';
import { blocker, isSetAside } from './open-targets.ts';

/** Enough that two stores do not hold them by chance. */
const comparedObjects = 20;

export function isSameStore(a: StoreIdentity, b: StoreIdentity): boolean {
  if (a.endpoint === b.endpoint && a.bucket === b.bucket) return true;
  return leadsInto(a, b) && leadsInto(b, a);
}

/** Of two folders: the first lies in the second, whatever link or mount leads there. */
function leadsInto({ place: inner }: StoreIdentity, { place: outer }: StoreIdentity): boolean {
  return inner !== undefined && outer !== undefined && isWithin(inner, outer);
}

/**
 * That a drill's store is not production. Two names may lead to one bucket, so it is told by identity, and where those
 * differ by what is in it: the same objects, written in the same moments. When in doubt the drill is refused, which is cheap.
 */
export async function keepOffProduction(stores: {
  readonly into: StoreLooks;
  readonly identity: StoreIdentity;
  readonly production: StoreLooks;
}): Promise<Check> {
  const { into, identity, production } = stores;
  const live = await production.access();
  if (!live.ok) return cannotTell(into, live.failure);
  if (isSameStore(live.value.identity, identity)) return isProduction(into, 'they have the same identity');
  if (leadsInto(identity, live.value.identity)) return isProduction(into, 'it lies in its folder');
  const alike = await holdsTheSame(into, production);
  if (!alike.ok) return cannotTell(into, alike.failure);
  if (alike.value !== undefined)
    return isProduction(
      into,
      `both begin with ${alike.value}, written in the same moment; empty the drill's store if it is a copy`,
    );
  return passed(`the drill's store ${into.address} is not production (${production.address})`);
}

function cannotTell(into: StoreLooks, failure: { readonly message: string; readonly remedy: string }): Check {
  return failed(
    `It cannot be shown that ${into.address} is not production: ${failure.message}`,
    failure.remedy,
  );
}

function isProduction(into: StoreLooks, why: string): Check {
  return blocker({
    code: 'production-target',
    message: `The drill's object store ${into.address} is production: ${why}.`,
    remedy: "Name a sandbox bucket or folder as the drill's object store.",
    retry: 'after-fix',
  });
}

/** @returns the first object of both, when all that were compared are the same; nothing in one of them is no likeness. */
async function holdsTheSame(one: StoreLooks, other: StoreLooks): Promise<Outcome<string | undefined>> {
  const [ours, theirs] = await Promise.all([firstObjects(one), firstObjects(other)]);
  if (!ours.ok) return ours;
  if (!theirs.ok) return theirs;
  const first = ours.value[0];
  if (first === undefined || ours.value.length !== theirs.value.length) return succeed(undefined);
  const alike = ours.value.every((object, index) => isSameObject(object, theirs.value[index]));
  return succeed(alike ? first.key : undefined);
}

function isSameObject(one: ObjectInfo, other: ObjectInfo | undefined): boolean {
  return (
    one.key === other?.key && one.sizeBytes === other.sizeBytes && one.modifiedAtMs === other.modifiedAtMs
  );
}

async function firstObjects(store: StoreLooks): Promise<Outcome<readonly ObjectInfo[]>> {
  const found: ObjectInfo[] = [];
  for await (const page of store.list({ prefix: '', sizesOnly: true })) {
    if (!page.ok) return fail(page.failure);
    // What a run has set aside stands in front of everything, and is in no copy of the objects.
    found.push(...page.value.filter(({ key }) => !isSetAside(key)));
    if (found.length >= comparedObjects) break;
  }
  return succeed(found.slice(0, comparedObjects));
}
