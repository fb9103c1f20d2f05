import { type Outcome, succeed } from '../../base/failure.ts';
import { formatSpan, formatTime } from '../../base/units.ts';
import { type Check, couldNotVerify, passed } from '../../base/verdict.ts';
import { needFact } from '../../kinds/fact.ts';
import { snapshotFact } from '../../kinds/facts.ts';
import type { StepOf } from '../../kinds/kind.ts';
import { type CheckContext, implementKind, type StepContext, stepId } from '../../kinds/kind.ts';
import { folderStore } from '../../kinds/targets.ts';
import { bringFiles } from '../../operations/bring-files.ts';
import { checkColdArchive, checkColdBelow } from '../../operations/check-cold.ts';
import { checkStorePair, type StorePair } from '../../operations/check-store-pair.ts';
import { type FoundFiles, filesStore, findFiles, missingBeside } from '../../operations/find-files.ts';
import { findSnapshots, pickSnapshot } from '../../operations/find-snapshots.ts';
import { leaveOutObjects } from '../../operations/leave-out.ts';
import { listAll, objectPrefix } from '../../operations/open-targets.ts';
import type { Placement } from '../../operations/overwrite-objects.ts';
import { judgePlaced, placeObjects, takeAway } from '../../operations/place-objects.ts';
import { comparesObjects, judgeUnlisted } from '../../operations/prove-mirror.ts';
import type { ObjectInfo, ObjectStore, ObjectStoreConfig } from '../../ports/object-store.ts';
import { bringObjectsKind } from './kind.ts';

type BringStep = StepOf<typeof bringObjectsKind>;
type Reach = Pick<StepContext<'stores'>, 'world' | 'targets' | 'mode' | 'runId'>;

/**
 * The objects of one bucket, from an archive of it or from a replica: only what differs is written, nothing is ever deleted.
 * A runbook may have one of these for each bucket.
 */
export const bringObjects = implementKind(bringObjectsKind, {
  async preview(step, context) {
    const to = targetOf(step, context);
    const { from } = step;
    return {
      sentences: [
        `Brings ${from.kind === 'archive' ? `what ${from.layout} holds` : `everything below ${from.prefix || 'the root'}`} from ${filesStore(from, context).address} to ${to?.address ?? 'nowhere'}.`,
        'Writes only what differs and deletes nothing there.',
        ...(context.mode === 'drill'
          ? []
          : [
              'Overwrites nothing live before the database is in place and you typed the name of the bucket; what is overwritten is kept.',
            ]),
      ],
      commands: [],
    };
  },

  async check(step, context) {
    const into = targetOf(step, context);
    if (into === undefined) return [];
    const from = filesStore(step.from, context);
    const live = context.world.openStore(step.into);
    const pair: StorePair = { from, into, ...(context.mode === 'drill' ? { production: live } : {}) };
    const checks = await checkStorePair(pair);
    if (checks.some(({ verdict }) => verdict === 'failed')) return checks;
    const source =
      step.from.kind === 'tree'
        ? await checkColdBelow(from, { prefix: step.from.prefix, step: stepId(step) })
        : await checkArchive(step, context);
    return [...checks, ...source];
  },

  async run(step, context) {
    const into = targetOf(step, context);
    if (into === undefined)
      return succeed({ kind: 'not-executed', reason: 'the runbook names no store for it in a drill' });
    const source = await openSource(step, context);
    if (!source.ok) return source;
    const ended = await placeObjects(placementOf(step, { into, source: source.value }, context), context);
    if (!ended.ok) return ended;
    return succeed(ended.value.kind === 'placed' ? { kind: 'done' } : ended.value);
  },

  liveStore: (step) => step.into,

  leaveOut: (step, context) => leaveOutObjects(stepId(step), context),

  async verify(step, context) {
    const into = targetOf(step, context);
    if (into === undefined) return succeed([]);
    const source = await openSource(step, context);
    if (!source.ok) return source;
    const placed = await judgePlaced(placementOf(step, { into, source: source.value }, context), context);
    return placed.ok ? succeed([...source.value.checks, ...placed.value]) : placed;
  },

  async cleanUp(step, context) {
    const into = targetOf(step, context);
    const prefix = prefixOf(step, context);
    return into === undefined || prefix === '' ? [] : takeAway(into, prefix, context);
  },
});

function targetOf<Store>(
  step: BringStep,
  context: Pick<Reach, 'mode'> & { readonly world: { openStore(config: ObjectStoreConfig): Store } },
): Store | undefined {
  const { mode, world } = context;
  const config = mode === 'drill' ? step.drillInto : step.into;
  return config === undefined ? undefined : world.openStore(config);
}

/** Buckets of several steps may be drilled into one: each has its own place there. */
function prefixOf(step: BringStep, context: Reach): string {
  const prefix = objectPrefix(context);
  return prefix === '' ? '' : `${prefix}${stepId(step)}/`;
}

