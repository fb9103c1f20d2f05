import { createHash } from 'node:crypto';
import { constants } from 'node:fs';
import { type FileHandle, mkdir, open, rename } from 'node:fs/promises';
import { dirname } from 'node:path';
import { cancelledFailure } from '../../base/cancelled-failure.ts';
import { type Failure, fail, type Outcome, succeed } from '../../base/failure.ts';
import { errorCode } from '../../base/thrown.ts';
import { syncFolder } from '../../platform/durable-files.ts';
import type { Downloaded, DownloadRequest } from '../../ports/host.ts';
import { fetchPart } from './fetch-part.ts';
import { describeWriteFailure, measureFreeBytes, outOfSpace } from './free-space.ts';
import {
  countParts,
  keepPartList,
  type PartPlan,
  planParts,
  rangeOfPart,
  readDoneParts,
  removePartList,
} from './part-list.ts';

const chunkBytes = 1024 * 1024;
const partsAtOnce = 4;

/**
 * Parts land in FILE.part; FILE.parts.json says which of them are on the disk, so that a killed download goes on where
 * it was. The file gets its name only after one pass from end to end has read back every byte.
 */
export async function download(request: DownloadRequest): Promise<Outcome<Downloaded>> {
  const { toFile, object } = request;
  const doing = `fetch ${object.key} into ${toFile}`;
  try {
    await mkdir(dirname(toFile), { recursive: true });
    return (await reuse(request, doing)) ?? (await fetchAll(request, doing));
  } catch (error) {
    return fail(await describeWriteFailure({ doing, error, path: toFile, neededBytes: object.sizeBytes }));
  }
}

type Job = {
  readonly request: DownloadRequest;
  readonly doing: string;
  readonly plan: PartPlan;
  readonly done: readonly number[];
  readonly file: FileHandle;
};

/** A run that died right after the rename finds the whole file; only a tag that is an MD5 can prove that it is the one. */
async function reuse(request: DownloadRequest, doing: string): Promise<Outcome<Downloaded> | undefined> {
  const { object, toFile, signal } = request;
  if (!/^[0-9a-f]{32}$/.test(object.etag ?? '')) return undefined;
  const file = await openIfThere(toFile);
  if (file === undefined) return undefined;
  try {
    if ((await file.stat()).size !== object.sizeBytes) return undefined;
    const digests = await hashFile(file, signal);
    if (digests === undefined) return fail(cancelledFailure(doing));
    if (digests.md5 !== object.etag) return undefined;
    request.onProgress(object.sizeBytes);
    return succeed({ ...digests, resumedBytes: object.sizeBytes });
  } finally {
    await file.close();
  }
}

async function openIfThere(path: string): Promise<FileHandle | undefined> {
  try {
    return await open(path);
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return undefined;
    throw error;
  }
}

async function fetchAll(request: DownloadRequest, doing: string): Promise<Outcome<Downloaded>> {
  const { toFile, object } = request;
  const plan = planParts({ store: request.from.address, object });
  const { file, done } = await openPartFile(toFile, plan);
  try {
    const resumedBytes = done.reduce((sum, index) => sum + sizeOfPart(plan, index), 0);
    const lack = await findLack({ doing, path: toFile, neededBytes: object.sizeBytes - resumedBytes });
    if (lack !== undefined) return fail(lack);
    request.onProgress(resumedBytes);
    const failure = await fetchMissing({ request, doing, plan, done, file }, resumedBytes);
    if (failure !== undefined) return fail(failure);
    const digests = await hashFile(file, request.signal);
    if (digests === undefined) return fail(cancelledFailure(doing));
    await file.sync();
    await rename(`${toFile}.part`, toFile);
    await syncFolder(dirname(toFile));
    await removePartList(`${toFile}.parts.json`);
    return succeed({ ...digests, resumedBytes });
  } finally {
    await file.close();
  }
}

async function openPartFile(
  toFile: string,
  plan: PartPlan,
): Promise<{ readonly file: FileHandle; readonly done: readonly number[] }> {
  const [partFile, partList] = [`${toFile}.part`, `${toFile}.parts.json`];
  const file = await open(partFile, constants.O_RDWR | constants.O_CREAT, 0o600);
  const isWhole = (await file.stat()).size === plan.sizeBytes;
  const done = isWhole ? await readDoneParts(partList, plan) : [];
  if (done.length === 0) {
    // The list goes first: left behind, it would vouch for bytes that are about to vanish.
    await removePartList(partList);
    await file.truncate(0);
    await file.truncate(plan.sizeBytes);
  }
  return { file, done };
}

function sizeOfPart(plan: PartPlan, index: number): number {
  const { firstByte, lastByte } = rangeOfPart(plan, index);
  return lastByte + 1 - firstByte;
}

async function findLack(need: {
  readonly doing: string;
  readonly path: string;
  readonly neededBytes: number;
}): Promise<Failure | undefined> {
  const freeBytes = await measureFreeBytes(need.path);
  return freeBytes < need.neededBytes ? outOfSpace({ ...need, freeBytes }) : undefined;
}

/** The first failure stops the others; the parts they have finished stay listed. */
async function fetchMissing(job: Job, resumedBytes: number): Promise<Failure | undefined> {
  const { request, plan, file, doing } = job;
  const list = keepPartList({ path: `${request.toFile}.parts.json`, plan, file, done: job.done });
  const stop = new AbortController();
  const signal = request.signal === undefined ? stop.signal : AbortSignal.any([request.signal, stop.signal]);
  const isDone = new Set(job.done);
  const missing = Array.from({ length: countParts(plan) }, (_, index) => index).filter(
    (index) => !isDone.has(index),
  );
  let doneBytes = resumedBytes;
  let failure: Failure | undefined;
  const onBytes = (bytes: number) => {
    doneBytes += bytes;
    request.onProgress(doneBytes);
  };
  const giveUp = (because: Failure) => {
    failure ??= because;
    stop.abort();
  };
  const work = async () => {
    for (let index = missing.shift(); index !== undefined && !signal.aborted; index = missing.shift()) {
      const { from, object, stallMs, toFile } = request;
      const range = rangeOfPart(plan, index);
      const part = await fetchPart({ from, object, file, path: toFile, ...range, stallMs, signal, onBytes });
      if (!part.ok) return giveUp(part.failure);
      await list.markDone(index);
    }
  };
  const guarded = () =>
    work().catch(async (error: unknown) => {
      const neededBytes = plan.sizeBytes - doneBytes;
      giveUp(await describeWriteFailure({ doing, error, path: request.toFile, neededBytes }));
    });
  await Promise.all(Array.from({ length: partsAtOnce }, guarded));
  if (failure === undefined && request.signal?.aborted) return cancelledFailure(doing);
  return failure;
}

type FileDigests = { readonly sizeBytes: number; readonly sha256: string; readonly md5: string };

/** One pass from the first byte to the last. Returns undefined when it is cancelled. */
async function hashFile(handle: FileHandle, signal?: AbortSignal): Promise<FileDigests | undefined> {
  const sha256 = createHash('sha256');
  const md5 = createHash('md5');
  const chunk = Buffer.allocUnsafeSlow(chunkBytes);
  let sizeBytes = 0;
  for (;;) {
    if (signal?.aborted) return undefined;
    const { bytesRead } = await handle.read(chunk, 0, chunk.length, sizeBytes);
    if (bytesRead === 0) break;
    const bytes = chunk.subarray(0, bytesRead);
    sha256.update(bytes);
    md5.update(bytes);
    sizeBytes += bytesRead;
  }
  return { sizeBytes, sha256: sha256.digest('hex'), md5: md5.digest('hex') };
}
