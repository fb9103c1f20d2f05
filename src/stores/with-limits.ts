import { type Readable, Transform } from 'node:stream';
import { createBodyError, failureOfBodyError } from '../base/body-error.ts';
import { cancelledFailure } from '../base/cancelled-failure.ts';
import { type Failure, succeed } from '../base/failure.ts';
import { watchForStall } from '../platform/stall-watch.ts';
import type { ObjectInfo, ReadRequest, StoreDriver } from '../ports/object-store.ts';
import type { RawBody, RawStore } from './store-kind.ts';

type BodyLimits = {
  /** No byte of a body for that long ends it as `stalled`. */
  readonly stallMs: number;
};

export const defaultBodyLimits: BodyLimits = { stallMs: 30_000 };

/**
 * What every store promises of a body, kept here once: it ends with all its bytes or with an error that carries a failure, it does not
 * stand still for ever, and it ends when it is cancelled.
 */
export function withLimits(store: RawStore, limits: BodyLimits = defaultBodyLimits): StoreDriver {
  return {
    ...store,
    async read(request) {
      const answer = await store.read(request);
      if (!answer.ok) return answer;
      const { explain, ...rest } = answer.value;
      const doing = `read ${request.key} from ${store.address}`;
      return succeed({ ...rest, body: guardBody({ ...rest, explain, request, doing, ...limits }) });
    },
  };
}

type GuardRequest = BodyLimits & {
  readonly body: Readable;
  readonly info: ObjectInfo;
  readonly request: ReadRequest;
  /** What cannot be done when it goes wrong. */
  readonly doing: string;
  readonly explain: RawBody['explain'];
};

/**
 * A read is not tried again once its body has begun, has no timeout of its own, and may end early without an error.
 * This stands between the store and the reader: it counts, it watches, and it ends badly when the body did.
 */
function guardBody(guard: GuardRequest): Readable {
  const { body: source, stallMs, doing } = guard;
  const { signal } = guard.request;
  const expectedBytes = countWanted(guard);
  let received = 0;

  const out = new Transform({
    transform(chunk: Buffer, _encoding, done) {
      received += chunk.length;
      watch.sawLife();
      done(null, chunk);
    },
    flush(done) {
      done(received === expectedBytes ? null : createBodyError(short({ doing, received, expectedBytes })));
    },
  });

  const watch = watchForStall({
    stallMs,
    // Bytes that wait in our buffer mean a slow reader, and that is not the store's fault.
    isOurTurn: () => out.readableLength > 0 || out.writableLength > 0,
    onStall: () => out.destroy(createBodyError(stalled({ doing, stallMs, received }))),
  });
  const cancel = () => out.destroy(createBodyError(cancelledFailure(doing)));

  source.once('error', (error) => out.destroy(createBodyError(explainError(guard, error))));
  source.once('close', () => {
    if (!source.readableEnded) out.destroy(createBodyError(short({ doing, received, expectedBytes })));
  });
  signal?.addEventListener('abort', cancel, { once: true });
  out.once('close', () => {
    watch.end();
    signal?.removeEventListener('abort', cancel);
    if (!source.readableEnded) source.destroy();
  });
  // A reader may not listen yet when it goes wrong; it will still see the error when it reads.
  out.on('error', () => {});
  if (signal?.aborted) cancel();
  else source.pipe(out);
  return out;
}

function countWanted({ info: { sizeBytes }, request: { fromByte = 0, toByte } }: GuardRequest): number {
  const endByte = toByte === undefined ? sizeBytes : Math.min(toByte + 1, sizeBytes);
  return endByte - fromByte;
}

function explainError({ doing, explain, request }: GuardRequest, error: unknown): Failure {
  if (request.signal?.aborted) return cancelledFailure(doing);
  return (
    failureOfBodyError(error) ??
    explain?.(error) ?? {
      code: 'unreachable',
      message: `Cannot ${doing}: its content breaks off.`,
      remedy: tryAgain,
      retry: 'safe',
      detail: error instanceof Error ? error.message : String(error),
    }
  );
}

const tryAgain = 'Try again; if it repeats, check the network path to the store.';

function short(body: {
  readonly doing: string;
  readonly received: number;
  readonly expectedBytes: number;
}): Failure {
  return {
    code: 'damaged',
    message: `Cannot ${body.doing}: the answer ended after ${body.received} of ${body.expectedBytes} bytes.`,
    remedy: tryAgain,
    retry: 'safe',
  };
}

function stalled(body: {
  readonly doing: string;
  readonly stallMs: number;
  readonly received: number;
}): Failure {
  return {
    code: 'stalled',
    message: `Cannot ${body.doing}: no byte came for ${body.stallMs / 1000} s, after ${body.received} bytes.`,
    remedy: tryAgain,
    retry: 'safe',
  };
}
