import { fail, type Outcome, succeed } from '../../base/failure.ts';
import { formatBytes, formatCount } from '../../base/units.ts';
import { type Check, couldNotVerify, failed, passed } from '../../base/verdict.ts';
import { type CheckContext, type StepContext, type StepOf, stepId } from '../../kinds/kind.ts';
import { checkColdArchive, checkColdOf } from '../../operations/check-cold.ts';
import { type FoundFiles, filesStore, findFiles, missingBeside } from '../../operations/find-files.ts';
import { findSnapshots, pickSnapshot } from '../../operations/find-snapshots.ts';
import { blocker, unanswered } from '../../operations/open-targets.ts';
import type { StoreLooks } from '../../ports/world.ts';
import { checkVolume } from './check-volume.ts';
import { filesPlaces } from './files-places.ts';
import type { restoreFilesKind } from './kind.ts';

type FilesStep = StepOf<typeof restoreFilesKind>;

/** An archive for a moment stands packed, unpacked and as files. */
const archiveSpaceFactor = 3.5;
const tarHeadBytes = 512;

/** Are the files of the snapshot there, do they open, is there room, and does a drill keep away from the real ones. */
export async function checkFiles(
  step: FilesStep,
  context: CheckContext<'host' | 'stores' | 'keys' | 'trees' | 'services'>,
): Promise<readonly Check[]> {
  const { incoming } = filesPlaces(step, context);
  const apart = await keepApart(step, context);
  if (!apart.ok) return [blocker(apart.failure)];
  const key = step.which === 'newest' ? undefined : await candidateKey(context);
  // What is wrong with the backup store is told by the step that chooses the snapshot.
  if (key === undefined && step.which !== 'newest') return [];
  const files = await findFiles(step.from, key, context);
  if (!files.ok) return [missingBeside(files.failure, step)];
  return [
    ...(await checkPlace(step, context)),
    ...(await checkOwner(step, context)),
    ...(await checkOpens(step, files.value, context)),
    await checkRoom(files.value, incoming, context),
  ];
}

/** Found now, and not when everything is brought and the writers are stopped. */
async function checkPlace(step: FilesStep, context: CheckContext<'trees'>): Promise<readonly Check[]> {
  if (context.mode === 'drill' || step.swap === 'contents') return [];
  const { target } = filesPlaces(step, context);
  const found = await context.world.trees.isMountPoint(target);
  if (!found.ok) return [blocker(found.failure)];
  if (!found.value) return [];
  return [
    failed(
      `${target} is a mount point, which cannot be renamed.`,
      'Write `swap: contents` in this step of the runbook, or name a folder below it.',
    ),
  ];
}

/**
 * The folder that holds the live one, where it is not there: then what stands at that place is of nobody's making but ours. Docker knows of no
 * volume because a folder of its name was made, and a name with a slip in it looks the same.
 */
export async function missingPlace(
  step: FilesStep,
  context: Pick<CheckContext<'trees'>, 'mode' | 'runId' | 'workFile' | 'world'>,
): Promise<Outcome<string | undefined>> {
  const { target } = filesPlaces(step, context);
  const place = target.slice(0, target.lastIndexOf('/')) || '/';
  const there = await context.world.trees.exists(place);
  return there.ok ? succeed(there.value ? undefined : place) : there;
}

function placeUnknown({ target, place }: { readonly target: string; readonly place: string }): Check {
  return couldNotVerify(
    `${place} was not there: whether anybody mounts or reads ${target} is not known`,
    'Compare the name with what the services mount (docker volume ls, docker compose config), and correct `into`; on a new host make the volume first (docker volume create).',
  );
}

/** What is known of the volume says more than that its folder is missing. */
async function checkOwner(
  step: FilesStep,
  context: CheckContext<'trees' | 'services'>,
): Promise<readonly Check[]> {
  if (context.mode === 'drill') return [];
  const place = await missingPlace(step, context);
  if (!place.ok) return [blocker(place.failure)];
  return judgeOwner(step, { place: place.value, context });
}

