import { createReadStream } from 'node:fs';
import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { type Pack, pack } from 'tar-stream';

const blockBytes = 512;
const chunkBytes = 1024 * 1024;

/** A folder as one stream of known length, as `tar` reads it. */
type FolderStream = {
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
  const archive = pack();
  const filling = fill(archive, members);
  // It is told by the archive's own end, or by the wait below.
  filling.catch((error: unknown) => archive.destroy(error instanceof Error ? error : undefined));
  try {
    for await (const chunk of archive) yield Buffer.from(chunk as Uint8Array);
    await filling;
  } finally {
    archive.destroy();
  }
}

async function fill(archive: Pack, members: readonly Member[]): Promise<void> {
  for (const member of members) {
    const { name, sizeBytes } = member;
    const header = { name, size: sizeBytes, mode: 0o600, mtime: new Date(0), uid: 0, gid: 0 };
    if (sizeBytes === 0) archive.entry(header, '');
    else await pipeline(contentOf(member), archive.entry(header));
  }
  archive.finalize();
}

/** As long as announced: what grows meanwhile would shift everything behind it. */
async function* contentOf({ path, sizeBytes }: Member): AsyncGenerator<Buffer> {
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
