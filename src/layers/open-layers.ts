import type { Readable } from 'node:stream';
import { finished } from 'node:stream/promises';
import { failureOfBodyError } from '../base/body-error.ts';
import { type Failure, fail, type Outcome, succeed } from '../base/failure.ts';
import { fileFailure } from '../base/file-failure.ts';
import type { ProcessRunner } from '../ports/process-runner.ts';
import type { KeyConfig, Layer } from '../ports/unpacker.ts';
import { nextLayer } from './by-content.ts';
import type { LayerKind } from './layer.ts';
import { layerOf } from './list.ts';
import { isEndOfLook } from './replay-body.ts';
import { quiet, readBeginning } from './stream-parts.ts';

/** No layer needs more of its beginning to be known. */
const magicBytes = 64;

/** Nobody wraps a dump so often; a file that goes on like that was made to never end. */
const mostLayers = 8;

export type LayersRequest = {
  readonly source: Readable;
  readonly layers: readonly Layer[];
  readonly keys: KeyConfig;
  readonly processes: ProcessRunner;
  readonly sizeBytes?: number;
  /** Of a layer that two programs open: the first one failed already. */
  readonly onlySecond?: boolean;
};

type OpenedLayers = {
  /** The content itself. */
  readonly stream: Readable;
  /** What opened it, for people: openpgp.js + zlib. */
  readonly engine: string;
  /**
   * The failure of the outermost layer that fails, once all of them are read to their end. A changed byte of the
   * ciphertext shows first as bad gzip inside: only the rest of the message tells that the ciphertext is to blame.
   */
  firstFailure(error?: unknown): Promise<Failure | undefined>;
  /** Gives everything back: streams, programs, temporary keys. */
  close(): Promise<void>;
};

export async function openLayers(request: LayersRequest): Promise<Outcome<OpenedLayers>> {
  /** What each layer yields, outermost first; the source itself stands at the front. */
  const yields: Readable[] = [quiet(request.source)];
  const settled: Promise<void>[] = [];
  const engines: string[] = [];
  const left = request.layers.map(layerOf);
  /** Those of the name, and those that the content has beside them. */
  const kinds = [...left];
  const blame = (own: Failure | undefined) => firstFailureOf(yields, { own, kinds });
  const close = async () => {
    for (const stream of [...yields].reverse()) stream.destroy();
    await Promise.all(settled);
  };
  const giveUp = async (failure: Failure) => {
    await close();
    return fail(failure);
  };

  while (engines.length < mostLayers) {
    try {
      const begun = await readBeginning(yields.at(-1) ?? request.source, magicBytes);
      // Whoever drains this stage later has to drain what stands in its place now.
      yields[yields.length - 1] = begun.stream;
      const next = nextLayer(left[0], begun.head);
      if (!next.ok) return giveUp((await blame(next.failure)) ?? next.failure);
      if (next.value.kind === 'end') break;
      if (next.value.kind === 'skip') {
        left.shift();
        engines.push(next.value.note);
        continue;
      }
      const { layer, isDeclared, note } = next.value;
      if (isDeclared) left.shift();
      if (!kinds.includes(layer)) kinds.push(layer);
      const { keys, processes, onlySecond } = request;
      const source = yields.at(-1) ?? request.source;
      const sizeBytes = yields.length === 1 ? request.sizeBytes : undefined;
      const opened = await layer.open({ source, keys, processes, sizeBytes, onlySecond });
      if (!opened.ok) return giveUp((await blame(opened.failure)) ?? opened.failure);
      yields.push(quiet(opened.value.stream));
      if (opened.value.settled !== undefined) settled.push(opened.value.settled);
      engines.push(note === undefined ? opened.value.engine : `${opened.value.engine} (${note})`);
    } catch (error) {
      const failure = await blame(classify(error, kinds));
      if (failure === undefined) throw error;
      return giveUp(failure);
    }
  }
  const stream = yields.at(-1) ?? request.source;
  return succeed({
    stream,
    engine: engines.length === 0 ? 'copy' : engines.join(' + '),
    firstFailure: (error) => blame(error === undefined ? undefined : classify(error, kinds)),
    close,
  });
}

/** @param known.own what the layer itself says that could not be opened or read. */
async function firstFailureOf(
  yields: readonly Readable[],
  { own, kinds }: { readonly own: Failure | undefined; readonly kinds: readonly LayerKind[] },
): Promise<Failure | undefined> {
  // The innermost first: each of the others flows only as long as somebody takes what it gives.
  for (const stream of yields.toReversed()) {
    if (!stream.readableEnded && !stream.destroyed) await drain(stream);
  }
  const failures = yields.flatMap((stream) => classify(stream.errored, kinds) ?? []);
  // Where a look was told to stop is the reason only when nothing that was looked at is.
  const all = own === undefined ? failures : [...failures, own];
  return all.find((failure) => !isEndOfLook(failure)) ?? all[0];
}

/** Reads on without keeping anything: the checksum of a message stands at its end. */
async function drain(stream: Readable): Promise<void> {
  stream.unpipe();
  stream.resume();
  await finished(stream, { writable: false }).catch(() => {});
}

/** Two layers may use one library, and its errors: only those that are there can be to blame. */
function classify(error: unknown, kinds: readonly LayerKind[]): Failure | undefined {
  const carried = failureOfBodyError(error);
  if (carried !== undefined) return carried;
  for (const { explain } of kinds) {
    const failure = explain?.(error);
    if (failure !== undefined) return failure;
  }
  return fileFailure({ doing: 'read the backup', error });
}
