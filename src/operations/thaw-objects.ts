import { shorten } from '../backups/compare-inventories.ts';
import { sayCold } from '../backups/snapshot.ts';
import { isCold } from '../base/cold-storage.ts';
import { fail, type Outcome, succeed } from '../base/failure.ts';
import { formatBytes, formatCount } from '../base/units.ts';
import type { StepContext } from '../kinds/kind.ts';
import type { ObjectInfo, ObjectStore, ThawRequest } from '../ports/object-store.ts';
import type { StoreLooks } from '../ports/world.ts';

const askersAtOnce = 16;
/** The copy has to last for the restore and for a second one. */
const days = 7;
/** Looked at anew after a second, and ever later: it takes minutes at least, and a request costs. */
const longestPauseMs = 60_000;

/** Each as the store says it now; what cannot be asked for stays as it was known. */
export async function describeAll(
  store: Pick<StoreLooks, 'describe'>,
  objects: readonly ObjectInfo[],
): Promise<readonly ObjectInfo[]> {
  const found = new Map<string, ObjectInfo>();
  await eachOf(objects, async ({ key }) => {
    const now = await store.describe(key);
    if (now.ok && now.value !== undefined) found.set(key, now.value);
  });
  return objects.map((object) => found.get(object.key) ?? object);
}

async function eachOf<T>(items: readonly T[], act: (item: T) => Promise<void>): Promise<void> {
  const queue = items.values();
  const work = async () => {
    for (const item of queue) await act(item);
  };
  await Promise.all(Array.from({ length: Math.min(askersAtOnce, items.length) }, work));
}

/**
 * Objects in cold storage, brought where they can be read: asked for once with time and price, requested, and waited for. A request lives on
 * in the store when the run ends: whoever resumes finds it under way, or done, and is not asked again. Answers those that are still
 * cold since nobody wanted to wait.
 */
export async function thawObjects(
  thaw: { readonly store: ObjectStore; readonly objects: readonly ObjectInfo[]; readonly without: string },
  context: StepContext<'host'>,
): Promise<Outcome<readonly ObjectInfo[]>> {
  const { store, objects, without } = thaw;
  const cold = (await describeAll(store, objects.filter(isCold))).filter(isCold);
  const frozen = cold.filter(({ thaw: state }) => state !== 'under-way');
  let awaited = cold;
  if (frozen.length > 0) {
    const tier = await askTier(frozen, { context, without });
    if (!tier.ok) return tier;
    if (tier.value === undefined) awaited = cold.filter((object) => !frozen.includes(object));
    else {
      const asked = await request({ store, frozen, tier: tier.value }, context);
      if (!asked.ok) return asked;
    }
  }
  const waited = await waitFor({ store, objects: awaited }, context);
  return waited.ok ? succeed(cold.filter((object) => !awaited.includes(object))) : waited;
}

const tiers: Readonly<Record<string, ThawRequest['tier']>> = {
  bulk: 'Bulk',
  standard: 'Standard',
  expedited: 'Expedited',
};

async function askTier(
  frozen: readonly ObjectInfo[],
  { context, without }: { readonly context: StepContext<'host'>; readonly without: string },
): Promise<Outcome<ThawRequest['tier'] | undefined>> {
  const sizeBytes = frozen.reduce((sum, object) => sum + object.sizeBytes, 0);
  const isDeep = frozen.some(({ storageClass }) => storageClass?.startsWith('DEEP_ARCHIVE'));
  const [first] = frozen;
  const answer = await context.ask({
    kind: 'choose',
    id: `${context.stepId}.thaw`,
    stepId: context.stepId,
    title:
      frozen.length === 1 && first !== undefined
        ? `${first.key} is ${sayCold(first)} and cannot be read at once.`
        : `${formatCount(frozen.length)} objects are in cold storage and cannot be read at once.`,
    body: [
      `${formatCount(frozen.length)} objects, ${formatBytes(sizeBytes)}: ${shorten(frozen.map(({ key }) => key))}.`,
      `The store makes copies that can be read, and keeps them for ${days} days. It charges for each request and each GB, and for the room of the copies; prices are AWS's list prices, other stores have their own.`,
      'The walk waits until they are there. It can be stopped meanwhile: `thaw resume` goes on waiting, and nothing is asked for or paid twice.',
    ],
    choices: [
      {
        value: 'bulk',
        label: isDeep
          ? 'slowest and cheapest: within 48 hours, about 0.0025 USD a GB'
          : 'slowest and cheapest: 5 to 12 hours, free or nearly so',
      },
      {
        value: 'standard',
        label: isDeep
          ? 'within 12 hours, about 0.02 USD a GB and 0.10 USD a thousand objects'
          : '3 to 5 hours, about 0.01 USD a GB and 0.05 USD a thousand objects',
      },
      {
        value: 'expedited',
        label: '1 to 5 minutes, about 0.03 USD a GB and 10 USD a thousand objects',
        ...(isDeep ? { disabledBecause: 'DEEP_ARCHIVE knows nothing that quick' } : {}),
      },
      { value: 'without', label: without },
    ],
    preferred: 'without',
  });
  return answer.ok ? succeed(tiers[answer.value.value]) : answer;
}

async function request(
  order: {
    readonly store: ObjectStore;
    readonly frozen: readonly ObjectInfo[];
    readonly tier: ThawRequest['tier'];
  },
  context: StepContext,
): Promise<Outcome<void>> {
  const { store, frozen, tier } = order;
  const { thaw } = store;
  if (thaw === undefined)
    return fail({
      code: 'invalid-input',
      message: `${store.address} cannot be asked to bring anything back from cold storage.`,
      remedy: 'Bring it back with the tools of that store, then retry.',
      retry: 'after-fix',
    });
  const asked: Outcome<void>[] = [];
  await eachOf(frozen, async ({ key }) => {
    const answer = await thaw({ key, tier, days });
    if (answer.ok) context.output(`asked for ${key}, ${tier}`);
    asked.push(answer);
  });
  return asked.find((answer) => !answer.ok) ?? succeed(undefined);
}

async function waitFor(
  { store, objects }: { readonly store: ObjectStore; readonly objects: readonly ObjectInfo[] },
  { world: { host }, signal, progress, output }: StepContext<'host'>,
): Promise<Outcome<void>> {
  let waiting = objects;
  let pauseMs = 1000;
  if (waiting.length > 0) output(`waiting for ${formatCount(waiting.length)} objects from cold storage`);
  while (waiting.length > 0) {
    progress({
      label: 'thawed',
      done: objects.length - waiting.length,
      total: objects.length,
      unit: 'count',
    });
    await host.sleep(pauseMs, signal);
    if (signal.aborted) return fail(stoppedWaiting);
    pauseMs = Math.min(longestPauseMs, pauseMs * 2);
    waiting = (await describeAll(store, waiting)).filter(isCold);
  }
  return succeed(undefined);
}

const stoppedWaiting = {
  code: 'cancelled',
  message: 'The waiting for cold storage was stopped; what was asked for goes on in the store.',
  remedy: 'Go on with `thaw resume`, at any time within the days it stays.',
  retry: 'safe',
} as const;
