import type { FileHandle } from 'node:fs/promises';
import { brokenBodyFailure, wrongLengthFailure } from '../../base/body-error.ts';
import { type Failure, fail, type Outcome, succeed } from '../../base/failure.ts';
import { networkRetries, retry } from '../../platform/retry.ts';
import { type StallWatch, watchForStall } from '../../platform/stall-watch.ts';
import type { DownloadRequest } from '../../ports/host.ts';
import type { ObjectBody, ObjectInfo } from '../../ports/object-store.ts';
import { describeWriteFailure } from './free-space.ts';

type PartRequest = {
  readonly from: DownloadRequest['from'];
  readonly object: ObjectInfo;
  readonly file: FileHandle;
  readonly path: string;
  readonly firstByte: number;
  readonly lastByte: number;
  readonly stallMs: number;
  readonly signal: AbortSignal;
  readonly onBytes: (bytes: number) => void;
};

/** Bytes gathered before they are handed to the kernel together. */
const gatheredBytes = 1024 * 1024;

/** Brings one part into its place in the file, asking again from the last byte that arrived. */
export function fetchPart(request: PartRequest): Promise<Outcome<void>> {
  const doing = `read ${request.object.key} from ${request.from.address}`;
  let nextByte = request.firstByte;
  let cameSome = false;
  return retry({
    doing,
    signal: request.signal,
    act: async () => {
      const brought = await tryPart({ ...request, firstByte: nextByte }, doing);
      cameSome = brought.nextByte > nextByte;
      nextByte = brought.nextByte;
      return brought.failure === undefined ? succeed(undefined) : fail(brought.failure);
    },
    // A line that breaks often but brings something is used.
    broughtSomething: () => cameSome,
  });
}

type Brought = { readonly nextByte: number; readonly failure?: Failure };

async function tryPart(request: PartRequest, doing: string): Promise<Brought> {
  const { from, object, firstByte, lastByte, stallMs } = request;
  const stall = new AbortController();
  const signal = AbortSignal.any([request.signal, stall.signal]);
  const watch = watchOther(stallMs, () => stall.abort());
  const ask = { key: object.key, fromByte: firstByte, toByte: lastByte, signal };
  const tag = object.etag === undefined ? {} : { ifMatch: object.etag };
  try {
    watch.listen();
    const answer = await orAborted(from.read({ ...ask, ...tag }), signal);
    watch.rest();
    if (answer === undefined || signal.aborted) {
      return { nextByte: firstByte, failure: stalledFailure({ doing, stallMs }) };
    }
    if (!answer.ok) return { nextByte: firstByte, failure: answer.failure };
    const changed = findChange({ object, answer: answer.value, doing });
    if (changed !== undefined) {
      answer.value.body.destroy();
      return { nextByte: firstByte, failure: changed };
    }
    const brought = await store({ request, body: answer.value, signal, watch, doing });
    const isStall = brought.failure !== undefined && stall.signal.aborted;
    return isStall ? { ...brought, failure: stalledFailure({ doing, stallMs }) } : brought;
  } finally {
    watch.end();
  }
}

type OtherSide = Pick<StallWatch, 'end'> & {
  /** From now on we wait for the other side. */
  listen(): void;
  /** Something came: what follows is our own work. */
  rest(): void;
};

/** Counts only the time spent waiting for bytes, never the time our own disk takes. */
function watchOther(stallMs: number, onStall: () => void): OtherSide {
  let isOurTurn = true;
  const watch = watchForStall({ stallMs, onStall, isOurTurn: () => isOurTurn });
  return {
    listen: () => {
      isOurTurn = false;
      watch.sawLife();
    },
    rest: () => {
      isOurTurn = true;
    },
    end: watch.end,
  };
}

/** Some stores do not listen to the signal; what they bring too late is thrown away. */
async function orAborted(
  reading: Promise<Outcome<ObjectBody>>,
  signal: AbortSignal,
): Promise<Outcome<ObjectBody> | undefined> {
  const aborted = new Promise<undefined>((resolve) => {
    signal.addEventListener('abort', () => resolve(undefined), { once: true });
  });
  const answer = await Promise.race([reading, aborted]);
  if (answer === undefined) reading.then((late) => late.ok && late.value.body.destroy());
  return answer;
}

