import { createHash } from 'node:crypto';
import { constants } from 'node:fs';
import { lstat, open, readdir, readlink } from 'node:fs/promises';
import { join, relative, resolve } from 'node:path';
import { cancelledFailure } from '../../base/cancelled-failure.ts';
import { fail, type Outcome, succeed } from '../../base/failure.ts';
import { describeFileFailure } from '../../base/file-failure.ts';
import type { TreeSummary } from '../../ports/file-trees.ts';
import { isNotContent } from './not-content.ts';
import { summariseItems, type TreeItem } from './tree-digest.ts';

export async function summariseFolder(request: {
  readonly folder: string;
  readonly contents: boolean;
  readonly signal?: AbortSignal;
}): Promise<Outcome<TreeSummary>> {
  const { contents, signal } = request;
  const folder = resolve(request.folder);
  const items: TreeItem[] = [];
  try {
    for await (const item of walkFolder(folder)) {
      if (signal?.aborted) return fail(cancelledFailure(`look through ${folder}`));
      const isRead = contents && item.kind === 'file';
      items.push(isRead ? { ...item, sha256: await digestOf(join(folder, item.path)) } : item);
    }
  } catch (error) {
    return fail(describeFileFailure({ doing: `look through ${folder}`, error }));
  }
  return succeed(summariseItems(items));
}

/** Everything below a folder, a folder before what is in it, the folder itself and what is no content of it left out. Sockets and devices are passed over. */
export async function* walkFolder(folder: string, below = folder): AsyncGenerator<TreeItem> {
  for (const name of await readdir(below)) {
    if (below === folder && isNotContent(name)) continue;
    const full = join(below, name);
    const stats = await lstat(full);
    const path = relative(folder, full);
    const { uid, gid } = stats;
    const mode = stats.mode & 0o7777;
    if (stats.isSymbolicLink())
      yield { path, kind: 'link', sizeBytes: 0, mode, uid, gid, linkTo: await readlink(full) };
    else if (stats.isFile()) yield { path, kind: 'file', sizeBytes: stats.size, mode, uid, gid };
    else if (stats.isDirectory()) {
      yield { path, kind: 'folder', sizeBytes: 0, mode, uid, gid };
      yield* walkFolder(folder, full);
    }
  }
}

async function digestOf(path: string): Promise<string> {
  const hash = createHash('sha256');
  for await (const chunk of await readInPlace(path)) hash.update(chunk as Buffer);
  return hash.digest('hex');
}

/** It was a file when it was listed; what it has become since is not followed. */
export async function readInPlace(path: string): Promise<AsyncIterable<Buffer>> {
  const file = await open(path, constants.O_RDONLY | constants.O_NOFOLLOW);
  return file.createReadStream({ highWaterMark: 1024 * 1024 });
}
