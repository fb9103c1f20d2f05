import { shorten } from '../backups/compare-inventories.ts';
import { sayCold } from '../backups/snapshot.ts';
import { isCold } from '../base/cold-storage.ts';
import { formatCount } from '../base/units.ts';
import { type Check, couldNotVerify, passed } from '../base/verdict.ts';
import type { ObjectInfo } from '../ports/object-store.ts';
import type { StoreLooks } from '../ports/world.ts';
import { describeAll } from './thaw-objects.ts';

/** A preflight answers within seconds: so many keys are listed for it. */
const mostListed = 20_000;
/** A listing tells of no copy that was brought back; so many are asked for by themselves. */
const mostAsked = 50;

/** What below a prefix is in cold storage, told before anybody is stopped: of the first 20,000 keys. Empty where nothing ever was. */
export async function checkColdBelow(
  store: StoreLooks,
  { prefix, step }: { readonly prefix: string; readonly step: string },
): Promise<readonly Check[]> {
  const cold: ObjectInfo[] = [];
  let listed = 0;
  for await (const page of store.list({ prefix, sizesOnly: true })) {
    // What is wrong with the store is told by others.
    if (!page.ok) return [];
    listed += page.value.length;
    cold.push(...page.value.filter(isCold));
    if (listed >= mostListed) break;
  }
  const of = listed >= mostListed ? ` of the first ${formatCount(listed)}` : '';
  return checkColdOf(store, { objects: cold, step, of });
}

/**
 * The same of objects that were listed already.
 * @param about.of completes "3 objects": of how many, where not all were looked at.
 */
export async function checkColdOf(
  store: Pick<StoreLooks, 'describe'>,
  about: { readonly objects: readonly ObjectInfo[]; readonly step: string; readonly of?: string },
): Promise<readonly Check[]> {
  const cold = about.objects.filter(isCold);
  if (cold.length === 0) return [];
  const sample = (await describeAll(store, cold.slice(0, mostAsked))).filter(isCold);
  if (sample.length === 0)
    return [passed(`${formatCount(cold.length)} objects were brought back from cold storage`)];
  return [
    couldNotVerify(
      `${formatCount(cold.length)} objects${about.of ?? ''} are in cold storage: ${shorten(sample.map((object) => `${object.key} ${sayCold(object)}`))}`,
      remedyFor(about.step),
    ),
  ];
}

/** An archive of files or objects: whether it is one cannot be looked at before it is brought back. undefined where it can be read. */
export async function checkColdArchive(
  store: Pick<StoreLooks, 'describe'>,
  { object, step }: { readonly object: ObjectInfo; readonly step: string },
): Promise<Check | undefined> {
  if (!isCold(object)) return undefined;
  const [now = object] = await describeAll(store, [object]);
  return isCold(now)
    ? couldNotVerify(`${now.key} is ${sayCold(now)}: whether it opens cannot be tried`, remedyFor(step))
    : undefined;
}

function remedyFor(step: string): string {
  return `It takes hours: ask for them now (aws s3api restore-object), or let the step ask: --answer ${step}.thaw=standard.`;
}