async function store(work: {
  readonly request: PartRequest;
  readonly body: ObjectBody;
  readonly signal: AbortSignal;
  readonly watch: OtherSide;
  readonly doing: string;
}): Promise<Brought> {
  const { request, signal, watch, doing } = work;
  const { body } = work.body;
  const { firstByte, lastByte, file, path } = request;
  const sizeBytes = lastByte + 1 - firstByte;
  let receivedBytes = 0;
  let nextByte = firstByte;
  let gathered: Buffer[] = [];
  const flush = async () => {
    const bytes = Buffer.concat(gathered);
    gathered = [];
    await writeAll(file, { bytes, position: nextByte });
    nextByte += bytes.length;
    request.onBytes(bytes.length);
  };
  const stop = () => body.destroy(new Error('Nobody waits for it any more.'));
  signal.addEventListener('abort', stop, { once: true });
  try {
    const broken = await drain({
      body,
      watch,
      onChunk: async (chunk) => {
        receivedBytes += chunk.length;
        if (receivedBytes > sizeBytes) return 'enough';
        gathered.push(chunk);
        if (firstByte + receivedBytes - nextByte >= gatheredBytes) await flush();
        return 'more';
      },
    });
    await flush();
    if (broken !== undefined) return { nextByte, failure: brokenBodyFailure(doing, broken.error) };
    if (receivedBytes === sizeBytes) return { nextByte };
    return { nextByte, failure: wrongLengthFailure({ doing, sizeBytes, receivedBytes }) };
  } catch (error) {
    const neededBytes = lastByte + 1 - nextByte;
    const failure = await describeWriteFailure({ doing: `write ${path}`, error, path, neededBytes });
    return { nextByte, failure };
  } finally {
    signal.removeEventListener('abort', stop);
    body.destroy();
  }
}

/** Reads to the end and tells how the body broke, if it did. What `onChunk` throws is ours, and goes through. */
async function drain(work: {
  readonly body: AsyncIterable<Buffer>;
  readonly watch: OtherSide;
  readonly onChunk: (chunk: Buffer) => Promise<'more' | 'enough'>;
}): Promise<{ readonly error: unknown } | undefined> {
  const chunks = work.body[Symbol.asyncIterator]();
  for (;;) {
    work.watch.listen();
    let next: IteratorResult<Buffer>;
    try {
      next = await chunks.next();
    } catch (error) {
      return { error };
    } finally {
      work.watch.rest();
    }
    if (next.done || (await work.onChunk(next.value)) === 'enough') return undefined;
  }
}

async function writeAll(
  file: FileHandle,
  what: { readonly bytes: Buffer; readonly position: number },
): Promise<void> {
  let written = 0;
  while (written < what.bytes.length) {
    const rest = what.bytes.length - written;
    const { bytesWritten } = await file.write(what.bytes, written, rest, what.position + written);
    written += bytesWritten;
  }
}

/** For stores that know no If-Match: a part of another object must not land in this one. */
function findChange(request: {
  readonly object: ObjectInfo;
  readonly answer: ObjectBody;
  readonly doing: string;
}): Failure | undefined {
  const { object, answer, doing } = request;
  const sameSize = answer.info.sizeBytes === object.sizeBytes;
  const sameTag =
    object.etag === undefined || answer.info.etag === undefined || answer.info.etag === object.etag;
  if (sameSize && sameTag) return undefined;
  return {
    code: 'conflict',
    message: `Cannot ${doing}: the object has changed meanwhile; it has ${answer.info.sizeBytes} bytes, ${object.sizeBytes} were listed.`,
    remedy: 'List the store again and start over with the object as it is now.',
    retry: 'after-fix',
  };
}

function stalledFailure(request: { readonly doing: string; readonly stallMs: number }): Failure {
  return {
    code: 'stalled',
    message: `Cannot ${request.doing}: no byte came for ${request.stallMs / 1000} s, ${networkRetries.mostAttempts} times in a row.`,
    remedy: 'Check the network path to the store, then try again; what has arrived is kept.',
    retry: 'safe',
  };
}
