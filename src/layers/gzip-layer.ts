import type { Readable } from 'node:stream';
import { createGunzip } from 'node:zlib';
import type { Failure } from '../base/failure.ts';
import { forwardErrors } from './stream-parts.ts';
import { damaged } from './unpack-failure.ts';

/** The biggest piece handed on: fewer and bigger pieces cost less. */
const chunkBytes = 256 * 1024;

/** Several members one after the other are one content, as pigz and `cat a.gz b.gz` write them. */
export function openGzip(source: Readable): Readable {
  const gunzip = createGunzip({ chunkSize: chunkBytes });
  forwardErrors(source, gunzip);
  source.pipe(gunzip);
  return gunzip;
}

/** zlib has codes of its own: the only one that means "ended early" is Z_BUF_ERROR. */
export function gzipFailure(error: unknown): Failure | undefined {
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  const detail = error instanceof Error ? `${String(code)}: ${error.message}` : undefined;
  if (code === 'Z_BUF_ERROR') return damaged('The gzip data ends early: the dump is truncated.', detail);
  if (code === 'Z_DATA_ERROR' || code === 'Z_NEED_DICT' || code === 'Z_STREAM_ERROR') {
    return damaged(
      'The gzip data is damaged: it was changed after it was written, or is no gzip at all.',
      detail,
    );
  }
  return undefined;
}

export function looksLikeGzip(head: Buffer): boolean {
  return head[0] === 0x1f && head[1] === 0x8b;
}
