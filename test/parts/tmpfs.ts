import { execFile } from 'node:child_process';
import { mkdir, readdir, rm, rmdir } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** A disk that is soon full: a file system in memory of that size. Only root can mount one. */
export async function makeTmpfs(request: {
  readonly folder: string;
  readonly sizeBytes: number;
}): Promise<{ readonly folder: string; empty(): Promise<void>; remove(): Promise<void> }> {
  const { folder, sizeBytes } = request;
  await mkdir(folder, { recursive: true });
  await run('mount', ['-t', 'tmpfs', '-o', `size=${sizeBytes}`, 'tmpfs', folder]);
  return {
    folder,
    async empty() {
      for (const name of await readdir(folder)) await rm(join(folder, name), { recursive: true });
    },
    async remove() {
      // What a process has open there keeps it alive, unseen, until that process ends.
      await run('umount', ['--lazy', folder]);
      await rmdir(folder);
    },
  };
}
