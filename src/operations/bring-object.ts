import { layersOf } from '../backups/wrapping.ts';
import { type Outcome, succeed } from '../base/failure.ts';
import type { StepContext } from '../kinds/kind.ts';
import type { ObjectInfo } from '../ports/object-store.ts';
import { backupStore } from './open-targets.ts';

const stallMs = 30_000;
const sideBySide = 4;

/** One object of the backup store as a file without its wrapping. */
export async function bringObject(
  context: StepContext<'host' | 'stores' | 'keys'>,
  request: { readonly object: ObjectInfo; readonly toFile: string; readonly label?: string },
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

/** A few at a time; the first failure ends the rest. */
export async function bringInParallel<T>(
  items: readonly T[],
  act: (item: T) => Promise<Outcome<void>>,
): Promise<Outcome<void>> {
  const queue = [...items];
  const worker = async (): Promise<Outcome<void>> => {
    for (let item = queue.shift(); item !== undefined; item = queue.shift()) {
      const ended = await act(item);
      if (!ended.ok) {
        queue.length = 0;
        return ended;
      }
    }
    return succeed(undefined);
  };
  const ends = await Promise.all(Array.from({ length: sideBySide }, worker));
  return ends.find((end) => !end.ok) ?? succeed(undefined);
}
