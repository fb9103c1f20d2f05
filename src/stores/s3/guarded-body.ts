import { type Readable, Transform } from 'node:stream';
import { createBodyError } from '../../base/body-error.ts';
import type { Failure } from '../../base/failure.ts';
import { watchForStall } from '../../platform/stall-watch.ts';

type GuardRequest = {
  readonly source: Readable;
  readonly expectedBytes: number;
  readonly stallMs: number;
  /** What cannot be done when it goes wrong: "read s3://b/k". */
  readonly doing: string;
  readonly signal?: AbortSignal | undefined;
  /** Turns what the socket throws into a failure. */
  readonly classify: (error: unknown) => Failure;
};

/**
 * A GET is not tried again once its body has begun, has no timeout of its own, and may end early without an error.
 * This stands between the socket and the reader: it counts, it watches, and it ends badly when the body did.
 */
export function guardBody(request: GuardRequest): Readable {
  const { source, expectedBytes, stallMs, doing, signal } = request;
  let received = 0;

  const out = new Transform({
    transform(chunk: Buffer, _encoding, done) {
      received += chunk.length;
      watch.sawLife();
      done(null, chunk);
    },
    flush(done) {
      done(received === expectedBytes ? null : createBodyError(short(request, received)));
    },
  });

  const watch = watchForStall({
    stallMs,
    // Bytes that wait in our buffer mean a slow reader, and that is not the store's fault.
    isOurTurn: () => out.readableLength > 0 || out.writableLength > 0,
    onStall: () => out.destroy(createBodyError(stalled({ doing, stallMs, received }))),
  });
  const cancel = () => out.destroy(createBodyError(request.classify(signal?.reason)));

  source.once('error', (error) => out.destroy(createBodyError(request.classify(error))));
  source.once('close', () => {
    if (!source.readableEnded) out.destroy(createBodyError(short(request, received)));
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

function short(request: GuardRequest, receivedBytes: number): Failure {
  return {
    code: 'damaged',
    message: `Cannot ${request.doing}: the answer ended after ${receivedBytes} of ${request.expectedBytes} bytes.`,
    remedy: 'Try again; if it repeats, check the network path to the store.',
    retry: 'safe',
  };
}

function stalled(request: {
  readonly doing: string;
  readonly stallMs: number;
  readonly received: number;
}): Failure {
  const { doing, stallMs, received } = request;
  return {
    code: 'stalled',
    message: `Cannot ${doing}: no byte came for ${stallMs / 1000} s, after ${received} bytes.`,
    remedy: 'Try again; if it repeats, check the network path to the store.',
    retry: 'safe',
  };
}