type Source = {
  readonly from: ObjectStore;
  readonly objects: readonly ObjectInfo[];
  readonly toKey: (key: string) => string;
  /** What is known of it: how old it is, whether it is whole. */
  readonly checks: readonly Check[];
};

function placementOf(
  step: BringStep,
  ...[{ into, source }, context]: [
    { readonly into: ObjectStore; readonly source: Source },
    StepContext<'stores'>,
  ]
): Placement {
  return {
    stepId: stepId(step),
    from: source.from,
    to: into,
    objects: source.objects,
    prefix: prefixOf(step, context),
    toTargetKey: source.toKey,
    workers: step.workers,
    publicObjects: step.publicObjects,
    verb: 'write',
    liveName: context.mode === 'drill' ? undefined : context.world.nameStore(step.into).name,
    prove: async () => succeed(source.checks),
  };
}

async function openSource(
  step: BringStep,
  context: StepContext<'host' | 'stores' | 'keys' | 'trees'>,
): Promise<Outcome<Source>> {
  const { from } = step;
  const prefix = prefixOf(step, context);
  if (from.kind === 'tree') {
    const store = filesStore(from, context);
    const listed = await listAll(store, from.prefix, context.signal);
    if (!listed.ok) return listed;
    const toKey = (key: string) => `${prefix}${key.slice(from.prefix.length)}`;
    const where = `${store.address} (${from.prefix || 'all of it'})`;
    const known = judgeUnlisted(listed.value, { where, compared: comparesObjects(context.steps) });
    return succeed({ from: store, objects: listed.value, toKey, checks: [known] });
  }
  const snapshot = needFact(snapshotFact, context);
  const files = await findFiles(from, snapshot.key, context);
  if (!files.ok) return files;
  const folder = await unpack(step, files.value, context);
  if (!folder.ok) return folder;
  const store = context.world.openStore(folderStore(folder.value));
  const listed = await listAll(store, '', context.signal);
  if (!listed.ok) return listed;
  const toKey = (key: string) => `${prefix}${key.split('/').slice(from.strip).join('/')}`;
  return succeed({
    from: store,
    objects: listed.value,
    toKey,
    checks: [...emptyCheck(listed.value, files.value), ageCheck(files.value, snapshot.takenAtMs)],
  });
}

/** The folder stays in the work folder until the run ends, so that a retry and the comparison need not unpack again. */
async function unpack(
  step: BringStep,
  ...[files, context]: [FoundFiles, StepContext<'host' | 'stores' | 'keys' | 'trees'>]
): Promise<Outcome<string>> {
  const toFolder = context.workFile(`objects-${stepId(step)}`);
  const there = await context.world.trees.exists(toFolder);
  if (!there.ok) return there;
  if (there.value) return succeed(toFolder);
  const brought = await bringFiles({ step, files, toFolder }, context);
  return brought.ok ? succeed(toFolder) : brought;
}

/** An archive that was read to its end holds what was put into it; one that holds nothing may have been made of nothing. */
function emptyCheck(objects: readonly ObjectInfo[], files: FoundFiles): readonly Check[] {
  if (objects.length > 0) return [];
  const where = files.kind === 'archive' ? files.object.key : files.prefix;
  return [judgeUnlisted(objects, { where, compared: false })];
}

const farApartMs = 3_600_000;

/** An archive is of another moment than the dump: rows may name objects it does not hold yet. */
function ageCheck(files: FoundFiles, takenAtMs: number): Check {
  const apartMs = files.namedTimeMs - takenAtMs;
  const name = files.kind === 'archive' ? files.object.key : files.prefix;
  const when = `${name} is of ${formatTime(files.namedTimeMs)}`;
  if (Math.abs(apartMs) <= farApartMs) return passed(when);
  return couldNotVerify(
    `${when}, ${formatSpan(Math.abs(apartMs))} ${apartMs < 0 ? 'before' : 'after'} the dump`,
    'Look for rows whose objects came between the two.',
  );
}

async function checkArchive(
  step: BringStep,
  context: CheckContext<'host' | 'stores'>,
): Promise<readonly Check[]> {
  const snapshots = await findSnapshots(context);
  // What is wrong with the backup store is told by the step that chooses the snapshot.
  if (!snapshots.ok) return [];
  const picked = pickSnapshot(snapshots.value, context.wantedSnapshot ?? 'latest');
  if (!picked.ok) return [];
  const files = await findFiles(step.from, picked.value.key, context);
  if (!files.ok) return [missingBeside(files.failure, step)];
  const age = ageCheck(files.value, picked.value.takenAtMs);
  if (files.value.kind === 'tree') return [age];
  const { object } = files.value;
  const cold = await checkColdArchive(filesStore(step.from, context), { object, step: stepId(step) });
  return cold === undefined ? [age] : [age, cold];
}
