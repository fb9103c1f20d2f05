import { mkdir, readdir, realpath, rm } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { fail, type Outcome, succeed } from '../../base/failure.ts';
import { describeFileFailure } from '../../base/file-failure.ts';
import { isWithin } from '../../base/file-place.ts';
import { listMounts, locatePlace } from '../../platform/locate-place.ts';
import type { TreesDriver } from '../../ports/file-trees.ts';
import { copyFolder } from './copy-folder.ts';
import { isThere } from './is-there.ts';
import { judgeTar } from './judge-tar.ts';
import { summariseFolder } from './summarise-folder.ts';
import { isSwapHalfway } from './swap-contents.ts';
import { swapFolders } from './swap-folders.ts';
import { unpackTar } from './unpack-tar.ts';

export function createFileTrees(): TreesDriver {
  return {
    unpackTar,
    judgeTar: async (request) => {
      const judged = await judgeTar(request);
      return judged.ok ? succeed(undefined) : judged;
    },
    copyFolder,
    summarise: summariseFolder,
    findFile: ({ folder, name }) => attempt(`look through ${folder}`, () => findFile(resolve(folder), name)),
    exists: (path) => attempt(`look at ${path}`, async () => succeed(await isThere(path))),
    makeFolder: (path) =>
      attempt(`make the folder ${path}`, async () => {
        await rm(path, { recursive: true, force: true });
        await mkdir(path, { recursive: true, mode: 0o755 });
        return succeed(undefined);
      }),
    isMountPoint: (path) => attempt(`look at ${path}`, async () => succeed(await isMountPoint(path))),
    isWithin: ({ path, folder }) =>
      attempt(`look where ${path} is`, async () =>
        succeed(isWithin(await locatePlace(path), await locatePlace(folder))),
      ),
    isHalfway: (swapping) =>
      attempt(`look at ${swapping.target}`, async () => succeed(await isSwapHalfway(swapping))),
    swap: (swapping) => attempt(`put ${swapping.target} in place`, () => swapFolders(swapping)),
    removeFolder: (path) =>
      attempt(`remove ${path}`, async () => {
        await rm(path, { recursive: true, force: true });
        return succeed(undefined);
      }),
  };
}

async function attempt<T>(doing: string, work: () => Promise<Outcome<T>>): Promise<Outcome<T>> {
  try {
    return await work();
  } catch (error) {
    return fail(describeFileFailure({ doing, error }));
  }
}

async function findFile(folder: string, name: string): Promise<Outcome<string>> {
  const found = (await readdir(folder, { recursive: true, withFileTypes: true })).filter(
    (entry) => entry.isFile() && entry.name === name,
  );
  const [one] = found;
  if (one !== undefined && found.length === 1) return succeed(join(one.parentPath, one.name));
  return fail({
    code: 'damaged',
    message: `${folder} holds ${found.length} files called ${name}; exactly one is expected.`,
    remedy: 'Choose another snapshot.',
    retry: 'never',
  });
}

/** By the kernel's list: a bind mount has the device of the folder it lies in. */
async function isMountPoint(path: string): Promise<boolean> {
  if (!(await isThere(path))) return false;
  const real = await realpath(path);
  return (await listMounts()).some(({ point }) => point === real);
}
