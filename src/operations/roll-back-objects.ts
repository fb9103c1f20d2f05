import { shorten } from '../backups/compare-inventories.ts';
import { fail, type Outcome, succeed } from '../base/failure.ts';
import { formatCount } from '../base/units.ts';
import { readFacts } from '../kinds/fact.ts';
import { type Overwriting, overwritingFact } from '../kinds/facts.ts';
import type { StepContext } from '../kinds/kind.ts';
import type { Patience } from '../kinds/patience.ts';
import type { Guard } from '../ports/guard.ts';
import type { ObjectInfo, ObjectStore } from '../ports/object-store.ts';
import { copyObjects, notCopied } from './copy-objects.ts';
import { isSameStore } from './keep-off-production.ts';
import { listAll } from './open-targets.ts';
import { setAside } from './overwrite-objects.ts';
import { sameContent } from './prove-content.ts';

const workers = 8;

/** A roll-back is agreed to as a whole, by the name of its database. */
export const rollBackQuestion = 'rollback';

type OfStep = { readonly id: string; readonly overwriting: Overwriting };

/** Objects that a run kept before it overwrote them, step by step; what a person reads before a roll-back or a discard. */
export function overwrittenObjects(facts: ReadonlyMap<string, unknown>): readonly OfStep[] {
  return readFacts(overwritingFact, facts).flatMap(({ id, value }) =>
    value.overwrote ? [{ id, overwriting: value }] : [],
  );
}

/**
 * The former objects back in their places. Those that stand there now are kept beside them, as the restored database is; what
 * was kept stays. Repeating it finds everything in its place.
 */
export async function rollBackObjects(of: {
  readonly facts: ReadonlyMap<string, unknown>;
  /** The live store of a step, by its id; undefined where the runbook has no such step any more. */
  readonly storeOf: (stepId: string) => ObjectStore | undefined;
  readonly guard: Pick<Guard, 'overwriteObject'>;
  readonly patience: Patience;
  readonly signal?: AbortSignal;
}): Promise<Outcome<readonly string[]>> {
  const said: string[] = [];
  for (const { id, overwriting } of overwrittenObjects(of.facts)) {
    const store = of.storeOf(id);
    if (store === undefined) return fail(elsewhere(overwriting));
    const access = await store.access(of.signal);
    if (!access.ok) return access;
    if (!isSameStore(access.value.identity, overwriting.store)) return fail(elsewhere(overwriting));
    const back = await bringBack(store, {
      overwriting,
      guard: of.guard,
      patience: of.patience,
      signal: of.signal ?? new AbortController().signal,
    });
    if (!back.ok) return back;
    said.push(back.value);
  }
  return succeed(said);
}

async function bringBack(
  store: ObjectStore,
  {
    overwriting,
    guard,
    patience,
    signal,
  }: {
    readonly overwriting: Overwriting;
    readonly guard: Pick<Guard, 'overwriteObject'>;
  } & Pick<StepContext, 'signal' | 'patience'>,
): Promise<Outcome<string>> {
  const { keptBelow, address } = overwriting;
  const undoneBelow = keptBelow.replace('before', 'undone');
  const kept = await listAll(store, keptBelow, signal);
  if (!kept.ok) return kept;
  const place = (key: string) => key.slice(keptBelow.length);
  const away: ObjectInfo[] = [];
  for (const object of kept.value) {
    const now = await store.describe(place(object.key));
    if (!now.ok) return now;
    if (!sameContent(object, now.value)) away.push(object);
  }
  const copied = await copyObjects({
    objects: away,
    from: store,
    to: store,
    toTargetKey: place,
    access: 'give',
    workers,
    before: async ({ key }) => {
      const now = await store.describe(place(key));
      if (!now.ok || now.value === undefined) return now.ok ? succeed(undefined) : now;
      const aside = await setAside({
        store,
        object: now.value,
        asKey: `${undoneBelow}${place(key)}`,
        signal,
      });
      return aside.ok ? guard.overwriteObject({ object: now.value, agreedIn: rollBackQuestion }) : aside;
    },
    onCopied: () => {},
    patience,
    signal,
  });
  if (!copied.ok) return copied;
  const { failures } = copied.value;
  if (failures.length > 0) return fail(notCopied(failures, kept.value.length, () => {}));
  const names = shorten(kept.value.map(({ key }) => place(key)));
  return succeed(
    `${formatCount(kept.value.length)} overwritten objects are the former ones again in ${address}: ${names}; the restored ones are kept below ${undoneBelow}`,
  );
}

function elsewhere({ address, keptBelow }: Overwriting) {
  return {
    code: 'mismatch',
    message: `The objects this run overwrote are in ${address}, and the runbook leads elsewhere now.`,
    remedy: `Give the values of that run, or copy them back by hand from below ${keptBelow}.`,
    retry: 'after-fix',
  } as const;
}
