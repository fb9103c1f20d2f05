import { type FileHandle, open } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { createBodyError } from '../../base/body-error.ts';
import { cancelledFailure } from '../../base/cancelled-failure.ts';
import { type Failure, fail, type Outcome, succeed } from '../../base/failure.ts';
import { describeFileFailure } from '../../base/file-failure.ts';
import { missingObjectFailure, refuseRead } from '../../base/refused-read.ts';
import type { ObjectBody, ReadRequest } from '../../ports/object-store.ts';
import type { ContentTags } from './content-tags.ts';
import { describeFile } from './directory-list.ts';
import { recallAttributes } from './sidecar.ts';
import { placeKey, resolveInside } from './store-paths.ts';

type Reading = { readonly store: string; readonly tags: ContentTags; readonly request: ReadRequest };

export async function readFromDirectory(reading: Reading): Promise<Outcome<ObjectBody>> {
  const { store, tags, request } = reading;
  const doing = `read ${join(store, request.key)}`;
  if (request.signal?.aborted) return fail(cancelledFailure(doing));
  const place = await placeKey({ store, key: request.key, doing });
  if (!place.ok) return place;
  const path = await resolveInside({ ...place.value, doing });
  if (!path.ok) return path;
  try {
    const info =
      path.value === undefined ? undefined : await describeFile({ key: request.key, path: path.value, tags });
    if (path.value === undefined || info === undefined) return fail(missingObjectFailure(doing));
    const refusal = refuseRead({ request, info, doing });
    if (refusal !== undefined) return fail(refusal);
    const attributes = await recallAttributes({ root: place.value.root, key: request.key });
    const handle = await open(path.value);
    const fromByte = request.fromByte ?? 0;
    const endByte = Math.min(
      request.toByte === undefined ? info.sizeBytes : request.toByte + 1,
      info.sizeBytes,
    );
    const body = readSlice({
      handle,
      fromByte,
      sizeBytes: endByte - fromByte,
      doing,
    });
    return succeed({ info, attributes, body });
  } catch (error) {
    return fail(describeFileFailure({ doing, error }));
  }
}

const chunkBytes = 256 * 1024;

function readSlice(slice: {
  readonly handle: FileHandle;
  readonly fromByte: number;
  readonly sizeBytes: number;
  readonly doing: string;
}): Readable {
  const { handle, doing } = slice;
  let position = slice.fromByte;
  let leftBytes = slice.sizeBytes;
  const body = new Readable({
    highWaterMark: chunkBytes,
    read() {
      if (leftBytes === 0) {
        this.push(null);
        return;
      }
      const chunk = Buffer.allocUnsafeSlow(Math.min(chunkBytes, leftBytes));
      handle.read(chunk, 0, chunk.length, position).then(
        ({ bytesRead }) => {
          position += bytesRead;
          leftBytes -= bytesRead;
          if (this.destroyed) return;
          if (bytesRead === 0) this.destroy(createBodyError(short({ doing, leftBytes })));
          else this.push(chunk.subarray(0, bytesRead));
        },
        (error: unknown) => this.destroy(createBodyError(describeFileFailure({ doing, error }))),
      );
    },
    destroy(error, done) {
      handle.close().then(
        () => done(error),
        () => done(error),
      );
    },
  });
  // A reader may not listen yet when it goes wrong; it will still see the error when it reads.
  body.on('error', () => {});
  return body;
}

function short(slice: { readonly doing: string; readonly leftBytes: number }): Failure {
  return {
    code: 'damaged',
    message: `Cannot ${slice.doing}: the file became shorter meanwhile; ${slice.leftBytes} bytes are missing.`,
    remedy: 'List the store again and start over with the object as it is now.',
    retry: 'after-fix',
  };
}
