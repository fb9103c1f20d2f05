import { createHash } from 'node:crypto';
import { constants } from 'node:fs';
import { type FileHandle, lchown, link, mkdir, open, rm, symlink } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import type { Header } from 'tar-stream';
import { cancelledFailure } from '../../base/cancelled-failure.ts';
import { fail, type Outcome, succeed } from '../../base/failure.ts';
import type { TreeSummary } from '../../ports/file-trees.ts';
import { type JudgedTar, judgeTar } from './judge-tar.ts';
import { isNotContent } from './not-content.ts';
import { insidePath } from './place-inside.ts';
import { entriesOf, tarFailure } from './tar-entries.ts';
import { keptMode, mayGiveAway, summariseItems, type TreeItem } from './tree-digest.ts';

type Request = {
  readonly file: string;
  readonly toFolder: string;
  readonly signal?: AbortSignal;
  readonly onProgress: (bytesDone: number) => void;
};

export async function unpackTar(request: Request): Promise<Outcome<TreeSummary>> {
  const { file, signal } = request;
  const toFolder = resolve(request.toFolder);
  const judged = await judgeTar(request);
  if (!judged.ok) return judged;
  try {
    await rm(toFolder, { recursive: true, force: true });
    await mkdir(toFolder, { recursive: true, mode: 0o700 });
    const written = await writeEntries({ ...request, toFolder }, judged.value);
    return succeed(summariseItems(written.items, written.stripped));
  } catch (error) {
    if (signal?.aborted) return fail(cancelledFailure(`unpack ${file}`));
    return fail(tarFailure(file, error, `unpack ${file} into ${toFolder}`));
  }
}

type Placed = { readonly path: string; readonly header: Header };
type Written = { readonly items: readonly TreeItem[]; readonly stripped: readonly string[] };

/** Links are laid last: while anything is written there is none that it could go through. */
async function writeEntries(request: Request, judged: JudgedTar): Promise<Written> {
  const { toFolder, onProgress } = request;
  const items = new Map<string, TreeItem>();
  const folders: Placed[] = [];
  const links: Placed[] = [];
  const stripped = new Set<string>();
  let doneBytes = 0;
  let index = 0;
  for await (const { header, body, drain } of entriesOf(request)) {
    const path = sameAsJudged(header, judged[index]);
    index += 1;
    const isOthers = isNotContent(path.split('/')[0] ?? '');
    // A backup of a volume that was restored once holds what was kept then.
    if (isOthers || !isFile(header)) await drain();
    if (isOthers) continue;
    if (header.type === 'directory') folders.push({ path, header });
    if (path === '') continue;
    const full = join(toFolder, path);
    await mkdir(header.type === 'directory' ? full : dirname(full), { recursive: true });
    if (header.type === 'symlink') links.push({ path, header });
    else if (header.type === 'link') await link(join(toFolder, targetOf(header)), full);
    const sha256 = isFile(header) ? await writeFile(full, { header, body }) : undefined;
    const item = toItem(path, { header, sha256, items });
    if (isFile(header) && item.mode !== ((header.mode ?? 0o644) & 0o7777)) stripped.add(path);
    items.set(path, item);
    doneBytes += header.size ?? 0;
    onProgress(doneBytes);
  }
  for (const placed of links) await layLink(toFolder, placed);
  // The innermost first: a folder that may not be written into must be full by then, and its time must stay.
  for (const { path, header } of folders.reverse()) await dressFolder(join(toFolder, path), header);
  return { items: [...items.values(), ...missingFolders(items)], stripped: [...stripped] };
}

/** @returns its place; throws when the file is another than the one that was looked through. */
function sameAsJudged({ name, type }: Header, judged: JudgedTar[number] | undefined): string {
  const path = insidePath(name);
  if (path === undefined || judged?.name !== name || judged.type !== type)
    throw new Error('it was changed while it was unpacked');
  return path;
}

function isFile(header: Header): boolean {
  return header.type === 'file' || header.type === 'contiguous-file';
}

function targetOf(header: Header): string {
  return insidePath(header.linkname ?? '') ?? '';
}

async function writeFile(
  path: string,
  { header, body }: { readonly header: Header; readonly body: AsyncIterable<Buffer> },
): Promise<string> {
  const hash = createHash('sha256');
  // A file that stands twice in an archive: the later one counts, and never through what the first one is linked to.
  await rm(path, { force: true });
  const file = await open(path, constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL, 0o600);
  try {
    for await (const chunk of body) {
      hash.update(chunk);
      await file.writeFile(chunk);
    }
    await dress(file, { header, mode: keptMode('file', header.mode ?? 0o644) });
    await file.sync();
  } finally {
    await file.close();
  }
  return hash.digest('hex');
}

/** By an open file, which is what it was when it was opened; owner first, since giving a file away takes bits of its mode. */
async function dress(
  file: FileHandle,
  as: { readonly header: Header; readonly mode: number },
): Promise<void> {
  const { uid = 0, gid = 0, mtime } = as.header;
  if (mayGiveAway()) await file.chown(uid, gid);
  await file.chmod(as.mode);
  if (mtime !== undefined) await file.utimes(mtime, mtime);
}

async function dressFolder(path: string, header: Header): Promise<void> {
  const folder = await open(path, constants.O_RDONLY | constants.O_DIRECTORY | constants.O_NOFOLLOW);
  try {
    await dress(folder, { header, mode: keptMode('folder', header.mode ?? 0o755) });
  } finally {
    await folder.close();
  }
}

async function layLink(toFolder: string, { path, header }: Placed): Promise<void> {
  const full = join(toFolder, path);
  await symlink(header.linkname ?? '', full);
  if (mayGiveAway()) await lchown(full, header.uid ?? 0, header.gid ?? 0);
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
  const own = { path, mode: keptMode(header.type === 'directory' ? 'folder' : 'file', mode), uid, gid };
  if (header.type === 'directory') return { ...own, kind: 'folder', sizeBytes: 0 };
  if (header.type === 'symlink') return { ...own, kind: 'link', sizeBytes: 0, linkTo: header.linkname ?? '' };
  const first = header.type === 'link' ? items.get(targetOf(header)) : undefined;
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
