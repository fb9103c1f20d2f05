import { Readable } from 'node:stream';
import { constants, createZstdCompress, createZstdDecompress } from 'node:zlib';
import { succeed } from '../base/failure.ts';
import { errorCode } from '../base/thrown.ts';
import type { Compression } from './layer.ts';
import { damaged } from './unpack-failure.ts';

const chunkBytes = 256 * 1024;

/** `zstd --long=31` and `--ultra` write frames that need up to 2 GiB of memory; zstd itself refuses them without being asked. */
const largestWindowLog = 31;

export const zstd: Compression = {
  name: 'zstd',
  does: 'compresses',
  about: 'Smaller and faster than gzip; frames of up to 2 GiB of window are read.',
  endings: ['zst'],
  magic: { text: 'the bytes 28 b5 2f fd', fits: beginsFrame },
  open: async ({ source }) => succeed({ stream: readZstd(source), engine: 'zstd' }),
  byHand: { command: 'zstd --decompress --stdout --long=31', needs: 'zstd' },
  compress: () => createZstdCompress({ chunkSize: chunkBytes }),
  // Node passes zstd's own error names on as codes; the end that comes too early has that of zlib.
  explain(error) {
    const code = errorCode(error) ?? '';
    if (code === 'Z_BUF_ERROR') return damaged('The zstd data ends early: the dump is truncated.', code);
    if (!code.startsWith('ZSTD_error_')) return undefined;
    const detail = error instanceof Error ? `${code}: ${error.message}` : code;
    return damaged(
      'The zstd data is damaged: it was changed after it was written, or is no zstd at all.',
      detail,
    );
  },
};

/** The magic number of a frame, or of a skippable one, which pzstd puts first. */
function beginsFrame(head: Buffer): boolean {
  if (head.length < 4) return false;
  const magic = head.readUInt32LE(0);
  return magic === 0xfd2fb528 || (magic & 0xfffffff0) >>> 0 === 0x184d2a50;
}

/**
 * Several frames one after the other are one content, as `pzstd` and `cat a.zst b.zst` write them. Node ends at the end of a
 * frame and drops, without a word, what follows it in the same chunk; so what it did not take goes to the next one.
 */
function readZstd(source: Readable): Readable {
  return Readable.from(readFrames(source), { objectMode: false, highWaterMark: chunkBytes });
}

async function* readFrames(source: Readable): AsyncGenerator<Buffer> {
  const chunks = source.iterator({ destroyOnReturn: false });
  try {
    yield* readFramesOf(chunks);
  } finally {
    // While it is held, nobody can drain the source to see whether that is to blame.
    await chunks.return?.();
  }
}

async function* readFramesOf(chunks: NodeJS.AsyncIterator<unknown>): AsyncGenerator<Buffer> {
  let rest: Buffer | undefined = Buffer.alloc(0);
  for (let frame = 0; rest !== undefined; frame += 1) {
    if (rest.length === 0) {
      const next = await chunks.next();
      // No frame at all is no zstd; no further frame is the end.
      if (next.done && frame > 0) return;
      rest = next.done ? Buffer.alloc(0) : (next.value as Buffer);
    }
    const zstd = createZstdDecompress({
      chunkSize: chunkBytes,
      params: { [constants.ZSTD_d_windowLogMax]: largestWindowLog },
    });
    const feeding: Promise<Buffer | undefined> = feed({ zstd, first: rest, chunks });
    feeding.catch(() => {});
    for await (const content of zstd) yield content as Buffer;
    rest = await feeding;
  }
}

/** @returns what stands behind the frame; undefined when nothing came any more. */
async function feed(parts: {
  readonly zstd: ReturnType<typeof createZstdDecompress>;
  readonly first: Buffer;
  readonly chunks: NodeJS.AsyncIterator<unknown>;
}): Promise<Buffer | undefined> {
  const { zstd, chunks } = parts;
  const ended = new Promise<void>((resolve) => {
    zstd.once('end', resolve);
    zstd.once('close', resolve);
  });
  try {
    for (let chunk: Buffer | undefined = parts.first; chunk !== undefined; ) {
      const before = zstd.bytesWritten;
      const bytes: Buffer = chunk;
      await Promise.race([ended, new Promise<void>((resolve) => zstd.write(bytes, () => resolve()))]);
      if (zstd.destroyed && zstd.errored !== null) return undefined;
      const rest: Buffer = bytes.subarray(zstd.bytesWritten - before);
      if (rest.length > 0) return rest;
      const next = await chunks.next();
      chunk = next.done ? undefined : (next.value as Buffer);
    }
    zstd.end();
  } catch (error) {
    zstd.destroy(error instanceof Error ? error : new Error(String(error)));
  }
  return undefined;
}