/** Whether what stands there is anybody's: before, with the folder that is missing, and after, with the one that was. */
export async function judgeOwner(
  step: FilesStep,
  {
    place,
    context,
  }: {
    readonly place: string | undefined;
    readonly context: CheckContext<'services'> | StepContext<'services'>;
  },
): Promise<readonly Check[]> {
  const volume = await checkVolume(step, context);
  const isTold = volume.some(({ verdict }) => verdict === 'could-not-verify');
  if (place === undefined || isTold) return volume;
  return [...volume, placeUnknown({ target: filesPlaces(step, context).target, place })];
}

async function candidateKey(context: CheckContext<'host' | 'stores'>): Promise<string | undefined> {
  const snapshots = await findSnapshots(context);
  if (!snapshots.ok) return undefined;
  const picked = pickSnapshot(snapshots.value, context.wantedSnapshot ?? 'latest');
  return picked.ok ? picked.value.key : undefined;
}

async function checkOpens(
  step: FilesStep,
  ...[files, context]: [FoundFiles, CheckContext<'stores' | 'keys'>]
): Promise<readonly Check[]> {
  const store = filesStore(step.from, context);
  if (files.kind === 'tree') {
    const { objects, prefix } = files;
    const cold = await checkColdOf(store, { objects, step: stepId(step) });
    return [passed(`${formatCount(objects.length)} files below ${prefix}`), ...cold];
  }
  const cold = await checkColdArchive(store, { object: files.object, step: stepId(step) });
  return [cold ?? (await checkArchive({ files, store }, context))];
}

async function checkArchive(
  { files, store }: { readonly files: Extract<FoundFiles, { kind: 'archive' }>; readonly store: StoreLooks },
  context: CheckContext<'keys'>,
): Promise<Check> {
  const { key, sizeBytes } = files.object;
  const reading = await store.read({ key });
  if (!reading.ok) return blocker(reading.failure);
  const head = await context.world.openUnpacker(context.targets.backups.key).peek({
    body: reading.value.body,
    layers: files.layers,
    wantBytes: tarHeadBytes,
  });
  if (!head.ok) return blocker({ ...head.failure, message: `${key} does not open. ${head.failure.message}` });
  if (head.value.subarray(257, 262).toString('latin1') === 'ustar')
    return passed(`${key} opens: a tar archive of files, ${formatBytes(sizeBytes)}`);
  return failed(`${key} holds no tar archive.`, 'Correct the place of the files in the runbook.');
}

async function checkRoom(
  files: FoundFiles,
  ...[incoming, context]: [string, CheckContext<'host'>]
): Promise<Check> {
  const needBytes =
    files.kind === 'archive'
      ? files.object.sizeBytes * archiveSpaceFactor
      : files.objects.reduce((sum, object) => sum + object.sizeBytes, 0) * 1.1;
  const free = await context.world.host.freeBytes(incoming);
  if (!free.ok) return unanswered(free.failure);
  const found = `${formatBytes(free.value)} free for the files at ${incoming}, about ${formatBytes(needBytes)} needed`;
  return free.value >= needBytes
    ? passed(found)
    : failed(`Not enough space: ${found}.`, 'Free some space there.');
}

/** A drill writes nowhere into the real files, by whatever way its folder is written. */
export async function keepApart(
  step: FilesStep,
  context: Pick<CheckContext<'trees'>, 'mode' | 'runId' | 'workFile' | 'world'>,
): Promise<Outcome<void>> {
  if (context.mode !== 'drill') return succeed(undefined);
  const { target, incoming } = filesPlaces(step, context);
  const found = await context.world.trees.isWithin({ path: incoming, folder: target });
  if (!found.ok || !found.value) return found.ok ? succeed(undefined) : found;
  return fail({
    code: 'production-target',
    message: `The drill would write into ${target}, which is production: ${incoming} leads there.`,
    remedy: "Name another folder as the drill's place of the files (drillInto).",
    retry: 'after-fix',
  });
}
