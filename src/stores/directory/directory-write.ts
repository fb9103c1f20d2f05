import { randomBytes } from 'node:crypto';
import { type FileHandle, mkdir, open, realpath, rename, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { addAbortSignal } from 'node:stream';
import { brokenBodyFailure, wrongLengthFailure } from '../../base/body-error.ts';
import { cancelledFailure } from '../../base/cancelled-failure.ts';
import { type Failure, fail, type Outcome, succeed } from '../../base/failure.ts';
import { describeFileFailure } from '../../base/file-failure.ts';
import { errorCode } from '../../base/thrown.ts';
import { syncFolder } from '../../platform/durable-files.ts';
import type { ObjectInfo, StreamRequest, WriteRequest } from '../../ports/object-store.ts';
import type { ContentTags } from './content-tags.ts';
import { describeFile } from './directory-list.ts';
import { keepAttributes } from './sidecar.ts';
import { isInside, type Place, placeKey, refuseKey } from './store-paths.ts';

type Written = WriteRequest | StreamRequest;
type Writing = { readonly store: string; readonly tags: ContentTags; readonly request: Written };

/** The object stands under its name only when all its bytes are on the disk. */
export async function writeToDirectory(writing: Writing): Promise<Outcome<ObjectInfo>> {
  const { store, tags, request } = writing;
  const doing = `write ${join(store, request.key)}`;
  const place = await placeKey({ store, key: request.key, doing });
  const written = place.ok ? await writePlace({ place: place.value, request, doing }) : place;
  request.body.destroy();
  if (!written.ok || !place.ok) return written.ok ? fail(vanished(doing)) : written;
  try {
    const info = await describeFile({ key: request.key, path: place.value.path, tags });
    return info === undefined ? fail(vanished(doing)) : succeed(info);
  } catch (error) {
    return fail(describeFileFailure({ doing, error }));
  }
}

type PlacedWriting = { readonly place: Place; readonly request: Written; readonly doing: string };

async function writePlace(writing: PlacedWriting): Promise<Outcome<void>> {
  const { place, request, doing } = writing;
  const folder = dirname(place.path);
  const unfinished = join(folder, `.thaw-${randomBytes(8).toString('hex')}.part`);
  try {
    const nearest = await findNearestFolder(folder);
    if (!isInside(place.root, nearest)) return fail(refuseKey(doing, `a link on its way leaves the folder`));
    await mkdir(folder, { recursive: true });
    const copied = await copyInto(unfinished, writing);
    if (!copied.ok) return copied;
    await keepAttributes({ root: place.root, key: request.key }, request.attributes);
    await rename(unfinished, place.path);
    await syncFolder(folder);
    return succeed(undefined);
  } catch (error) {
    return fail(describeFileFailure({ doing, error }));
  } finally {
    await rm(unfinished, { force: true }).catch(() => {});
  }
}

/** Asked before any folder is made: `mkdir` would follow a link out of the store. */
async function findNearestFolder(folder: string): Promise<string> {
  try {
    return await realpath(folder);
  } catch (error) {
    if (errorCode(error) !== 'ENOENT') throw error;
    return findNearestFolder(dirname(folder));
  }
}

async function copyInto(unfinished: string, writing: PlacedWriting): Promise<Outcome<void>> {
  const { request, doing } = writing;
  const sizeBytes = exactSize(request);
  const handle = await open(unfinished, 'wx');
  try {
    const copied = await copyBody(handle, { request, doing });
    if (!copied.ok) return copied;
    if (sizeBytes !== undefined && copied.value !== sizeBytes)
      return fail(wrongLengthFailure({ doing, sizeBytes, receivedBytes: copied.value }));
    await handle.sync();
    return succeed(undefined);
  } finally {
    await handle.close();
  }
}

/** Stops at the first byte too many. */
async function copyBody(
  handle: FileHandle,
  writing: Pick<PlacedWriting, 'request' | 'doing'>,
): Promise<Outcome<number>> {
  const { body, signal } = writing.request;
  const sizeBytes = exactSize(writing.request) ?? Number.POSITIVE_INFINITY;
  if (signal !== undefined) addAbortSignal(signal, body);
  let copiedBytes = 0;
  let diskError: unknown;
  try {
    for await (const chunk of body) {
      const bytes = Buffer.isBuffer(chunk) ? chunk : Buffer.from(chunk);
      copiedBytes += bytes.length;
      if (copiedBytes > sizeBytes) break;
      await handle.writeFile(bytes).catch((error: unknown) => {
        diskError = error;
        throw error;
      });
    }
    return succeed(copiedBytes);
  } catch (error) {
    if (diskError !== undefined) throw diskError;
    return fail(signal?.aborted ? cancelledFailure(writing.doing) : brokenBodyFailure(writing.doing, error));
  }
}

/** undefined where the body is still being made: then its clean end alone decides. */
function exactSize(request: Written): number | undefined {
  return 'sizeBytes' in request ? request.sizeBytes : undefined;
}

function vanished(doing: string): Failure {
  return {
    code: 'conflict',
    message: `Cannot ${doing}: it was removed as soon as it was written.`,
    remedy: 'Find out what else works in that folder, then try again.',
    retry: 'after-fix',
  };
}
