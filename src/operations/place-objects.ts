import { type Failure, fail, type Outcome, succeed } from '../base/failure.ts';
import { formatBytes, formatCount } from '../base/units.ts';
import { type Check, failed, passed } from '../base/verdict.ts';
import { readFact } from '../kinds/fact.ts';
import { notCopiedFact, overwritingFact, provenContentFact } from '../kinds/facts.ts';
import type { StepContext, StepEnd } from '../kinds/kind.ts';
import type { ObjectInfo, ObjectStore } from '../ports/object-store.ts';
import { type Comparison, compareObjects, judgeObjects } from './compare-objects.ts';
import { compareProperties, judgeProperties } from './compare-properties.ts';
import { type CopyReport, copyObjects, notCopied } from './copy-objects.ts';
import { copyThawing } from './copy-thawing.ts';
import { readLeftOut } from './leave-out.ts';
import { listAll } from './open-targets.ts';
import { decideOverwriting, keepFirst, type Placement, wayBack } from './overwrite-objects.ts';

type Placed = { readonly copied: number; readonly overwritten: number; readonly sizeBytes: number };

/**
 * What is missing is copied at once. What differs from the live objects waits for the database, for the proof and for the name of the
 * bucket, and each of them is kept first. What could not be copied is told in the end, all of it.
 */
export async function placeObjects(
  placement: Placement,
  context: StepContext<'host' | 'databases' | 'services'>,
): Promise<Outcome<StepEnd | { readonly kind: 'placed'; readonly placed: Placed }>> {
  const found = await look(placement, context);
  if (!found.ok) return found;
  const {
    missing,
    different,
    unknown,
    extra: _,
    equalPairs: __,
    ...rest
  } = without(found.value, readLeftOut(placement.stepId, context)?.keys);
  const equal = Object.values(rest.equal).reduce((sum, count) => sum + count, 0);
  const isLive = placement.liveName !== undefined;
  // Copying once too often harms nothing where everything is the drill's own.
  const replaced = [...different, ...(isLive ? [] : unknown)];
  const first = isLive ? missing : [...missing, ...replaced.map(({ source }) => source)];
  const differ = isLive ? 'differ from the live ones' : 'to overwrite';
  context.output(
    `${formatCount(first.length)} objects to ${placement.verb}, ${formatBytes(sizeOf(first))}; ${formatCount(equal)} equal already${replaced.length === 0 ? '' : `; ${formatCount(replaced.length)} ${differ}`}`,
  );
  const copied = await copyThawing(
    { store: placement.from, objects: first, copy: (objects) => copy(placement, { objects }, context) },
    context,
  );
  if (!copied.ok) return copied;
  const decided =
    isLive && different.length > 0
      ? await decideOverwriting(placement, different, context)
      : succeed('keep' as const);
  if (!decided.ok) return decided;
  if (decided.value === 'wait')
    return succeed({ kind: 'waits', reason: 'objects that differ wait until the database is in place' });
  const overwrite = decided.value === 'overwrite' ? different : [];
  const before = keepFirst(placement, overwrite, context);
  const overwritten = await copy(
    placement,
    { objects: overwrite.map(({ source }) => source), before },
    context,
  );
  if (!overwritten.ok) return overwritten;
  const failures = [...copied.value.failures, ...overwritten.value.failures];
  await context.record(
    notCopiedFact(placement.stepId),
    failures.map(({ object }) => object.key),
  );
  if (failures.length > 0) return fail(notCopied(failures, placement.objects.length, context.output));
  const written = isLive ? overwrite.map(({ source }) => source) : replaced.map(({ source }) => source);
  return succeed({
    kind: 'placed',
    placed: {
      copied: isLive ? first.length + written.length : first.length,
      overwritten: written.length,
      sizeBytes: sizeOf(isLive ? [...first, ...written] : first),
    },
  });
}

