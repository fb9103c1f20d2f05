import { mkdir, readFile, rename, rmdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

/** Where the files of one run tell each other of the servers they share, and the process that ends with the run. */
export const sharedFolder = 'THAW_TEST_SHARED';
export const sharedOwner = 'THAW_TEST_SHARED_OWNER';

/** The process a server has to end with: the whole run where there is one, else the test file's own. */
export function ownerPid(): number {
  return Number(process.env[sharedOwner] ?? process.pid);
}

/**
 * The first caller over all processes of a run makes it, the others wait for it and get what it told. Whoever fails leaves the way
 * free for the next. Undefined where nothing is shared: one file run by hand.
 */
export async function onceARun<T>(name: string, make: () => Promise<T>): Promise<T | undefined> {
  const folder = process.env[sharedFolder];
  if (folder === undefined) return undefined;
  const path = join(folder, `${name}.json`);
  for (;;) {
    const made = await readFile(path, 'utf8').catch(() => undefined);
    if (made !== undefined) return JSON.parse(made);
    const mine = await mkdir(`${path}.lock`).then(
      () => true,
      () => false,
    );
    if (!mine) {
      await sleep(100);
      continue;
    }
    try {
      const made = JSON.stringify(await make());
      await writeFile(`${path}.new`, made, { mode: 0o600 });
      await rename(`${path}.new`, path);
      return JSON.parse(made);
    } finally {
      await rmdir(`${path}.lock`);
    }
  }
}

export function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}
