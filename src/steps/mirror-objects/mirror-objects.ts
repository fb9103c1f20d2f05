import { type Outcome, succeed } from '../../base/failure.ts';
import { type Check, failed, passed } from '../../base/verdict.ts';
import { readFact } from '../../kinds/fact.ts';
import { manifestFact, mirroredFact, snapshotFact } from '../../kinds/facts.ts';
import type { StepOf } from '../../kinds/kind.ts';
import { type CheckContext, implementKind, type StepContext, stepId } from '../../kinds/kind.ts';
import { checkColdBelow } from '../../operations/check-cold.ts';
import { awkwardKeys } from '../../operations/compare-objects.ts';
import { findSnapshots } from '../../operations/find-snapshots.ts';
import { isSameStore, keepOffProduction } from '../../operations/keep-off-production.ts';
import { leaveOutObjects } from '../../operations/leave-out.ts';
import {
  backupStore,
  blocker,
  listAll,
  objectPrefix,
  sayCredentials,
  targetStore,
} from '../../operations/open-targets.ts';
import type { Placement } from '../../operations/overwrite-objects.ts';
import { judgePlaced, placeObjects, takeAway } from '../../operations/place-objects.ts';
import { comparesObjects, proveMirror } from '../../operations/prove-mirror.ts';
import type { ObjectInfo } from '../../ports/object-store.ts';
import { mirrorObjectsKind } from './kind.ts';

/** From the backup's mirror to the live bucket: only what differs, and nothing is ever deleted there. */
export const mirrorObjects = implementKind(mirrorObjectsKind, {
  async preview(_step, context) {
    const target = targetStore(context);
    return {
      sentences: [
        `Copies what differs from ${backupStore(context).address} (${sourcePrefix(context)}) to ${target?.address ?? 'nowhere'}${objectPrefix(context) === '' ? '' : ` below ${objectPrefix(context)}`}.`,
        'Deletes nothing there; objects that only the target has stay.',
        ...(context.mode === 'drill'
          ? []
          : [
              'Overwrites nothing live before the database is in place and you typed the name of the bucket; what is overwritten is kept.',
            ]),
      ],
      commands: [],
    };
  },

  check: checkStores,

  async run(step, context) {
    const placement = await placementOf(step, context);
    if (!placement.ok) return placement;
    if (placement.value === undefined)
      return succeed({ kind: 'not-executed', reason: 'no object store is declared for this mode' });
    for (const awkward of awkwardKeys(placement.value.objects))
      context.output(`MinIO cannot hold this: ${awkward}`);
    const ended = await placeObjects(placement.value, context);
    if (!ended.ok) return ended;
    if (ended.value.kind !== 'placed') return succeed(ended.value);
    await context.record(mirroredFact, {
      prefix: objectPrefix(context),
      total: placement.value.objects.length,
      ...ended.value.placed,
    });
    return succeed({ kind: 'done' });
  },

  liveStore: (_step, { production }) => production.objects,

  leaveOut: (step, context) => leaveOutObjects(stepId(step), context),

  async verify(step, context) {
    const placement = await placementOf(step, context);
    if (!placement.ok) return placement;
    if (placement.value === undefined) return succeed([]);
    const mirror = await placement.value.prove();
    if (!mirror.ok) return mirror;
    const placed = await judgePlaced(placement.value, context);
    return placed.ok ? succeed([...mirror.value, ...placed.value]) : placed;
  },

  async cleanUp(_step, context) {
    const target = targetStore(context);
    const prefix = objectPrefix(context);
    return target === undefined || prefix === '' ? [] : takeAway(target, prefix, context);
  },
});

type Reach = Pick<StepContext, 'world' | 'targets' | 'mode' | 'runId'>;

function sourcePrefix(context: Pick<CheckContext, 'targets'>): string {
  return context.targets.backups.objectsPrefix ?? '';
}

function targetKey(context: Reach, key: string): string {
  return `${objectPrefix(context)}${key.slice(sourcePrefix(context).length)}`;
}

async function placementOf(
  step: StepOf<typeof mirrorObjectsKind>,
  context: StepContext<'host' | 'stores'>,
): Promise<Outcome<Placement | undefined>> {
  const { objects: config } = context.targets.target;
  if (config === undefined) return succeed(undefined);
  const from = backupStore(context);
  const listed = await listAll(from, sourcePrefix(context), context.signal);
  if (!listed.ok) return listed;
  return succeed({
    stepId: stepId(step),
    from,
    to: context.world.openStore(config),
    objects: listed.value,
    prefix: objectPrefix(context),
    toTargetKey: (key) => targetKey(context, key),
    workers: step.workers,
    publicObjects: step.publicObjects,
    verb: 'copy',
    liveName: context.mode === 'drill' ? undefined : context.world.nameStore(config).name,
    prove: () => proveSource(listed.value, context),
  });
}

async function proveSource(mirror: readonly ObjectInfo[], context: StepContext<'host' | 'stores'>) {
  return proveMirror({
    store: backupStore(context),
    prefix: sourcePrefix(context),
    mirror,
    manifest: readFact(manifestFact, context),
    hasLater: () => hasLaterSnapshot(context),
    compared: comparesObjects(context.steps),
  });
}

/** A listing dates a snapshot by its upload, later than its manifest does: it must not come after itself. */
async function hasLaterSnapshot(context: StepContext<'host' | 'stores'>): Promise<boolean> {
  const snapshots = await findSnapshots(context);
  const chosen = readFact(snapshotFact, context);
  return (
    snapshots.ok &&
    snapshots.value.some(({ key, takenAtMs }) => key !== chosen?.key && takenAtMs > (chosen?.takenAtMs ?? 0))
  );
}

async function checkStores(
  step: StepOf<typeof mirrorObjectsKind>,
  context: CheckContext<'stores'>,
): Promise<readonly Check[]> {
  const target = targetStore(context);
  if (target === undefined) return [];
  const access = await target.access();
  if (!access.ok) return [blocker(access.failure)];
  const source = await backupStore(context).access();
  // What is wrong with the backup store is told by the step that chooses the snapshot.
  if (source.ok && isSameStore(source.value.identity, access.value.identity)) {
    return [
      failed(
        `${target.address} is the backup store itself.`,
        'Name the live bucket as the target; a restore never writes to its backups.',
      ),
    ];
  }
  const cold = source.ok
    ? await checkColdBelow(backupStore(context), { prefix: sourcePrefix(context), step: stepId(step) })
    : [];
  const before = [...sayCredentials(target, access.value), ...cold];
  if (context.mode !== 'drill') return [...before, passed(`${target.address} answers`)];
  const { objects } = context.targets.production;
  if (objects === undefined)
    return [...before, passed(`${target.address} answers; production has no object store`)];
  const production = context.world.openStore(objects);
  return [...before, await keepOffProduction({ into: target, identity: access.value.identity, production })];
}
