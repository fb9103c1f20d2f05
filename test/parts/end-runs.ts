import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';

/** Runs are processes of their own: what a test began in this folder, and left, ends with the test. Politely first. */
export async function endRuns(folder: string): Promise<void> {
  for (const signal of ['SIGTERM', 'SIGKILL'] as const) {
    for (const pid of begunIn(folder)) {
      try {
        process.kill(pid, signal);
      } catch {
        // It ended by itself.
      }
    }
    for (let waited = 0; begunIn(folder).length > 0 && waited < 3000; waited += 50) await pause(50);
  }
}

/** Also those whose log was taken away. */
function begunIn(folder: string): readonly number[] {
  const pids = readdirSync('/proc')
    .map(Number)
    .filter((pid) => pid > 0 && pid !== process.pid);
  return pids.filter((pid) => {
    const isThaw = readOr(false, () => readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes('bin/thaw.js'));
    return isThaw && isAlive(pid) && readOr('', () => readlinkSync(`/proc/${pid}/cwd`)).startsWith(folder);
  });
}

/** By the locks that they hold in `restore-logs`. */
export function runProcesses(folder: string): readonly number[] {
  return lockHolders(join(folder, 'restore-logs'));
}

export function lockHolders(logFolder: string): readonly number[] {
  const locks = join(logFolder, '.locks');
  const names = readOr([], () => readdirSync(locks)).filter((name) => /^run-[^.]+$/.test(name));
  const pids = names.map((name) => readOr(0, () => JSON.parse(readFileSync(join(locks, name), 'utf8')).pid));
  return pids.filter((pid) => pid > 0 && pid !== process.pid && isAlive(pid));
}

/** Not counting what has ended and nobody has collected. */
export function isAlive(pid: number): boolean {
  return readOr(false, () => !readFileSync(`/proc/${pid}/stat`, 'utf8').includes(') Z'));
}

export function childrenOf(pid: number | undefined): readonly number[] {
  const text = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8');
  return text.split(' ').filter(Boolean).map(Number);
}

function readOr<T>(otherwise: T, read: () => T): T {
  try {
    return read();
  } catch {
    return otherwise;
  }
}
