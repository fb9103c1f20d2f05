import { readdir, readFile } from 'node:fs/promises';
import {
  identifyProcess,
  isAlive,
  type ProcessIdentity,
  readProcStat,
} from '../../platform/process-identity.ts';

/**
 * One line, `PID START-TICKS`: the first word is what every other tool expects there.
 *
 * @returns undefined when the service was never started.
 */
export async function readPidFile(path: string): Promise<ProcessIdentity | undefined> {
  const text = await readFile(path, 'utf8').catch(() => '');
  const [, pid, startTicks] = /^(\d+) (\d+)$/.exec(text.trim()) ?? [];
  return pid === undefined || startTicks === undefined ? undefined : { pid: Number(pid), startTicks };
}

/**
 * Whether anything of the service lives: it led a group of its own, and what it started may outlive it. While somebody is in the
 * group nobody else gets its number.
 */
export async function livesOn(identity: ProcessIdentity): Promise<boolean> {
  if (await isAlive(identity)) return true;
  return (await identifyProcess(identity.pid)) === undefined && hasMembers(identity.pid);
}

/** Whoever has ended and was not collected is no member: kill(2) would count him. */
async function hasMembers(processGroup: number): Promise<boolean> {
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name));
  const stats = await Promise.all(pids.map((pid) => readFile(`/proc/${pid}/stat`, 'utf8').catch(() => '')));
  return stats.some((stat) => readProcStat(stat)?.processGroup === processGroup);
}
