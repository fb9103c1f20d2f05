import { realpath } from 'node:fs/promises';
import { isAbsolute, join, relative, sep } from 'node:path';
import { fail, type Outcome, succeed } from '../../base/failure.ts';
import { describeFileFailure } from '../../base/file-failure.ts';
import { errorCode } from '../../base/thrown.ts';

/** Our own folder inside the store: never listed, never a key. */
export const attributesFolder = '.thaw-attributes';

/** A file that is being written stands beside its final place under such a name, and is never listed. */
const unfinishedName = /^\.thaw-[0-9a-f]{16}\.part$/;

export function isReservedName(place: { readonly name: string; readonly atRoot: boolean }): boolean {
  if (unfinishedName.test(place.name)) return true;
  // A mounted disk has a lost+found of its own, which only root may open.
  return place.atRoot && (place.name === attributesFolder || place.name === 'lost+found');
}

/** What keeps a key from being a path below the folder, and coming back from a listing as it was. */
export function findKeyTrouble(key: string): string | undefined {
  if (key === '') return 'the key is empty';
  if (key.includes('\0') || !key.isWellFormed()) return 'the key holds characters no file name can have';
  if (isAbsolute(key)) return 'the key begins with a slash';
  const segments = key.split('/');
  if (segments.includes('..')) return 'the key would leave the folder';
  if (segments.includes('') || segments.includes('.'))
    return 'the key has an empty part, which a folder cannot hold';
  if (segments.some((segment) => Buffer.byteLength(segment) > 255))
    return 'a part of the key is longer than 255 bytes';
  const reserved = segments.some((name, index) => isReservedName({ name, atRoot: index === 0 }));
  return reserved ? 'a part of the key is a name that the store keeps for itself' : undefined;
}

/** The folder itself, with every link resolved. It is never created: an unmounted disk must not look like an empty store. */
export async function resolveRoot(path: string): Promise<Outcome<string>> {
  try {
    return succeed(await realpath(path));
  } catch (error) {
    const failure = describeFileFailure({ doing: `open the folder ${path}`, error });
    if (failure.code !== 'not-found') return fail(failure);
    return fail({ ...failure, remedy: `Mount or create ${path}, or correct the path of the store.` });
  }
}

export function isInside(root: string, path: string): boolean {
  const way = relative(root, path);
  return way === '' || (way !== '..' && !way.startsWith(`..${sep}`) && !isAbsolute(way));
}

export type Place = { readonly root: string; readonly path: string };

/** Where a key would be, before anything is known about what stands there. */
export async function placeKey(request: {
  readonly store: string;
  readonly key: string;
  readonly doing: string;
}): Promise<Outcome<Place>> {
  const trouble = findKeyTrouble(request.key);
  if (trouble !== undefined) return fail(refuseKey(request.doing, trouble));
  const root = await resolveRoot(request.store);
  return root.ok ? succeed({ root: root.value, path: join(root.value, request.key) }) : root;
}

/** The real path of what stands there; undefined where nothing does. A link that leads out of the store is refused. */
export async function resolveInside(
  request: Place & { readonly doing: string },
): Promise<Outcome<string | undefined>> {
  const { root, path, doing } = request;
  try {
    const real = await realpath(path);
    return isInside(root, real)
      ? succeed(real)
      : fail(refuseKey(doing, `${path} is a link that leaves the folder`));
  } catch (error) {
    const code = errorCode(error);
    if (code === 'ENOENT' || code === 'ENOTDIR') return succeed(undefined);
    return fail(describeFileFailure({ doing, error }));
  }
}

export function refuseKey(doing: string, because: string) {
  return {
    code: 'invalid-input',
    message: `Cannot ${doing}: ${because}.`,
    remedy: 'Rename it, or use a store that can hold it.',
    retry: 'never',
  } as const;
}
