import { access, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';

/** A recovered cluster of a live run stays up; a test ends it by the process id in its folder. */
export async function stopRecovered(folder: string): Promise<void> {
  const pidFile = join(folder, 'postmaster.pid');
  const pid = Number((await readFile(pidFile, 'utf8').catch(() => '')).split('\n')[0]);
  if (!(pid > 1)) return;
  const isOurs = await readFile(`/proc/${pid}/cmdline`, 'utf8').then(
    (line) => line.includes(folder),
    () => false,
  );
  if (!isOurs) return;
  process.kill(pid, 'SIGINT');
  for (let tries = 0; tries < 100; tries += 1) {
    await pause(50);
    const there = await access(pidFile).then(
      () => true,
      () => false,
    );
    if (!there) return;
  }
  process.kill(pid, 'SIGQUIT');
}
