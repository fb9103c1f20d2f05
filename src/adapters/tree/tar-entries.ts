import { createReadStream } from 'node:fs';
import { open, stat } from 'node:fs/promises';
import { pipeline } from 'node:stream/promises';
import { extract, type Header } from 'tar-stream';
import type { Failure } from '../../base/failure.ts';
import { describeFileFailure } from '../../base/file-failure.ts';
import { errorCode, errorWords } from '../../base/thrown.ts';

const chunkBytes = 1024 * 1024;
const endBytes = 1024;

type TarEntry = {
  readonly header: Header;
  readonly body: AsyncIterable<Buffer>;
  /** Passes over what nobody read. */
  drain(): Promise<void>;
};

export async function* entriesOf(from: {
  readonly file: string;
  readonly signal?: AbortSignal | undefined;
}): AsyncGenerator<TarEntry> {
  const parser = extract();
  const { size: sizeBytes } = await stat(from.file);
  const source = createReadStream(from.file, { highWaterMark: chunkBytes });
  const reading = pipeline(source, parser, from.signal === undefined ? {} : { signal: from.signal });
  reading.catch(() => {});
  try {
    for await (const entry of parser) {
      const drain = async () => {
        for await (const _ of entry);
      };
      yield { header: entry.header, body: entry as AsyncIterable<Buffer>, drain };
    }
    await reading;
  } finally {
    parser.destroy();
    source.destroy();
  }
  // tar-stream takes any end between two entries for the end; only the two empty blocks say that nothing is missing.
  if (!(await endsWithEmptyBlocks({ file: from.file, sizeBytes }))) throw new Error(cutOff);
}

const cutOff = 'the end of the archive is missing';

async function endsWithEmptyBlocks(archive: {
  readonly file: string;
  readonly sizeBytes: number;
}): Promise<boolean> {
  if (archive.sizeBytes < endBytes) return false;
  const handle = await open(archive.file);
  try {
    const { buffer } = await handle.read(Buffer.alloc(endBytes), 0, endBytes, archive.sizeBytes - endBytes);
    return buffer.every((byte) => byte === 0);
  } finally {
    await handle.close();
  }
}

export function damagedTar(file: string, because: string): Failure {
  return {
    code: 'damaged',
    message: `${file} is no whole tar archive: ${because}.`,
    remedy: 'Choose another snapshot.',
    retry: 'never',
  };
}

/** The file system reports with codes; what has none is the archive's own fault. */
export function tarFailure(file: string, ...[error, doing]: [unknown, string]): Failure {
  if (errorCode(error) !== undefined) return describeFileFailure({ doing, error });
  return damagedTar(file, errorWords(error));
}
