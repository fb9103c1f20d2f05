import { mkdirSync, writeFileSync } from 'node:fs';
import { mkdir, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { assert } from '../../base/assert.ts';
import { fail, type Outcome, succeed } from '../../base/failure.ts';
import { describeFileFailure } from '../../base/file-failure.ts';
import { errorCode } from '../../base/thrown.ts';

/** Only a folder that carries this file is ever removed: a wrong setting must not cost somebody else's files. */
const marker = '.thaw-work';
const markerText = 'thaw removes this folder when its run ends.\n';

type WorkFolder = {
  file(name: string): string;
  clear(): Promise<Outcome<void>>;
};

/** Scratch space for what is fetched and decrypted; readable by this user alone. */
export async function openWorkFolder(path: string): Promise<Outcome<WorkFolder>> {
  const folder = resolve(path);
  try {
    await mkdir(folder, { recursive: true, mode: 0o700 });
    const isForeign = !(await isMarked(folder)) && (await readdir(folder)).length > 0;
    if (isForeign) return fail(foreign(folder));
    await mark(folder);
  } catch (error) {
    return fail(describeFileFailure({ doing: `use the work folder ${folder}`, error }));
  }
  let isThere = true;
  return succeed({
    file: (name) => {
      assert(!/(^|\/)\.\.(\/|$)/.test(name), `${name} stays inside the work folder`);
      // A step that runs again after the folder was removed must not leave one behind that nobody may remove.
      if (!isThere) {
        mkdirSync(folder, { recursive: true, mode: 0o700 });
        writeFileSync(join(folder, marker), markerText);
        isThere = true;
      }
      return join(folder, name);
    },
    clear: () => {
      isThere = false;
      return clear(folder);
    },
  });
}

function mark(folder: string): Promise<void> {
  return writeFile(join(folder, marker), markerText);
}

async function isMarked(folder: string): Promise<boolean> {
  try {
    await stat(join(folder, marker));
    return true;
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return false;
    throw error;
  }
}

async function clear(folder: string): Promise<Outcome<void>> {
  const doing = `remove the work folder ${folder}`;
  try {
    if (await isMarked(folder)) await rm(folder, { recursive: true, force: true });
    else if ((await readdir(folder)).length > 0) return fail(foreign(folder));
    return succeed(undefined);
  } catch (error) {
    return errorCode(error) === 'ENOENT' ? succeed(undefined) : fail(describeFileFailure({ doing, error }));
  }
}

function foreign(folder: string) {
  return {
    code: 'conflict',
    message: `Cannot use ${folder} as a work folder: it holds files that are not of this program.`,
    remedy: 'Name an empty folder, or one that does not exist yet.',
    retry: 'after-fix',
  } as const;
}
