import { succeed } from '../base/failure.ts';
import { formatBytes, formatCount } from '../base/units.ts';
import { type Check, failed, passed } from '../base/verdict.ts';
import type { CheckContext, StepContext, StepHandler } from '../engine/step-handler.ts';
import type { ObjectStore } from '../ports/object-store.ts';
import { awkwardKeys, planMirror, reconcileObjects } from './compare-objects.ts';
import { copyObjects } from './copy-objects.ts';
import { manifestFact, mirroredFact, readFact, snapshotFact } from './facts.ts';
import { findSnapshots } from './find-snapshots.ts';
import { isSameStore, keepOffProduction } from './keep-off-production.ts';
import { backupStore, blocker, listAll, objectPrefix } from './open-targets.ts';
import { proveMirror } from './prove-mirror.ts';

/** From the backup's mirror to the live bucket: only what differs, and nothing is ever deleted there. */
export const mirrorObjects: StepHandler<'mirror-objects'> = {
  kind: 'mirror-objects',
  title: 'Mirror objects',
  afterCrash: 'run-again',

  async preview(_step, context) {
    const target = targetStore(context);
    return {
      sentences: [
        `Copies what differs from ${backupStore(context).address} (${sourcePrefix(context)}) to ${target?.address ?? 'nowhere'}${objectPrefix(context) === '' ? '' : ` below ${objectPrefix(context)}`}.`,
        'Deletes nothing there; objects that only the target has stay.',
      ],
      commands: [],
    };
  },

  check: checkStores,

  async run(step, context) {
    const source = backupStore(context);
    const target = targetStore(context);
    if (target === undefined)
      return succeed({ kind: 'not-executed', reason: 'no object store is declared for this mode' });
    const plan = await makePlan(context, source, target);
    if (!plan.ok) return plan;
    const { copy, equal, overwrites, sizeBytes } = plan.value;
    context.output(
      `${formatCount(copy.length)} objects to copy, ${formatBytes(sizeBytes)}; ${formatCount(equal)} equal already; ${formatCount(overwrites)} to overwrite`,
    );
    let done = 0;
    const copied = await copyObjects({
      objects: copy,
      from: source,
      to: target,
      toTargetKey: (key) => targetKey(context, key),
      workers: step.workers,
      signal: context.signal,
      onCopied: (object) => {
        done += 1;
        context.output(`${object.key}  ${formatBytes(object.sizeBytes)}`);
        context.progress({ label: 'mirrored', done, total: copy.length, unit: 'count' });
      },
    });
    if (!copied.ok) return copied;
    await context.record(mirroredFact.name, {
      prefix: objectPrefix(context),
      total: copy.length + equal,
      copied: copy.length,
      overwritten: overwrites,
      sizeBytes,
    });
    return succeed({ kind: 'done' });
  },

  async verify(_step, context) {
    const target = targetStore(context);
    if (target === undefined) return succeed([]);
    const [expected, found] = await Promise.all([
      listAll(backupStore(context), sourcePrefix(context), context.signal),
      listAll(target, objectPrefix(context), context.signal),
    ]);
    if (!expected.ok) return expected;
    if (!found.ok) return found;
    const snapshots = await findSnapshots(context);
    const chosen = readFact(snapshotFact, context);
    const mirror = await proveMirror({
      store: backupStore(context),
      prefix: sourcePrefix(context),
      mirror: expected.value,
      manifest: readFact(manifestFact, context),
      // A listing dates a snapshot by its upload, later than its manifest does: it must not come after itself.
      laterSnapshots:
        snapshots.ok &&
        snapshots.value.some(
          ({ key, takenAtMs }) => key !== chosen?.key && takenAtMs > (chosen?.takenAtMs ?? 0),
        ),
    });
    if (!mirror.ok) return mirror;
    const toTargetKey = (key: string) => targetKey(context, key);
    return succeed([
      ...mirror.value,
      ...reconcileObjects({ source: expected.value, target: found.value, toTargetKey }),
    ]);
  },

  async cleanUp(_step, context) {
    const target = targetStore(context);
    const prefix = objectPrefix(context);
    if (target === undefined || prefix === '') return [];
    const listed = await listAll(target, prefix);
    if (!listed.ok)
      return [
        failed(`the drill's objects are still there: ${listed.failure.message}`, listed.failure.remedy),
      ];
    for (const object of listed.value) {
      const removed = await target.remove(object.key);
      if (!removed.ok)
        return [
          failed(`the drill's objects are still there: ${removed.failure.message}`, removed.failure.remedy),
        ];
    }
    return [
      passed(`${formatCount(listed.value.length)} objects of the drill removed from ${target.address}`),
    ];
  },
};

type Reach = Pick<StepContext, 'world' | 'targets' | 'mode' | 'runId'>;

function targetStore(context: Reach): ObjectStore | undefined {
  const config = context.targets.acting.objects;
  return config === undefined ? undefined : context.world.openStore(config);
}

function sourcePrefix(context: Reach): string {
  return context.targets.backups.objectsPrefix ?? '';
}

function targetKey(context: Reach, key: string): string {
  return `${objectPrefix(context)}${key.slice(sourcePrefix(context).length)}`;
}

async function makePlan(context: StepContext, ...[source, target]: [ObjectStore, ObjectStore]) {
  const [from, to] = await Promise.all([
    listAll(source, sourcePrefix(context), context.signal),
    listAll(target, objectPrefix(context), context.signal),
  ]);
  if (!from.ok) return from;
  if (!to.ok) return to;
  for (const awkward of awkwardKeys(from.value)) context.output(`MinIO cannot hold this: ${awkward}`);
  return succeed(
    planMirror({ source: from.value, target: to.value, toTargetKey: (key) => targetKey(context, key) }),
  );
}

async function checkStores(_step: unknown, context: CheckContext): Promise<readonly Check[]> {
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
  if (context.mode !== 'drill') return [passed(`${target.address} answers`)];
  const { objects } = context.targets.production;
  if (objects === undefined) return [passed(`${target.address} answers; production has no object store`)];
  const production = context.world.openStore(objects);
  return [await keepOffProduction({ into: target, identity: access.value.identity, production })];
}
