import { createHash } from 'node:crypto';
import { createWriteStream } from 'node:fs';
import { chmod, chown, lchown, lstat, mkdir, rm, symlink, utimes } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { cancelledFailure } from '../../base/cancelled-failure.ts';
import { type Failure, fail, type Outcome, succeed } from '../../base/failure.ts';
import { describeFileFailure } from '../../base/file-failure.ts';
import type { TreeSummary } from '../../ports/file-trees.ts';
import { linksThatLeaveFolder } from './place-inside.ts';
import { readInPlace, walkFolder } from './summarise-folder.ts';
import { keptMode, mayGiveAway, summariseItems, type TreeItem } from './tree-digest.ts';

type Request = {
  readonly fromFolder: string;
  readonly toFolder: string;
  readonly signal?: AbortSignal;
  readonly onProgress: (bytesDone: number) => void;
};

/**
 * A snapshot that shares its files with other snapshots by hard links (rsync --link-dest) must not be given to an
 * application that writes into them: every file is copied.
 */
export async function copyFolder(request: Request): Promise<Outcome<TreeSummary>> {
  const fromFolder = resolve(request.fromFolder);
  const toFolder = resolve(request.toFolder);
  const doing = `copy ${fromFolder} to ${toFolder}`;
  try {
    const items: TreeItem[] = [];
    const stripped: string[] = [];
    for await (const item of walkFolder(fromFolder)) {
      const mode = keptMode(item.kind, item.mode);
      if (mode !== item.mode) stripped.push(item.path);
      items.push({ ...item, mode });
    }
    const leading = items.flatMap(({ path, linkTo }) =>
      linkTo === undefined ? [] : [[path, linkTo] as const],
    );
    const [out] = linksThatLeaveFolder(new Map(leading));
    if (out !== undefined)
      return fail(
        refusal(
          fromFolder,
          items.find(({ path }) => path === out),
        ),
      );
    await rm(toFolder, { recursive: true, force: true });
    await mkdir(toFolder, { recursive: true, mode: 0o700 });
    const copied = await copyItems({ ...request, fromFolder, toFolder }, items);
    return copied === undefined ? fail(cancelledFailure(doing)) : succeed(summariseItems(copied, stripped));
  } catch (error) {
    if (request.signal?.aborted) return fail(cancelledFailure(doing));
    return fail(describeFileFailure({ doing, error }));
  }
}

async function copyItems(
  request: Request,
  items: readonly TreeItem[],
): Promise<readonly TreeItem[] | undefined> {
  const { fromFolder, toFolder, signal, onProgress } = request;
  const copied: TreeItem[] = [];
  let doneBytes = 0;
  for (const item of items) {
    if (signal?.aborted) return undefined;
    const to = join(toFolder, item.path);
    if (item.kind === 'folder') await mkdir(to);
    else if (item.kind === 'link') await symlink(item.linkTo ?? '', to);
    if (item.kind !== 'file') copied.push(item);
    else copied.push({ ...item, sha256: await copyFile(join(fromFolder, item.path), to) });
    if (item.kind !== 'folder') await dress(to, { item, like: join(fromFolder, item.path) });
    doneBytes += item.sizeBytes;
    onProgress(doneBytes);
  }
  // The innermost first, so that the times of the outer ones stay.
  for (const item of items.filter(({ kind }) => kind === 'folder').reverse())
    await dress(join(toFolder, item.path), { item, like: join(fromFolder, item.path) });
  const { mode, uid, gid } = await lstat(fromFolder);
  const root = { path: '', kind: 'folder', sizeBytes: 0, mode: mode & 0o7777, uid, gid } as const;
  await dress(toFolder, { item: root, like: fromFolder });
  return copied;
}

async function copyFile(from: string, to: string): Promise<string> {
  const hash = createHash('sha256');
  const hashed = async function* (chunks: AsyncIterable<Buffer>) {
    for await (const chunk of chunks) {
      hash.update(chunk);
      yield chunk;
    }
  };
  const sink = createWriteStream(to, { flags: 'wx', mode: 0o600, flush: true });
  await pipeline(await readInPlace(from), hashed, sink);
  return hash.digest('hex');
}

async function dress(path: string, as: { readonly item: TreeItem; readonly like: string }): Promise<void> {
  const { uid, gid, mode, kind } = as.item;
  if (kind === 'link') {
    if (mayGiveAway()) await lchown(path, uid, gid);
    return;
  }
  if (mayGiveAway()) await chown(path, uid, gid);
  await chmod(path, mode);
  const { atime, mtime } = await lstat(as.like);
  await utimes(path, atime, mtime);
}

function refusal(folder: string, link: TreeItem | undefined): Failure {
  return {
    code: 'invalid-input',
    message: `${folder} is refused, and nothing of it was written: the link ${link?.path} leads out of it, to ${link?.linkTo}.`,
    remedy: 'Choose another snapshot, or take the link out of this one.',
    retry: 'never',
  };
}
