import { createHash } from 'node:crypto';
import type { BigIntStats } from 'node:fs';
import { open } from 'node:fs/promises';

/** Larger files are tagged by size and time: reading them whole for a tag would take longer than what it is for. */
const largestHashedBytes = 64 * 1024 * 1024;

type Known = { readonly stamp: string; readonly md5: string };

/** The tag of a file's content, which changes when the file does. */
export type ContentTags = (file: { readonly path: string; readonly stats: BigIntStats }) => Promise<string>;

/** Remembers for as long as the process lives, by everything the kernel says about a change. */
export function createContentTags(): ContentTags {
  const known = new Map<string, Known>();
  return async ({ path, stats }) => {
    if (stats.size > largestHashedBytes) return `${stats.size.toString(16)}-${stats.mtimeNs.toString(16)}`;
    const stamp = stampOf(stats);
    const remembered = known.get(path);
    if (remembered?.stamp === stamp) return remembered.md5;
    const { md5, stampAfter } = await hashFile(path);
    // What changed while it was read is tagged, but not remembered.
    if (stampAfter === stamp) known.set(path, { stamp, md5 });
    return md5;
  };
}

function stampOf(stats: BigIntStats): string {
  return `${stats.ino}:${stats.size}:${stats.mtimeNs}:${stats.ctimeNs}`;
}

async function hashFile(path: string): Promise<{ readonly md5: string; readonly stampAfter: string }> {
  const handle = await open(path);
  try {
    const hash = createHash('md5');
    const chunk = Buffer.allocUnsafe(256 * 1024);
    for (let position = 0; ; ) {
      const { bytesRead } = await handle.read(chunk, 0, chunk.length, position);
      if (bytesRead === 0) break;
      hash.update(chunk.subarray(0, bytesRead));
      position += bytesRead;
    }
    const stampAfter = stampOf(await handle.stat({ bigint: true }));
    return { md5: hash.digest('hex'), stampAfter };
  } finally {
    await handle.close();
  }
}
