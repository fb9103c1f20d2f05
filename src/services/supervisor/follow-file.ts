import { open } from 'node:fs/promises';
import { stripVTControlCharacters } from 'node:util';
import { pause } from '../../platform/pause.ts';

const pollMs = 200;
const readBytes = 64 * 1024;

/** Hands on each whole line appended to a file from now on, without colours; a file not there yet is waited for. */
export async function followFile(request: {
  readonly file: string;
  readonly onLine: (line: string) => void;
  readonly signal: AbortSignal;
}): Promise<void> {
  const { file, onLine, signal } = request;
  let position = await sizeOf(file);
  let pending = Buffer.alloc(0);
  while (!signal.aborted) {
    const size = await sizeOf(file);
    // A shorter file was cut or replaced: what stands in it now is new.
    if (size < position) {
      position = 0;
      pending = Buffer.alloc(0);
    }
    if (size > position) {
      const chunk = await readFrom(file, position);
      position += chunk.length;
      pending = Buffer.concat([pending, chunk]);
      // Split as bytes, so that a character cut by the read stays whole.
      for (let end = pending.indexOf(10); end >= 0; end = pending.indexOf(10)) {
        onLine(stripVTControlCharacters(pending.subarray(0, end).toString('utf8')));
        pending = pending.subarray(end + 1);
      }
      if (chunk.length > 0) continue;
    }
    await pause(pollMs, signal);
  }
}

async function sizeOf(file: string): Promise<number> {
  const handle = await open(file, 'r').catch(() => undefined);
  if (handle === undefined) return 0;
  try {
    return (await handle.stat()).size;
  } finally {
    await handle.close();
  }
}

async function readFrom(file: string, position: number): Promise<Buffer> {
  const handle = await open(file, 'r').catch(() => undefined);
  if (handle === undefined) return Buffer.alloc(0);
  try {
    const { bytesRead, buffer } = await handle.read({ buffer: Buffer.alloc(readBytes), position });
    return buffer.subarray(0, bytesRead);
  } finally {
    await handle.close();
  }
}
