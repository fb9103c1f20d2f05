import { Readable } from 'node:stream';
import { createBodyError } from '../base/body-error.ts';
import type { Failure } from '../base/failure.ts';
import { pause } from '../platform/pause.ts';

const pieceBytes = 64 * 1024;

/** Long enough for the layers to hand on what they have, before as much again is read for their buffers alone. */
const pauseMs = 50;

export type Replay = {
  /** The body from its first byte on, as often as it is asked for, one after the other. */
  open(): Readable;
  /** Why the body could not be read on; undefined while it can. */
  lost(): Failure | undefined;
  /** It ended, and held nothing. */
  isEmpty(): boolean;
  /** Destroys the body. */
  close(): void;
};

/** Failures that say how far was read, and nothing about what was read. */
const ends = new WeakSet<Failure>();

/** Where a look was told to stop: no word about the backup, whatever the layers inside make of it. */
export function isEndOfLook(failure: Failure): boolean {
  return ends.has(failure);
}

type ReplayRequest = {
  readonly body: Readable;
  readonly firstBytes: number;
  readonly limitBytes: number;
  classify(error: unknown): Failure;
  readonly tooLong: Failure;
};

/**
 * Keeps what was read of a body, so that a second program can be tried on the same bytes, which a live stream gives only once.
 * It ends where the body ends, and breaks off with `tooLong` after `limitBytes`. Behind `firstBytes`, and each time it has doubled,
 * it waits a moment: whoever has enough by then gives it up.
 */
export function replayBody(request: ReplayRequest): Replay {
  ends.add(request.tooLong);
  request.body.on('error', () => {});
  const kept = keepBody(request);
  return {
    open: () => openReplay(request, kept),
    lost: kept.lost,
    isEmpty: kept.isEmpty,
    close: () => {
      request.body.destroy();
    },
  };
}

type KeptBody = Pick<Replay, 'lost' | 'isEmpty'> & {
  /** undefined behind the last one: the body has ended, is lost, or the limit is reached. */
  piece(index: number): Promise<Buffer | undefined>;
  hasEnded(): boolean;
};

function keepBody({ body, limitBytes, classify }: ReplayRequest): KeptBody {
  const iterator = body.iterator({ destroyOnReturn: true });
  const kept: Buffer[] = [];
  let keptBytes = 0;
  let ended = false;
  let lost: Failure | undefined;
  let pulling: Promise<void> | undefined;
  const keep = (chunk: Buffer) => {
    for (let at = 0; at < chunk.length; at += pieceBytes) kept.push(chunk.subarray(at, at + pieceBytes));
    keptBytes += chunk.length;
  };
  const pull = async () => {
    try {
      const next = await iterator.next();
      if (next.done) ended = true;
      else keep(Buffer.from(next.value as Uint8Array));
    } catch (error) {
      lost = classify(error);
    }
    pulling = undefined;
  };
  return {
    async piece(index) {
      while (index >= kept.length && !ended && lost === undefined && keptBytes < limitBytes) {
        // One read at a time, whoever asks: what one reader gave up waiting for belongs to the next one, too.
        pulling ??= pull();
        await pulling;
      }
      return kept[index];
    },
    hasEnded: () => ended,
    lost: () => lost,
    isEmpty: () => ended && keptBytes === 0,
  };
}

function openReplay({ firstBytes, tooLong }: ReplayRequest, kept: KeptBody): Readable {
  let next = 0;
  let givenBytes = 0;
  let pauseAtBytes = firstBytes;
  const stream: Readable = new Readable({
    highWaterMark: pieceBytes,
    async read() {
      if (givenBytes >= pauseAtBytes) {
        pauseAtBytes *= 2;
        await pause(pauseMs);
        if (stream.destroyed) return;
      }
      const piece = await kept.piece(next);
      if (stream.destroyed) return;
      next += 1;
      givenBytes += piece?.length ?? 0;
      if (piece !== undefined) stream.push(piece);
      else if (kept.hasEnded()) stream.push(null);
      else stream.destroy(createBodyError(kept.lost() ?? tooLong));
    },
  });
  return stream;
}
