import { once } from 'node:events';
import type { Readable } from 'node:stream';
import { constants, createZstdDecompress } from 'node:zlib';
import type { Failure } from '../../base/failure.ts';
import { damaged } from './unpack-failure.ts';

const chunkBytes = 256 * 1024;

/** `zstd --long=31` and `--ultra` write frames that need up to 2 GiB of memory; zstd itself refuses them without being asked. */
const largestWindowLog = 31;

/**
 * Several frames one after the other are one content, as `pzstd` and `cat a.zst b.zst` write them. Node stops at the end of a
 * frame and drops, without a word, what follows it in the same chunk; so what it did not take is handed to it again.
 */
export function openZstd(source: Readable): Readable {
  const zstd = createZstdDecompress({
    chunkSize: chunkBytes,
    params: { [constants.ZSTD_d_windowLogMax]: largestWindowLog },
  });
  void feed(source, zstd).catch((error: unknown) => {
    if (!zstd.destroyed) zstd.destroy(error instanceof Error ? error : new Error(String(error)));
  });
  return zstd;
}

async function feed(source: Readable, zstd: ReturnType<typeof createZstdDecompress>): Promise<void> {
  for await (const chunk of source.iterator({ destroyOnReturn: false })) {
    let rest = chunk as Buffer;
    while (rest.length > 0) {
      const before = zstd.bytesWritten;
      const taken = await new Promise<boolean>((resolve) => {
        zstd.once('close', () => resolve(false));
        zstd.write(rest, (error) => resolve(error === undefined || error === null));
      });
      if (!taken) return;
      rest = rest.subarray(zstd.bytesWritten - before);
    }
  }
  if (zstd.destroyed) return;
  zstd.end();
  await once(zstd, 'close').catch(() => {});
}

/** Node passes zstd's own error names on as codes; the end that comes too early has that of zlib. */
export function zstdFailure(error: unknown): Failure | undefined {
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  if (!code.startsWith('ZSTD_error_')) return undefined;
  const detail = error instanceof Error ? `${code}: ${error.message}` : code;
  return damaged(
    'The zstd data is damaged: it was changed after it was written, or is no zstd at all.',
    detail,
  );
}

/** The magic number of a frame, or of a skippable one, which pzstd puts first. */
export function looksLikeZstd(head: Buffer): boolean {
  if (head.length < 4) return false;
  const magic = head.readUInt32LE(0);
  return magic === 0xfd2fb528 || (magic & 0xfffffff0) >>> 0 === 0x184d2a50;
}
