import { createReadStream } from 'node:fs';
import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';

const blockBytes = 512;
const chunkBytes = 1024 * 1024;

/** A folder as one stream of known length, as `tar` reads it. */
export type FolderStream = {
  readonly sizeBytes: number;
  chunks(): AsyncGenerator<Buffer>;
};

type Member = { readonly name: string; readonly path: string; readonly sizeBytes: number };

/**
 * Plain files of one folder, no deeper: a directory of pg_dump is flat, and its names are short. Throws what the file system
 * throws.
 *
 * @param request.only names that are needed; all when left out.
 */
export async function openFolderStream(request: {
  readonly folder: string;
  readonly only?: readonly string[] | undefined;
}): Promise<FolderStream> {
  const { folder, only } = request;
  const entries = await readdir(folder, { withFileTypes: true });
  const names = entries
    .filter((entry) => entry.isFile() && Buffer.byteLength(entry.name) < 100)
    .map(({ name }) => name)
    .filter((name) => only === undefined || only.includes(name));
  const members: Member[] = [];
  for (const name of names.sort()) {
    const path = join(folder, name);
    members.push({ name, path, sizeBytes: (await stat(path)).size });
  }
  const sizeBytes = members.reduce((sum, one) => sum + blockBytes + padded(one.sizeBytes), 2 * blockBytes);
  return { sizeBytes, chunks: () => writeMembers(members) };
}

async function* writeMembers(members: readonly Member[]): AsyncGenerator<Buffer> {
  for (const member of members) {
    yield header(member);
    yield* contentOf(member);
    const fillBytes = padded(member.sizeBytes) - member.sizeBytes;
    if (fillBytes > 0) yield Buffer.alloc(fillBytes);
  }
  yield Buffer.alloc(2 * blockBytes);
}

/** As long as announced: what grows meanwhile would shift everything behind it. */
async function* contentOf({ path, sizeBytes }: Member): AsyncGenerator<Buffer> {
  if (sizeBytes === 0) return;
  let readBytes = 0;
  for await (const chunk of createReadStream(path, { highWaterMark: chunkBytes, end: sizeBytes - 1 })) {
    readBytes += (chunk as Buffer).length;
    yield chunk as Buffer;
  }
  if (readBytes < sizeBytes) throw new Error(`${path} became shorter while it was read`);
}

function padded(sizeBytes: number): number {
  return Math.ceil(sizeBytes / blockBytes) * blockBytes;
}

/** POSIX ustar; sizes of 8 GiB and more in binary, as GNU, BSD and busybox read them. */
function header({ name, sizeBytes }: Member): Buffer {
  const block = Buffer.alloc(blockBytes);
  block.write(name, 0);
  block.write('0000600\0', 100);
  block.write('0000000\0', 108);
  block.write('0000000\0', 116);
  if (sizeBytes < 8 ** 11) block.write(`${sizeBytes.toString(8).padStart(11, '0')}\0`, 124);
  else {
    block[124] = 0x80;
    block.writeBigUInt64BE(BigInt(sizeBytes), 128);
  }
  block.write('00000000000\0', 136);
  block.write('        0', 148);
  block.write('ustar\u000000', 257);
  const sum = block.reduce((total, byte) => total + byte, 0);
  block.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148);
  return block;
}
