import { shorten } from '../backups/compare-inventories.ts';
import { type Failure, fail, type Outcome, succeed } from '../base/failure.ts';
import type { Permit } from '../base/permit.ts';
import { formatBytes, formatCount } from '../base/units.ts';
import type { Patience } from '../kinds/patience.ts';
import type { ObjectInfo, ObjectStore, Replaced } from '../ports/object-store.ts';
import { type AccessOnTheWay, carryAttributes } from './object-access.ts';
import { hashWhileRead, isContentTag, proofMark } from './prove-content.ts';

/** How often one object is tried before it is given up; each store already retries single requests. */
const attempts = 3;

/** So many in a row, with none that succeeds between them: nobody answers, or there is no room, and going on is no use. */
const hopeless = 5;
const troubleOfAll: ReadonlySet<Failure['code']> = new Set([
  'unreachable',
  'stalled',
  'out-of-space',
  'tool-missing',
]);

/** Objects up to this size have the MD5 of their content as tag in every store that has tags of content at all. */
const alwaysWholeBytes = 5 * 1024 * 1024;

/** Counts failures in a row, of all workers together: says when nothing is to be expected of the rest. */
export function countTrouble(): {
  readonly ended: () => void;
  readonly isHopeless: (failure: Failure) => boolean;
} {
  let inARow = 0;
  return {
    ended: () => {
      inARow = 0;
    },
    isHopeless: ({ code }) => {
      inARow = troubleOfAll.has(code) ? inARow + 1 : 0;
      return inARow >= hopeless;
    },
  };
}

export type NotCopied = { readonly object: ObjectInfo; readonly failure: Failure };

export type CopyReport = {
  readonly failures: readonly NotCopied[];
  /** Marks of what was proven while it was copied, where the tags alone would not tell (`proofMark`). */
  readonly proofs: readonly string[];
};

/**
 * Copies objects with several workers: all that can be copied, with a list of what could not. Fails as a whole only when it is
 * cancelled, or when nothing is to be expected of the rest. What was copied stays, and the next attempt copies only what is missing.
 */
export async function copyObjects(request: {
  readonly objects: readonly ObjectInfo[];
  readonly from: Pick<ObjectStore, 'read'>;
  readonly to: Pick<ObjectStore, 'write'>;
  readonly toTargetKey: (key: string) => string;
  readonly workers: number;
  readonly onCopied: (object: ObjectInfo) => void;
  readonly access: AccessOnTheWay;
  /** Done before an object is written, with leave for what stands in its place; its failure is that of the object. */
  readonly before?: (object: ObjectInfo) => Promise<Outcome<Permit<Replaced> | undefined>>;
  /** Says yes to a failure that counts for nothing: in a store that people use, objects go away and change while they are copied. */
  readonly tolerate?: (failure: Failure) => boolean;
  readonly signal: AbortSignal;
  readonly patience: Patience;
}): Promise<Outcome<CopyReport>> {
  const luck: Luck = { successes: 0, troubleSinceMs: undefined };
  let next = 0;
  const trouble = countTrouble();
  let gone: Failure | undefined;
  const failures: NotCopied[] = [];
  const proofs: string[] = [];
  async function work() {
    while (gone === undefined && !request.signal.aborted) {
      const object = request.objects[next];
      next += 1;
      if (object === undefined) return;
      const copied = await copyPatiently({ ...request, luck }, object);
      if (copied.ok) {
        trouble.ended();
        luck.successes += 1;
        luck.troubleSinceMs = undefined;
        if (copied.value.proof !== undefined) proofs.push(copied.value.proof);
        request.onCopied(object);
      } else if (!request.tolerate?.(copied.failure)) {
        failures.push({ object, failure: copied.failure });
        if (trouble.isHopeless(copied.failure)) gone = copied.failure;
      }
    }
  }
  await Promise.all(Array.from({ length: Math.min(request.workers, request.objects.length) }, work));
  if (gone !== undefined) return fail(gone);
  if (!request.signal.aborted) return succeed({ failures, proofs });
  return fail({
    code: 'cancelled',
    message: `The copying was stopped after ${next} of ${request.objects.length} objects.`,
    remedy: 'Go on with `thaw resume`; only what is missing is copied.',
    retry: 'safe',
  });
}

