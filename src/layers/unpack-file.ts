import { createHash } from 'node:crypto';
import { createReadStream, createWriteStream } from 'node:fs';
import { rename, rm, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { type Failure, fail, type Outcome, succeed } from '../base/failure.ts';
import { fileFailure } from '../base/file-failure.ts';
import { syncFolder } from '../platform/durable-files.ts';
import type { ProcessRunner } from '../ports/process-runner.ts';
import type { KeyConfig, Unpacked, UnpackRequest } from '../ports/unpacker.ts';
import { isDoubted } from './layer.ts';
import { encryptions, layerOf } from './list.ts';
import { openLayers } from './open-layers.ts';
import { cancelled, damaged } from './unpack-failure.ts';

type Job = UnpackRequest & {
  readonly keys: KeyConfig;
  readonly processes: ProcessRunner;
};

const chunkBytes = 1024 * 1024;

export async function unpackFile(job: Job): Promise<Outcome<Unpacked>> {
  const { fromFile } = job;
  const size = await stat(fromFile).then(
    (info) => succeed(info.size),
    (error) => fail(explained(error, `read ${fromFile}`)),
  );
  if (!size.ok) return size;
  if (size.value === 0) return fail(damaged(`The backup ${fromFile} is empty: it has 0 bytes.`));
  const first = await attempt(job, { sizeBytes: size.value, onlySecond: false });
  if (first.ok) return first;
  const second = encryptions.find(({ name, second }) => job.layers.includes(name) && second)?.second;
  if (!isDoubted(first.failure) || second === undefined) return fail(await named(first.failure, job));

  // The first program did not manage. That may be its own doing, so the second has the last word.
  if (!(await second.isHere(job.processes))) {
    const failure = await named(first.failure, job);
    const isCertain =
      failure.code !== 'damaged' || failure.message !== withFile(first.failure, fromFile).message;
    return fail(isCertain ? failure : second.missing(fromFile, failure.detail));
  }
  const again = await attempt(job, { sizeBytes: size.value, onlySecond: true });
  if (!again.ok) return fail(await named(again.failure, job));
  return succeed({ ...again.value, engine: `${again.value.engine} (${second.first} could not read it)` });
}

async function attempt(
  job: Job,
  how: { readonly sizeBytes: number; readonly onlySecond: boolean },
): Promise<Outcome<Unpacked>> {
  if (job.signal?.aborted) return fail(cancelled());
  const partFile = `${job.toFile}.unpacking`;
  const opened = await openLayers({ ...job, ...how, source: readWithProgress(job) });
  if (!opened.ok) return opened;
  const { stream, engine, firstFailure, close } = opened.value;
  const meter = createMeter();
  try {
    // `flush` is an fsync before the file is closed: the name must never stand for bytes that a power cut takes away.
    const sink = createWriteStream(partFile, { mode: 0o600, flush: true, highWaterMark: chunkBytes });
    await pipeline(stream, meter.pass, sink, job.signal === undefined ? {} : { signal: job.signal });
    const failure = await firstFailure();
    if (failure !== undefined) return fail(failure);
    const { sizeBytes, sha256 } = meter.result();
    if (sizeBytes === 0) return fail(damaged('The backup holds nothing: its content has 0 bytes.'));
    await rename(partFile, job.toFile);
    await syncFolder(dirname(job.toFile));
    return succeed({ sizeBytes, sha256, engine });
  } catch (error) {
    if (job.signal?.aborted) return fail(cancelled());
    const ofTarget = fileFailure({ doing: `write ${job.toFile}`, error });
    const failure = ofTarget ?? (await firstFailure(error));
    if (failure === undefined) throw error;
    return fail(failure);
  } finally {
    await close();
    await rm(partFile, { force: true });
  }
}

function readWithProgress(job: Job): Readable {
  const file = createReadStream(job.fromFile, { highWaterMark: chunkBytes });
  const counted = async function* () {
    let bytesRead = 0;
    for await (const chunk of file) {
      bytesRead += (chunk as Buffer).length;
      job.onProgress(bytesRead);
      yield chunk as Buffer;
    }
  };
  const stream = Readable.from(counted(), { objectMode: false, highWaterMark: chunkBytes });
  // Given up before it was ever read, the generator never runs, and would leave the file open.
  stream.once('close', () => file.destroy());
  return stream;
}

function createMeter() {
  const hash = createHash('sha256');
  let sizeBytes = 0;
  const pass = async function* (chunks: AsyncIterable<Buffer>) {
    for await (const chunk of chunks) {
      hash.update(chunk);
      sizeBytes += chunk.length;
      yield chunk;
    }
  };
  return { pass, result: () => ({ sizeBytes, sha256: hash.digest('hex') }) };
}

/** Names the file, and what the outermost layer tells about it: a message that ends early is told from a changed one. */
async function named(failure: Failure, job: Job): Promise<Failure> {
  const [outermost] = job.layers;
  if (failure.code === 'damaged' && outermost !== undefined) {
    const told = await layerOf(outermost).diagnose?.(job.fromFile, failure);
    if (told !== undefined) return told;
  }
  return withFile(failure, job.fromFile);
}

function withFile(failure: Failure, file: string): Failure {
  if (failure.code !== 'damaged' || failure.message.includes(file)) return failure;
  return { ...failure, message: `${file}: ${failure.message}` };
}

function explained(error: unknown, doing: string): Failure {
  const failure = fileFailure({ doing, error });
  if (failure === undefined) throw error;
  return failure;
}
