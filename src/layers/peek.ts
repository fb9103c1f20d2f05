import type { Readable } from 'node:stream';
import { failureOfBodyError } from '../base/body-error.ts';
import { type Failure, fail, type Outcome, succeed } from '../base/failure.ts';
import { fileFailure } from '../base/file-failure.ts';
import { errorWords } from '../base/thrown.ts';
import { isDoubted } from './layer.ts';
import { type LayersRequest, openLayers } from './open-layers.ts';
import { type Replay, replayBody } from './replay-body.ts';
import { damaged } from './unpack-failure.ts';

/**
 * How much more than the wanted bytes may be read: gpg's AEAD and pieces of gzip come in blocks of up to 4 MiB. Armor makes a
 * third more of everything, so the wanted bytes count twice.
 */
const roomBytes = 12 * 1024 * 1024;

/** What most looks are content with. */
const firstBytes = 256 * 1024;

/**
 * The layers read from the backup as it arrives, and only until the wanted bytes are out. They never see an end that is not the
 * backup's own: what age, gzip and zstd are cut off in the middle of, they call damaged.
 */
export async function peekInside(
  request: Omit<LayersRequest, 'source'> & { readonly body: Readable; readonly wantBytes: number },
): Promise<Outcome<Buffer>> {
  const { body, wantBytes } = request;
  const limitBytes = 2 * wantBytes + roomBytes;
  const replay = replayBody({
    body,
    firstBytes: wantBytes + firstBytes,
    limitBytes,
    classify: lostBody,
    tooLong: tooLongToLook(limitBytes),
  });
  try {
    const first = await lookInto(replay, request);
    // A program that doubts itself did not manage: the second one has the last word.
    if (first.ok || !isDoubted(first.failure)) return first;
    const second = await lookInto(replay, { ...request, onlySecond: true });
    return second.ok || second.failure.code !== 'tool-missing' ? second : first;
  } finally {
    replay.close();
  }
}

type Look = Omit<LayersRequest, 'source'> & { readonly wantBytes: number };

async function lookInto(replay: Replay, look: Look): Promise<Outcome<Buffer>> {
  const collected = await collect(replay, look);
  // Whatever a layer makes of a source that failed, the source is to blame; not so for a look that went too far, since
  // bad data within may be why.
  const lost = replay.lost();
  if (!collected.ok && lost !== undefined) return fail(lost);
  if (!collected.ok && replay.isEmpty()) return fail(damaged('The backup is empty: it has 0 bytes.'));
  return collected;
}

async function collect(replay: Replay, look: Look): Promise<Outcome<Buffer>> {
  const opened = await openLayers({ ...look, source: replay.open() });
  if (!opened.ok) return opened;
  const chunks: Buffer[] = [];
  let length = 0;
  try {
    for await (const chunk of opened.value.stream.iterator({ destroyOnReturn: false })) {
      chunks.push(Buffer.from(chunk as Uint8Array));
      length += (chunk as Uint8Array).length;
      if (length >= look.wantBytes) break;
    }
  } catch (error) {
    const failure = await opened.value.firstFailure(error);
    if (failure === undefined) throw error;
    return fail(failure);
  } finally {
    await opened.value.close();
  }
  if (length === 0) return fail(damaged('The backup holds nothing: its content has 0 bytes.'));
  return succeed(Buffer.concat(chunks).subarray(0, look.wantBytes));
}

function lostBody(error: unknown): Failure {
  return (
    failureOfBodyError(error) ??
    fileFailure({ doing: 'read the backup', error }) ?? {
      code: 'unreachable',
      message: 'The first bytes of the backup do not arrive: the connection to its store is lost.',
      remedy: 'Check the connection to the store, then try again.',
      retry: 'safe',
      detail: errorWords(error),
    }
  );
}

function tooLongToLook(limitBytes: number): Failure {
  return {
    code: 'invalid-input',
    message: `The first ${limitBytes} bytes of the backup do not give enough content to look into; whether it opens is not known.`,
    remedy: 'Open it whole with thaw verify, or choose another snapshot.',
    retry: 'after-fix',
  };
}