/** All that failed as one failure, which is decided about once. The first few are named here, all of them by `onLine`. */
export function notCopied(
  failures: readonly NotCopied[],
  ...[total, onLine]: [number, (line: string) => void]
): Failure {
  for (const { object, failure } of failures) onLine(`not copied  ${object.key}: ${failure.message}`);
  const codes = new Set(failures.map(({ failure }) => failure.code));
  const first = failures[0]?.failure;
  const keys = shorten(failures.map(({ object }) => object.key));
  return {
    code: codes.size === 1 && first !== undefined ? first.code : 'command-failed',
    message:
      `${formatCount(failures.length)} of ${formatCount(total)} objects could not be copied: ${keys}. ${first?.message ?? ''}`.trim(),
    remedy: `${first?.remedy ?? ''} A retry copies only what is missing.`.trim(),
    retry: failures.every(({ failure }) => failure.retry === 'safe') ? 'safe' : 'after-fix',
    detail: failures
      .slice(0, 20)
      .map(({ object, failure }) => `${object.key}: ${failure.message}`)
      .join('\n'),
  };
}

type Copy = Pick<
  Parameters<typeof copyObjects>[0],
  'from' | 'to' | 'toTargetKey' | 'signal' | 'before' | 'access'
>;
type Copied = { readonly proof?: string };
/** Of all workers together. */
type Luck = {
  successes: number;
  /** The first failure since the last success, when it was told: a store that falls silent says so late, and that is no time that was waited. */
  troubleSinceMs: number | undefined;
};

const firstPauseMs = 500;
const longestPauseMs = 10_000;

/**
 * Three times, where others succeed meanwhile: then it is the object. Where nobody does it is the store, and it is waited for as long as
 * there is patience: a store that restarts, or an outage of a minute, ends no restore of hours.
 */
async function copyPatiently(
  copy: Copy & Pick<Parameters<typeof copyObjects>[0], 'patience'> & { readonly luck: Luck },
  object: ObjectInfo,
): Promise<Outcome<Copied>> {
  const { patience, luck } = copy;
  let [strikes, pauseMs] = [0, firstPauseMs];
  let successes: number | undefined;
  for (;;) {
    const ready = (await copy.before?.(object)) ?? succeed(undefined);
    const copied = ready.ok ? await copyOne({ ...copy, over: ready.value }, object) : ready;
    if (copied.ok || copied.failure.retry !== 'safe' || copy.signal.aborted) return copied;
    const { code, message } = copied.failure;
    const mayBeStore = code === 'unreachable' || code === 'stalled';
    if (!mayBeStore || (successes !== undefined && luck.successes > successes)) strikes += 1;
    successes = luck.successes;
    if (strikes >= (mayBeStore ? attempts - 1 : attempts)) return copied;
    if (!mayBeStore) continue;
    luck.troubleSinceMs ??= patience.now();
    if (patience.now() - luck.troubleSinceMs >= patience.lastsMs) return copied;
    await patience.pause(pauseMs, message);
    pauseMs = Math.min(longestPauseMs, pauseMs * 2);
  }
}

/** One object, whole. Its proof is there when the bytes that were read are known to be those that are there now. */
export async function copyOne(
  {
    from,
    to,
    toTargetKey,
    signal,
    over,
    access,
  }: Omit<Copy, 'before'> & { readonly over?: Permit<Replaced> | undefined },
  object: ObjectInfo,
): Promise<Outcome<Copied>> {
  const reading = await from.read({
    key: object.key,
    signal,
    allAttributes: true,
    ...(object.etag === undefined ? {} : { ifMatch: object.etag }),
  });
  if (!reading.ok) return reading;
  const { info, body } = reading.value;
  const attributes = carryAttributes(reading.value.attributes, access);
  const hashed =
    isContentTag(info.etag) && info.sizeBytes <= alwaysWholeBytes ? undefined : hashWhileRead(info, body);
  const key = toTargetKey(object.key);
  const { sizeBytes } = info;
  const written = await to.write({ key, body: hashed?.body ?? body, sizeBytes, attributes, over, signal });
  body.destroy();
  if (!written.ok) return written;
  // Without a tag there is no saying which version was asked for: then the one that came has to have arrived whole.
  const expectedBytes = object.etag === undefined ? info.sizeBytes : object.sizeBytes;
  if (written.value.sizeBytes !== expectedBytes) {
    return fail({
      code: 'damaged',
      message: `${object.key} arrived with ${formatBytes(written.value.sizeBytes)} instead of ${formatBytes(expectedBytes)}.`,
      remedy: 'Retry.',
      retry: 'safe',
    });
  }
  return succeed(
    hashed?.proves(written.value) === true
      ? { proof: proofMark({ ...info, key: object.key }, written.value) }
      : {},
  );
}