/** What is there now, object by object. */
export async function judgePlaced(
  placement: Placement,
  context: StepContext,
): Promise<Outcome<readonly Check[]>> {
  const found = await look(placement, context);
  if (!found.ok) return found;
  const agreed = readFact(overwritingFact(placement.stepId), context);
  const { from, to, liveName, publicObjects } = placement;
  const properties = await compareProperties({
    pairs: found.value.equalPairs,
    from,
    to,
    accessSettled: liveName === undefined && publicObjects === 'keep',
    signal: context.signal,
  });
  const content = judgeObjects(found.value, {
    leftOut: readLeftOut(placement.stepId, context),
    keptLive:
      agreed?.decision === 'keep'
        ? {
            keys: new Set(agreed.keys),
            why: 'Compare them with the backup by hand, and decide which are right.',
          }
        : undefined,
  });
  const checks = [...content, ...judgeProperties(properties)];
  if (agreed === undefined) return succeed(checks);
  const kept = await listAll(placement.to, agreed.keptBelow, context.signal);
  if (!kept.ok) return kept;
  if (kept.value.length === 0) return succeed(checks);
  return succeed([
    ...checks,
    passed(
      `${formatCount(kept.value.length)} overwritten objects are kept below ${agreed.keptBelow} in ${agreed.address}; ${wayBack(context)}`,
    ),
  ]);
}

async function look(placement: Placement, context: StepContext): Promise<Outcome<Comparison>> {
  const { stepId, from, to, objects, prefix, toTargetKey } = placement;
  const { signal, output } = context;
  const target = await listAll(to, prefix, signal);
  if (!target.ok) return target;
  const proofs = new Set(readFact(provenContentFact(stepId), context) ?? []);
  const found = await compareObjects({
    source: objects,
    target: target.value,
    toTargetKey,
    from,
    to,
    proofs,
    onLine: output,
    signal,
  });
  if (found.ok) await addProofs(placement, found.value.proofs, context);
  return found;
}

/** Nobody copies what a person said to leave out. */
function without(found: Comparison, left: ReadonlySet<string> = new Set()): Comparison {
  return {
    ...found,
    missing: found.missing.filter(({ key }) => !left.has(key)),
    different: found.different.filter(({ source }) => !left.has(source.key)),
  };
}

async function copy(
  placement: Placement,
  ...[what, context]: [Pick<Parameters<typeof copyObjects>[0], 'objects' | 'before'>, StepContext]
): Promise<Outcome<CopyReport>> {
  const { from, to, toTargetKey, workers, liveName, publicObjects } = placement;
  let done = 0;
  const copied = await copyObjects({
    ...what,
    from,
    to,
    toTargetKey,
    access: liveName !== undefined && publicObjects === 'keep' ? 'give' : 'drop',
    workers,
    signal: context.signal,
    patience: context.patience,
    onCopied: (object) => {
      done += 1;
      const how = what.before === undefined ? '' : 'kept and overwritten  ';
      context.output(`${how}${object.key}  ${formatBytes(object.sizeBytes)}`);
      context.progress({ label: 'copied', done, total: what.objects.length, unit: 'count' });
    },
  });
  if (copied.ok) await addProofs(placement, copied.value.proofs, context);
  return copied;
}

async function addProofs(
  { stepId }: Placement,
  ...[more, context]: [readonly string[], StepContext]
): Promise<void> {
  if (more.length === 0) return;
  const known = readFact(provenContentFact(stepId), context) ?? [];
  await context.record(provenContentFact(stepId), [...new Set([...known, ...more])]);
}

function sizeOf(objects: readonly ObjectInfo[]): number {
  return objects.reduce((sum, object) => sum + object.sizeBytes, 0);
}

/** What a drill put below its own prefix. One that stays does not keep the others. */
export async function takeAway(
  store: ObjectStore,
  ...[prefix, { guard }]: [string, Pick<StepContext, 'guard'>]
): Promise<readonly Check[]> {
  const listed = await listAll(store, prefix);
  if (!listed.ok)
    return [failed(`the drill's objects are still there: ${listed.failure.message}`, listed.failure.remedy)];
  const stay: Failure[] = [];
  for (const { key } of listed.value) {
    const permit = guard.removeObject(key);
    const removed = permit.ok ? await store.remove(permit.value) : permit;
    if (!removed.ok) stay.push(removed.failure);
  }
  const [first] = stay;
  if (first === undefined)
    return [passed(`${formatCount(listed.value.length)} objects of the drill removed from ${store.address}`)];
  return [
    failed(
      `${formatCount(stay.length)} of the drill's ${formatCount(listed.value.length)} objects are still there: ${first.message}`,
      first.remedy,
    ),
  ];
}
