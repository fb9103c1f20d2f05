import type { Readable } from 'node:stream';
import { finished } from 'node:stream/promises';
import { failureOfBodyError } from '../base/body-error.ts';
import { type Failure, fail, type Outcome, succeed } from '../base/failure.ts';
import { fileFailure } from '../base/file-failure.ts';
import type { ProcessRunner } from '../ports/process-runner.ts';
import type { KeyConfig, Layer } from '../ports/unpacker.ts';
import type { LayerKind } from './layer.ts';
import { layerOf, layers } from './list.ts';
import { isEndOfLook } from './replay-body.ts';
import { quiet, readBeginning } from './stream-parts.ts';
import { damaged } from './unpack-failure.ts';

/** No layer needs more of its beginning to be known. */
const magicBytes = 64;

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
  const kinds = request.layers.map(layerOf);
  const blame = (own: Failure | undefined) => firstFailureOf(yields, { own, kinds });
  const close = async () => {
    for (const stream of [...yields].reverse()) stream.destroy();
    await Promise.all(settled);
  };
  const giveUp = async (failure: Failure) => {
    await close();
    return fail(failure);
  };

  for (const [index, layer] of kinds.entries()) {
    try {
      if (layer.magic.judgedInside !== true) {
        const begun = await readBeginning(yields.at(-1) ?? request.source, magicBytes);
        // Whoever drains this stage later has to drain what stands in its place now.
        yields[yields.length - 1] = begun.stream;
        const failure = otherThan(layer, begun.head);
        if (failure !== undefined) return giveUp((await blame(failure)) ?? failure);
      }
      const { keys, processes, onlySecond } = request;
      const source = yields.at(-1) ?? request.source;
      const sizeBytes = index === 0 ? request.sizeBytes : undefined;
      const opened = await layer.open({ source, keys, processes, sizeBytes, onlySecond });
      if (!opened.ok) return giveUp((await blame(opened.failure)) ?? opened.failure);
      yields.push(quiet(opened.value.stream));
      if (opened.value.settled !== undefined) settled.push(opened.value.settled);
      engines.push(opened.value.engine);
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

/** Content that does not begin as this layer does; and as what it begins instead. */
function otherThan({ name, magic }: LayerKind, head: Buffer): Failure | undefined {
  if (magic.fits(head)) return undefined;
  if (head.length === 0) return damaged(`The ${name} data is missing: there are 0 bytes where it should be.`);
  const others = layers.filter((other) => other.name !== name && other.magic.fits(head));
  const found =
    head.subarray(0, 5).toString('latin1') === 'PGDMP' ? 'a pg_dump archive as it stands' : others[0]?.name;
  if (found === undefined)
    return damaged(`The content is no ${name} data: it does not begin with ${magic.text}.`);
  return {
    ...damaged(`The content is no ${name} data: it is ${found}.`),
    remedy: `Correct the ending of the key, which says ${name}, or the layout in the runbook.`,
  };
}
