import type { Dirent } from 'node:fs';
import { readdir, realpath, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { cancelledFailure } from '../../base/cancelled-failure.ts';
import { fail, type Outcome, succeed } from '../../base/failure.ts';
import { describeFileFailure } from '../../base/file-failure.ts';
import { errorCode } from '../../base/thrown.ts';
import type { ObjectInfo } from '../../ports/object-store.ts';
import type { ContentTags } from './content-tags.ts';
import {
  findKeyTrouble,
  isInside,
  isReservedName,
  refuseKey,
  resolveInside,
  resolveRoot,
} from './store-paths.ts';

type Found = { readonly key: string; readonly path: string };
type Folder = {
  readonly root: string;
  /** Its real path, and those of the folders it was reached through: a link back to one of them has no end. */
  readonly path: string;
  readonly above: readonly string[];
  /** What its keys begin with: empty, or ending in a slash. */
  readonly keyPrefix: string;
  /** Only names that begin like this. */
  readonly namePrefix: string;
};

const keysPerPage = 1000;
const filesAtOnce = 16;

export async function* listDirectory(request: {
  readonly store: string;
  readonly prefix: string;
  readonly tags: ContentTags;
  readonly sizesOnly?: boolean | undefined;
  readonly signal?: AbortSignal | undefined;
}): AsyncGenerator<Outcome<readonly ObjectInfo[]>> {
  const { store, prefix, signal } = request;
  const tags = request.sizesOnly ? undefined : request.tags;
  const doing = `list ${join(store, prefix)}`;
  const start = await findStart({ store, prefix, doing });
  if (!start.ok) {
    yield start;
    return;
  }
  let page: Found[] = [];
  for await (const found of start.value === undefined ? [] : walk(start.value)) {
    if (signal?.aborted) break;
    if (!found.ok) {
      yield found;
      return;
    }
    page.push(found.value);
    if (page.length < keysPerPage) continue;
    yield await describeAll({ page, tags, doing });
    page = [];
  }
  if (signal?.aborted) yield fail(cancelledFailure(doing));
  else if (page.length > 0) yield await describeAll({ page, tags, doing });
}

/** The deepest folder that the prefix names in full; undefined where there is none, so nothing to list. */
async function findStart(request: {
  readonly store: string;
  readonly prefix: string;
  readonly doing: string;
}): Promise<Outcome<Folder | undefined>> {
  const root = await resolveRoot(request.store);
  if (!root.ok) return root;
  const slash = request.prefix.lastIndexOf('/');
  const keyPrefix = request.prefix.slice(0, slash + 1);
  const namePrefix = request.prefix.slice(slash + 1);
  const folder = { root: root.value, above: [], keyPrefix, namePrefix };
  if (keyPrefix === '') return succeed({ ...folder, path: root.value });
  const trouble = findKeyTrouble(keyPrefix.slice(0, -1));
  if (trouble !== undefined) return fail(refuseKey(request.doing, trouble));
  const path = await resolveInside({
    root: root.value,
    path: join(root.value, keyPrefix),
    doing: request.doing,
  });
  if (!path.ok) return path;
  return succeed(path.value === undefined ? undefined : { ...folder, path: path.value });
}

/**
 * In byte order of the keys: a folder sorts as its name with a slash, since that is how its keys go on. What cannot
 * be said truly (a link that leads out, a name that is no UTF-8) ends the listing: a shorter list would be a lie.
 */
async function* walk(folder: Folder): AsyncGenerator<Outcome<Found>> {
  const entries = await readEntries(folder);
  if (!entries.ok) {
    yield entries;
    return;
  }
  for (const entry of entries.value) {
    if (entry.kind === 'trouble') {
      yield fail(refuseKey(`list ${folder.path}`, entry.because));
      return;
    }
    const key = `${folder.keyPrefix}${entry.name}`;
    if (entry.kind === 'file') yield succeed({ key, path: entry.path });
    else {
      const above = [...folder.above, folder.path];
      yield* walk({ root: folder.root, path: entry.path, above, keyPrefix: `${key}/`, namePrefix: '' });
    }
  }
}

type Entry =
  | { readonly kind: 'file' | 'folder'; readonly name: string; readonly path: string }
  | { readonly kind: 'trouble'; readonly name: string; readonly because: string };

async function readEntries(folder: Folder): Promise<Outcome<readonly Entry[]>> {
  let dirents: Dirent<Buffer>[];
  try {
    dirents = await readdir(folder.path, { withFileTypes: true, encoding: 'buffer' });
  } catch (error) {
    // Removed since its name was read, or a file where the prefix wants a folder: there is nothing below it.
    const code = errorCode(error);
    if (code === 'ENOENT' || code === 'ENOTDIR') return succeed([]);
    return fail(describeFileFailure({ doing: `list ${folder.path}`, error }));
  }
  const entries: { readonly entry: Entry; readonly sortBy: Buffer }[] = [];
  for (const dirent of dirents) {
    const entry = await readEntry(folder, dirent);
    if (entry === undefined) continue;
    const slash = entry.kind === 'folder' ? [dirent.name, Buffer.from('/')] : [dirent.name];
    entries.push({ entry, sortBy: Buffer.concat(slash) });
  }
  entries.sort((a, b) => Buffer.compare(a.sortBy, b.sortBy));
  return succeed(entries.map(({ entry }) => entry));
}

/** undefined for what is no object: another name than wanted, one of our own, a socket, a pipe. */
async function readEntry(folder: Folder, dirent: Dirent<Buffer>): Promise<Entry | undefined> {
  const name = dirent.name.toString();
  if (!name.startsWith(folder.namePrefix) || isReservedName({ name, atRoot: folder.keyPrefix === '' }))
    return undefined;
  if (!Buffer.from(name).equals(dirent.name))
    return { kind: 'trouble', name, because: `the name ${name} is not UTF-8` };
  const path = join(folder.path, name);
  if (dirent.isFile()) return { kind: 'file', name, path };
  if (dirent.isDirectory()) return { kind: 'folder', name, path };
  return dirent.isSymbolicLink() ? followLink({ folder, name, path }) : undefined;
}

async function followLink(link: {
  readonly folder: Folder;
  readonly name: string;
  readonly path: string;
}): Promise<Entry | undefined> {
  const { folder, name } = link;
  const trouble = (because: string): Entry => ({
    kind: 'trouble',
    name,
    because: `the link ${link.path} ${because}`,
  });
  try {
    const path = await realpath(link.path);
    if (!isInside(folder.root, path)) return trouble('leaves the folder');
    const stats = await stat(path);
    if (stats.isFile()) return { kind: 'file', name, path };
    if (!stats.isDirectory()) return undefined;
    const isLoop = [...folder.above, folder.path].some((above) => isInside(path, above));
    return isLoop ? trouble('leads back to a folder it lies in') : { kind: 'folder', name, path };
  } catch {
    return trouble('leads nowhere');
  }
}

async function describeAll(request: {
  readonly page: readonly Found[];
  readonly tags: ContentTags | undefined;
  readonly doing: string;
}): Promise<Outcome<readonly ObjectInfo[]>> {
  const { page, tags, doing } = request;
  const described: (ObjectInfo | undefined)[] = [];
  try {
    for (let first = 0; first < page.length; first += filesAtOnce) {
      const some = page.slice(first, first + filesAtOnce);
      described.push(...(await Promise.all(some.map((found) => describeFile({ ...found, tags })))));
    }
  } catch (error) {
    return fail(describeFileFailure({ doing, error }));
  }
  return succeed(described.filter((info) => info !== undefined));
}

/** undefined where no file stands (any more). */
export async function describeFile(
  file: Found & { readonly tags: ContentTags | undefined },
): Promise<ObjectInfo | undefined> {
  try {
    const stats = await stat(file.path, { bigint: true });
    if (!stats.isFile()) return undefined;
    return {
      key: file.key,
      sizeBytes: Number(stats.size),
      ...(file.tags === undefined ? {} : { etag: await file.tags({ path: file.path, stats }) }),
      modifiedAtMs: Number(stats.mtimeMs),
    };
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return undefined;
    throw error;
  }
}
