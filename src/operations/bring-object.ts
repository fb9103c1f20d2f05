import { layersOf } from '../backups/wrapping.ts';
import { type Failure, fail, type Outcome, succeed } from '../base/failure.ts';
import type { StepContext } from '../kinds/kind.ts';
import type { ObjectInfo } from '../ports/object-store.ts';
import { countTrouble, type NotCopied } from './copy-objects.ts';
import { backupStore } from './open-targets.ts';

const stallMs = 30_000;
const sideBySide = 4;

type Bringing = {
  readonly object: ObjectInfo;
  readonly toFile: string;
  /** Of a large one: its bytes are told under it while they come. */
  readonly label?: string;
};

/** One object of the backup store as a file without its wrapping. */
async function bringObject(
  context: StepContext<'host' | 'stores' | 'keys'>,
  request: Bringing,
): Promise<Outcome<void>> {
  const { object, toFile, label } = request;
  const layers = layersOf(object.key);
  const { host } = context.world;
  const wrapped = layers.length === 0 ? toFile : context.workFile(object.key.replaceAll('/', '_'));
  const show = (done: number) =>
    label === undefined
      ? undefined
      : context.progress({ label, done, total: object.sizeBytes, unit: 'bytes' });
  const downloaded = await host.download({
    from: backupStore(context),
    object,
    toFile: wrapped,
    stallMs,
    signal: context.signal,
    onProgress: show,
  });
  if (!downloaded.ok) return downloaded;
  if (layers.length === 0) return succeed(undefined);
  const unpacked = await context.world.openUnpacker(context.targets.backups.key).unpack({
    fromFile: wrapped,
    toFile,
    layers,
    signal: context.signal,
    onProgress: () => {},
  });
  if (!unpacked.ok) return unpacked;
  return removeWorkFile(context, wrapped);
}

/** A file of this run in the work folder, once it is not needed any more. */
export async function removeWorkFile(
  { guard, world }: Pick<StepContext<'host'>, 'guard' | 'world'>,
  path: string,
): Promise<Outcome<void>> {
  const permit = guard.removeFile(path);
  return permit.ok ? world.host.removeFile(permit.value) : permit;
}

/**
 * All that can be brought, a few at a time, with a list of what could not. Fails as a whole only when it is cancelled, or when nothing is
 * to be expected of the rest. What an earlier attempt has brought under its name is not read again: the folder must be of these very objects.
 */
export async function bringEach(
  items: readonly Bringing[],
  {
    context,
    ...request
  }: { readonly context: StepContext<'host' | 'stores' | 'keys'>; readonly label: string },
): Promise<Outcome<readonly NotCopied[]>> {
  const trouble = countTrouble();
  const failures: NotCopied[] = [];
  let [gone, done]: [Failure | undefined, number] = [undefined, 0];
  const queue = items.values();
  const work = async () => {
    for (const item of queue) {
      const ended = (await isThere(item, context)) ? succeed(undefined) : await bringObject(context, item);
      if (ended.ok) trouble.ended();
      else if (ended.failure.code === 'cancelled' || trouble.isHopeless(ended.failure)) gone = ended.failure;
      else failures.push({ object: item.object, failure: ended.failure });
      if (gone !== undefined) return;
      done += 1;
      context.progress({ label: request.label, done, total: items.length, unit: 'count' });
    }
  };
  await Promise.all(Array.from({ length: sideBySide }, work));
  return gone === undefined ? succeed(failures) : fail(gone);
}

/** A file gets its name when it is whole. */
async function isThere({ object, toFile }: Bringing, context: StepContext<'host'>): Promise<boolean> {
  const size = await context.world.host.fileSize(toFile);
  if (!size.ok || size.value === undefined) return false;
  return layersOf(object.key).length > 0 || size.value === object.sizeBytes;
}
