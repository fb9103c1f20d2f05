import { type Failure, fail, type Outcome, succeed } from '../base/failure.ts';
import { formatBytes } from '../base/units.ts';
import type { ObjectInfo, ObjectStore } from '../ports/object-store.ts';

/** How often one object is tried before the mirror gives up; each store already retries single requests. */
const attempts = 3;

/**
 * Copies objects with several workers. Ends at the first object that cannot be copied; what was copied stays, and the next
 * attempt copies only what is still missing.
 */
export async function copyObjects(request: {
  readonly objects: readonly ObjectInfo[];
  readonly from: ObjectStore;
  readonly to: ObjectStore;
  readonly toTargetKey: (key: string) => string;
  readonly workers: number;
  readonly onCopied: (object: ObjectInfo) => void;
  /** Says yes to a failure that ends nothing: in a store that people use, objects go away and change while they are copied. */
  readonly tolerate?: (failure: Failure) => boolean;
  readonly signal: AbortSignal;
}): Promise<Outcome<void>> {
  let next = 0;
  const failures: Failure[] = [];
  async function work() {
    while (failures.length === 0 && !request.signal.aborted) {
      const object = request.objects[next];
      next += 1;
      if (object === undefined) return;
      const copied = await copyPatiently(request, object);
      if (copied.ok) request.onCopied(object);
      else if (!request.tolerate?.(copied.failure)) failures.push(copied.failure);
    }
  }
  await Promise.all(Array.from({ length: Math.min(request.workers, request.objects.length) }, work));
  const failure = failures[0];
  if (failure !== undefined) return fail(failure);
  if (!request.signal.aborted) return succeed(undefined);
  return fail({
    code: 'cancelled',
    message: `The mirror was stopped after ${next} of ${request.objects.length} objects.`,
    remedy: 'Go on with `thaw resume`; only what is missing is copied.',
    retry: 'safe',
  });
}

type Copy = Pick<Parameters<typeof copyObjects>[0], 'from' | 'to' | 'toTargetKey' | 'signal'>;

async function copyPatiently(copy: Copy, object: ObjectInfo): Promise<Outcome<void>> {
  for (let attempt = 1; ; attempt += 1) {
    const copied = await copyOne(copy, object);
    if (copied.ok || copied.failure.retry !== 'safe' || attempt === attempts || copy.signal.aborted)
      return copied;
  }
}

async function copyOne({ from, to, toTargetKey, signal }: Copy, object: ObjectInfo): Promise<Outcome<void>> {
  const reading = await from.read({
    key: object.key,
    signal,
    ...(object.etag === undefined ? {} : { ifMatch: object.etag }),
  });
  if (!reading.ok) return reading;
  const written = await to.write({
    key: toTargetKey(object.key),
    body: reading.value.body,
    sizeBytes: reading.value.info.sizeBytes,
    attributes: reading.value.attributes,
    signal,
  });
  reading.value.body.destroy();
  if (!written.ok) return written;
  // Without a tag there is no saying which version was asked for: then the one that came has to have arrived whole.
  const expectedBytes = object.etag === undefined ? reading.value.info.sizeBytes : object.sizeBytes;
  if (written.value.sizeBytes === expectedBytes) return succeed(undefined);
  return fail({
    code: 'damaged',
    message: `${object.key} arrived with ${formatBytes(written.value.sizeBytes)} instead of ${formatBytes(expectedBytes)}.`,
    remedy: 'Retry.',
    retry: 'safe',
  });
}
