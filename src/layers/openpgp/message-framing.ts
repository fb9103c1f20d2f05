import { type FileHandle, open } from 'node:fs/promises';
import type { Failure } from '../../base/failure.ts';
import { damaged } from '../unpack-failure.ts';
import {
  containerTags,
  messageHeadBytes,
  readMessageHead,
  readNewLength,
  readPacketHeader,
} from './message-head.ts';

type Framing =
  | { readonly kind: 'whole' }
  /** `missingBytes` is the least that is missing: more pieces may have followed. */
  | { readonly kind: 'cut'; readonly sizeBytes: number; readonly missingBytes: number }
  | { readonly kind: 'unknown' };

/** That the message in a file ends early, where it does; neither program that opens it says so reliably. */
export async function diagnoseFraming(
  file: string,
  detail: string | undefined,
): Promise<Failure | undefined> {
  const framing = await checkFraming(file);
  if (framing.kind !== 'cut') return undefined;
  const text = `The encrypted data ends early: of ${file} only ${framing.sizeBytes} bytes are there, and at least ${framing.missingBytes} are missing.`;
  return damaged(text, detail);
}

/**
 * Follows the lengths of the packets through a file. They are not encrypted, so this tells, whatever program failed on it, a message
 * that ends early from one that was changed, unless the change hit a length itself and made it greater. Only asked after a failure.
 */
async function checkFraming(path: string): Promise<Framing> {
  const file = await open(path, 'r').catch(() => undefined);
  if (file === undefined) return { kind: 'unknown' };
  try {
    const { size } = await file.stat();
    const head = await readAt(file, { position: 0, length: messageHeadBytes });
    const reading = readMessageHead(head);
    if (reading.kind === 'cut' && size < messageHeadBytes) return cutAt(size, size + 1);
    if (reading.kind !== 'message' || reading.head.armored) return { kind: 'unknown' };
    return await follow(file, size);
  } finally {
    await file.close();
  }
}

async function follow(file: FileHandle, size: number): Promise<Framing> {
  let position = 0;
  while (position < size) {
    const header = readPacketHeader(await readAt(file, { position, length: 6 }), 0);
    if (header === 'cut') return cutAt(size, size + 1);
    if (header === 'no packet') return { kind: 'unknown' };
    if (header.length === undefined && !header.isPartial) return { kind: 'unknown' };
    if (header.length !== undefined) {
      position += header.bodyAt + header.length;
    } else {
      // The length octets stand right after the tag, and again before every further piece.
      position += 1;
      for (let more = true; more; ) {
        const piece = readNewLength(await readAt(file, { position, length: 5 }), 0);
        if (piece === 'cut') return cutAt(size, size + 1);
        position += piece.bodyAt + piece.length;
        more = piece.isPartial;
        if (position > size) return cutAt(size, position);
      }
    }
    if (position > size) return cutAt(size, position);
    // Nothing follows the encrypted data in a message: what stands there anyway tells of a length that was changed.
    if (containerTags.has(header.tag)) return { kind: position === size ? 'whole' : 'unknown' };
  }
  return { kind: 'whole' };
}

function cutAt(sizeBytes: number, wantedBytes: number): Framing {
  return { kind: 'cut', sizeBytes, missingBytes: wantedBytes - sizeBytes };
}

async function readAt(
  file: FileHandle,
  range: { readonly position: number; readonly length: number },
): Promise<Buffer> {
  const { position, length } = range;
  const { buffer, bytesRead } = await file.read(Buffer.alloc(length), 0, length, position);
  return buffer.subarray(0, bytesRead);
}
