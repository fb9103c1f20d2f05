import { execFile } from 'node:child_process';
import { mkdir, rmdir } from 'node:fs/promises';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** A disk that is soon full: a file system in memory of that size. Only root can mount one. */
export async function makeTmpfs(request: {
  readonly folder: string;
  readonly sizeBytes: number;
}): Promise<{ readonly folder: string; remove(): Promise<void> }> {
  const { folder, sizeBytes } = request;
  await mkdir(folder, { recursive: true });
  await run('mount', ['-t', 'tmpfs', '-o', `size=${sizeBytes}`, 'tmpfs', folder]);
  return {
    folder,
    async remove() {
      // What a process has open there keeps it alive, unseen, until that process ends.
      await run('umount', ['--lazy', folder]);
      await rmdir(folder);
    },
  };
}
