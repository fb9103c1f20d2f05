import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { readProcStat } from '../../base/proc-stat.ts';

/**
 * A process, told apart from a later one with the same pid by the moment it started (field 22 of /proc/PID/stat,
 * in clock ticks since the machine started; see proc(5)).
 */
export type ProcessIdentity = { readonly pid: number; readonly startTicks: string };

/** Linux reports ticks of a hundredth of a second to programs, whatever the kernel's own clock. */
const ticksPerSecond = 100;

/** undefined when there is no such process, or only its remains that nobody has collected. */
export async function identifyProcess(pid: number): Promise<ProcessIdentity | undefined> {
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => undefined);
  const found = stat === undefined ? undefined : readProcStat(stat);
  return found === undefined ? undefined : { pid, ...found };
}

export async function isAlive(identity: ProcessIdentity): Promise<boolean> {
  const found = await identifyProcess(identity.pid);
  return found?.startTicks === identity.startTicks;
}

export async function ageMs(identity: ProcessIdentity): Promise<number> {
  const uptime = await readFile('/proc/uptime', 'utf8');
  return Number(uptime.split(' ')[0]) * 1000 - (Number(identity.startTicks) / ticksPerSecond) * 1000;
}

/** The pid file is one line, `PID START-TICKS`: the first word is what every other tool expects there. */
export async function writePidFile(path: string, identity: ProcessIdentity): Promise<void> {
  await mkdir(dirname(path), { recursive: true });
  await writeFile(`${path}.new`, `${identity.pid} ${identity.startTicks}\n`);
  await rename(`${path}.new`, path);
}

/** undefined when the service was never started. */
export async function readPidFile(path: string): Promise<ProcessIdentity | undefined> {
  const text = await readFile(path, 'utf8').catch(() => '');
  const [, pid, startTicks] = /^(\d+) (\d+)$/.exec(text.trim()) ?? [];
  return pid === undefined || startTicks === undefined ? undefined : { pid: Number(pid), startTicks };
}
