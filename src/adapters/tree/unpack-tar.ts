import { createHash } from 'node:crypto';
import { createWriteStream } from 'node:fs';
import { chmod, chown, lchown, link, mkdir, rm, symlink, utimes } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { pipeline } from 'node:stream/promises';
import type { Header } from 'tar-stream';
import { cancelledFailure } from '../../base/cancelled-failure.ts';
import { type Failure, fail, type Outcome, succeed } from '../../base/failure.ts';
import type { TreeSummary } from '../../ports/file-trees.ts';
import { isNotContent } from './not-content.ts';
import { createPlaceJudge, insidePath } from './place-inside.ts';
import { damagedTar, entriesOf, tarFailure } from './tar-entries.ts';
import { mayGiveAway, summariseItems, type TreeItem } from './tree-digest.ts';

type Request = {
  readonly file: string;
  readonly toFolder: string;
  readonly signal?: AbortSignal;
  readonly onProgress: (bytesDone: number) => void;
};

export async function unpackTar(request: Request): Promise<Outcome<TreeSummary>> {
  const { file, signal } = request;
  const toFolder = resolve(request.toFolder);
  const refused = await findRefused(request);
  if (refused !== undefined) return fail(refused);
  try {
    await rm(toFolder, { recursive: true, force: true });
    await mkdir(toFolder, { recursive: true, mode: 0o700 });
    const items = await writeEntries({ ...request, toFolder });
    return succeed(summariseItems(items));
  } catch (error) {
    if (signal?.aborted) return fail(cancelledFailure(`unpack ${file}`));
    return fail(tarFailure(file, error, `unpack ${file} into ${toFolder}`));
  }
}

/** The whole archive is looked at before the first byte is written: half an archive helps nobody. */
async function findRefused({ file, signal }: Request): Promise<Failure | undefined> {
  const judge = createPlaceJudge();
  let count = 0;
  try {
    for await (const { header, drain } of entriesOf({ file, signal })) {
      count += 1;
      const place = judge.judge({ name: header.name, type: header.type, linkTo: header.linkname });
      if (place !== undefined && 'because' in place) return refusal(file, place.because);
      await drain();
    }
  } catch (error) {
    if (signal?.aborted) return cancelledFailure(`look through ${file}`);
    return tarFailure(file, error, `look through ${file}`);
  }
  return count === 0 ? damagedTar(file, 'it holds no entry at all') : undefined;
}

function refusal(file: string, because: string): Failure {
  return {
    code: 'invalid-input',
    message: `${file} is refused, and nothing of it was written: ${because}.`,
    remedy: 'Choose another snapshot, and find out who made this archive.',
    retry: 'never',
  };
}

async function writeEntries(request: Request): Promise<readonly TreeItem[]> {
  const { toFolder, onProgress } = request;
  const judge = createPlaceJudge();
  const items = new Map<string, TreeItem>();
  const folders: { readonly path: string; readonly header: Header }[] = [];
  let doneBytes = 0;
  for await (const { header, body, drain } of entriesOf(request)) {
    const place = judge.judge({ name: header.name, type: header.type, linkTo: header.linkname });
    if (place !== undefined && 'because' in place) throw new Error(place.because);
    if (place === undefined) {
      folders.push({ path: '', header });
      await drain();
      continue;
    }
    // A backup of a volume that was restored once holds what was kept then.
    if (isNotContent(place.path.split('/')[0] ?? '')) {
      await drain();
      continue;
    }
    const full = join(toFolder, place.path);
    await mkdir(header.type === 'directory' ? full : dirname(full), { recursive: true });
    if (header.type === 'directory') folders.push({ path: place.path, header });
    else if (header.type === 'symlink') await symlink(header.linkname ?? '', full);
    else if (header.type === 'link') await link(join(toFolder, header.linkname ?? ''), full);
    const sha256 = isFile(header) ? await writeFile(full, body) : undefined;
    if (sha256 === undefined) await drain();
    if (header.type !== 'directory' && header.type !== 'link') await dress(full, header);
    items.set(place.path, toItem(place.path, { header, sha256, items }));
    doneBytes += header.size ?? 0;
    onProgress(doneBytes);
  }
  // The innermost first: a folder that may not be written into must be full by then, and its time must stay.
  for (const { path, header } of folders.reverse()) await dress(join(toFolder, path), header);
  return [...items.values(), ...missingFolders(items)];
}

function isFile(header: Header): boolean {
  return header.type === 'file' || header.type === 'contiguous-file';
}

async function writeFile(path: string, body: AsyncIterable<Buffer>): Promise<string> {
  const hash = createHash('sha256');
  const hashed = async function* (chunks: AsyncIterable<Buffer>) {
    for await (const chunk of chunks) {
      hash.update(chunk);
      yield chunk;
    }
  };
  // A file that stands twice in an archive: the later one counts, and never through what the first one is linked to.
  await rm(path, { force: true });
  await pipeline(body, hashed, createWriteStream(path, { flags: 'wx', mode: 0o600, flush: true }));
  return hash.digest('hex');
}

/** Owner first: giving a file away takes setuid from it. */
async function dress(path: string, header: Header): Promise<void> {
  const { uid = 0, gid = 0, mode = 0o644 } = header;
  if (header.type === 'symlink') {
    if (mayGiveAway()) await lchown(path, uid, gid);
    return;
  }
  if (mayGiveAway()) await chown(path, uid, gid);
  await chmod(path, mode & 0o7777);
  if (header.mtime !== undefined) await utimes(path, header.mtime, header.mtime);
}

function toItem(
  path: string,
  of: {
    readonly header: Header;
    readonly sha256: string | undefined;
    readonly items: ReadonlyMap<string, TreeItem>;
  },
): TreeItem {
  const { header, sha256, items } = of;
  const { uid = 0, gid = 0, mode = 0o644, size = 0 } = header;
  const own = { path, mode: mode & 0o7777, uid, gid };
  if (header.type === 'directory') return { ...own, kind: 'folder', sizeBytes: 0 };
  if (header.type === 'symlink') return { ...own, kind: 'link', sizeBytes: 0, linkTo: header.linkname ?? '' };
  const first = header.type === 'link' ? items.get(insidePath(header.linkname ?? '') ?? '') : undefined;
  if (first !== undefined) return { ...first, path };
  return { ...own, kind: 'file', sizeBytes: size, ...(sha256 === undefined ? {} : { sha256 }) };
}

/** Folders that the archive does not name, and that were made for the files in them. */
function missingFolders(items: ReadonlyMap<string, TreeItem>): readonly TreeItem[] {
  const made = new Map<string, TreeItem>();
  for (const path of items.keys()) {
    for (let parent = dirname(path); parent !== '.'; parent = dirname(parent)) {
      if (items.has(parent) || made.has(parent)) continue;
      const [uid, gid] = [process.getuid?.() ?? 0, process.getgid?.() ?? 0];
      const mode = 0o777 & ~process.umask();
      made.set(parent, { path: parent, kind: 'folder', sizeBytes: 0, mode, uid, gid });
    }
  }
  return [...made.values()];
}
