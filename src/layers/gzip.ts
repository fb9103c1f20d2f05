import type { Readable } from 'node:stream';
import { createGunzip, createGzip } from 'node:zlib';
import { succeed } from '../base/failure.ts';
import { errorCode } from '../base/thrown.ts';
import type { Compression } from './layer.ts';
import { forwardErrors } from './stream-parts.ts';
import { damaged } from './unpack-failure.ts';

/** The biggest piece handed on: fewer and bigger pieces cost less. */
const chunkBytes = 256 * 1024;

export const gzip: Compression = {
  name: 'gzip',
  does: 'compresses',
  about: 'Read everywhere; what most scripts write.',
  endings: ['gz'],
  magic: { text: 'the bytes 1f 8b', fits: (head) => head[0] === 0x1f && head[1] === 0x8b },
  open: async ({ source }) => succeed({ stream: gunzip(source), engine: 'zlib' }),
  byHand: { command: 'gzip --decompress --stdout', needs: 'gzip' },
  compress: () => createGzip({ level: 6, chunkSize: chunkBytes }),
  // zlib has codes of its own: the only one that means "ended early" is Z_BUF_ERROR.
  explain(error) {
    const code = errorCode(error);
    const detail = error instanceof Error ? `${String(code)}: ${error.message}` : undefined;
    if (code === 'Z_BUF_ERROR') return damaged('The gzip data ends early: the dump is truncated.', detail);
    if (code !== 'Z_DATA_ERROR' && code !== 'Z_NEED_DICT' && code !== 'Z_STREAM_ERROR') return undefined;
    return damaged(
      'The gzip data is damaged: it was changed after it was written, or is no gzip at all.',
      detail,
    );
  },
};

/** Several members one after the other are one content, as pigz and `cat a.gz b.gz` write them. */
function gunzip(source: Readable): Readable {
  const stage = createGunzip({ chunkSize: chunkBytes });
  forwardErrors(source, stage);
  source.pipe(stage);
  return stage;
}
