import type { Readable } from 'node:stream';
import { finished } from 'node:stream/promises';
import { failureOfBodyError } from '../base/body-error.ts';
import { type Failure, fail, type Outcome, succeed } from '../base/failure.ts';
import type { Secret } from '../base/secret.ts';
import type { ProcessRunner } from '../ports/process-runner.ts';
import type { KeyConfig, Layer } from '../ports/unpacker.ts';
import { gzipFailure, looksLikeGzip, openGzip } from './gzip-layer.ts';
import type { OpenedMessage } from './openpgp/opened-message.ts';
import { openOpenpgp } from './openpgp-layer.ts';
import { isEndOfLook } from './replay-body.ts';
import { quiet, readBeginning } from './stream-parts.ts';
import { damaged, failureOf, fileFailure } from './unpack-failure.ts';
import { openZstd, zstdFailure } from './zstd-layer.ts';

/** Opens one age message with the identities of a file. */
export type OpenAge = (request: {
  readonly source: Readable;
  readonly identityFile: string | undefined;
  /** For messages that were encrypted with a passphrase alone. */
  readonly passphrase?: Secret | undefined;
}) => Promise<Outcome<OpenedMessage & { readonly engine: string }>>;

export type LayersRequest = {
  readonly source: Readable;
  readonly layers: readonly Layer[];
  readonly config: KeyConfig;
  readonly processes: ProcessRunner;
  /** age is a driver of its own; whoever wires this hands it in. */
  readonly openAge?: OpenAge | undefined;
  readonly sizeBytes?: number;
  readonly onlyGpg?: boolean;
};

export type OpenedLayers = {
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
  const close = async () => {
    for (const stream of [...yields].reverse()) stream.destroy();
    await Promise.all(settled);
  };
  const giveUp = async (failure: Failure) => {
    await close();
    return fail(failure);
  };

  for (const [index, layer] of request.layers.entries()) {
    const source = yields.at(-1) ?? request.source;
    try {
      if (layer === 'gzip') {
        const begun = await readBeginning(source, 8);
        // Whoever drains this stage later has to drain what stands in its place now.
        yields[yields.length - 1] = begun.stream;
        const failure = notGzip(begun.head);
        if (failure !== undefined) {
          return await giveUp((await firstFailureOf(yields, failure)) ?? failure);
        }
        yields.push(quiet(openGzip(begun.stream)));
        engines.push('zlib');
      } else if (layer === 'zstd') {
        yields.push(quiet(openZstd(source)));
        engines.push('zstd');
      } else if (layer === 'age') {
        const opened = await openAgeLayer(request, source);
        if (!opened.ok) return await giveUp((await firstFailureOf(yields, opened.failure)) ?? opened.failure);
        yields.push(quiet(opened.value.stream));
        settled.push(opened.value.settled);
        engines.push(opened.value.engine);
      } else {
        const { config, processes, onlyGpg = false } = request;
        const size = index === 0 && request.sizeBytes !== undefined ? { sizeBytes: request.sizeBytes } : {};
        const opened = await openOpenpgp({ source, config, processes, onlyGpg, ...size });
        if (!opened.ok) return await giveUp(opened.failure);
        yields.push(quiet(opened.value.stream));
        settled.push(opened.value.settled);
        engines.push(opened.value.engine);
      }
    } catch (error) {
      const failure = await firstFailureOf(yields, classify(error));
      if (failure === undefined) throw error;
      return giveUp(failure);
    }
  }
  const stream = yields.at(-1) ?? request.source;
  return succeed({
    stream,
    engine: engines.length === 0 ? 'copy' : engines.join(' + '),
    firstFailure: (error) => firstFailureOf(yields, error === undefined ? undefined : classify(error)),
    close,
  });
}

async function openAgeLayer(request: LayersRequest, source: Readable) {
  if (request.openAge !== undefined)
    return request.openAge({
      source,
      identityFile: request.config.ageIdentityFile,
      passphrase: request.config.passphrase,
    });
  return fail({
    code: 'tool-missing',
    message: 'The backup is encrypted with age, and nothing here opens age.',
    remedy: 'Open it with the age program by hand.',
    retry: 'never',
  } as const);
}

/** @param own what the layer itself says that could not be opened or read. */
async function firstFailureOf(
  yields: readonly Readable[],
  own: Failure | undefined,
): Promise<Failure | undefined> {
  // The innermost first: each of the others flows only as long as somebody takes what it gives.
  for (const stream of yields.toReversed()) {
    if (!stream.readableEnded && !stream.destroyed) await drain(stream);
  }
  const failures = yields.flatMap((stream) => classify(stream.errored) ?? []);
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

function classify(error: unknown): Failure | undefined {
  return (
    failureOf(error) ??
    failureOfBodyError(error) ??
    gzipFailure(error) ??
    zstdFailure(error) ??
    fileFailure(error, 'read the backup')
  );
}

function notGzip(head: Buffer): Failure | undefined {
  if (looksLikeGzip(head)) return undefined;
  if (head.length === 0) return damaged('The gzip data is missing: there are 0 bytes where it should be.');
  if (head.subarray(0, 5).toString('latin1') === 'PGDMP') {
    return {
      ...damaged('The content is not gzipped: it is a pg_dump archive as it stands.'),
      remedy: 'Take gzip out of the layers the runbook names for this dump.',
    };
  }
  return damaged('The content is no gzip data: it does not begin with 1f 8b.');
}
