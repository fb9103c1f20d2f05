import { readFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { errorCode } from '../base/file-failure.ts';
import { readProcStat } from '../base/proc-stat.ts';

/** Names one process for ever: a pid alone is used again by the next one. */
export type ProcessIdentity = {
  readonly pid: number;
  readonly host: string;
  /** Empty where the system does not say. */
  readonly bootId: string;
  /** In clock ticks since boot, as /proc/PID/stat has it; empty where the system does not say. */
  readonly processStart: string;
};

export async function identifyThisProcess(): Promise<ProcessIdentity> {
  const processStart = (await readProcessStart(process.pid)) ?? '';
  return { pid: process.pid, host: hostname(), bootId: await readBootId(), processStart };
}

/** Unknown when the process is on another host: from here nobody can tell. */
export async function findFate(owner: ProcessIdentity): Promise<'alive' | 'dead' | 'unknown'> {
  if (owner.host !== hostname()) return 'unknown';
  const bootId = await readBootId();
  if (owner.bootId !== '' && bootId !== '' && owner.bootId !== bootId) return 'dead';
  if (!hasProcess(owner.pid)) return 'dead';
  const start = await readProcessStart(owner.pid);
  if (owner.processStart === '' || start === undefined) return hasProcess(owner.pid) ? 'alive' : 'dead';
  return start === owner.processStart ? 'alive' : 'dead';
}

function hasProcess(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch (error) {
    // Somebody else's process may not be signalled, but it is there.
    return errorCode(error) === 'EPERM';
  }
}

/** Empty for a process that has ended; undefined where the system does not say. */
async function readProcessStart(pid: number): Promise<string | undefined> {
  const text = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => undefined);
  return text === undefined ? undefined : (readProcStat(text)?.startTicks ?? '');
}

async function readBootId(): Promise<string> {
  const text = await readFile('/proc/sys/kernel/random/boot_id', 'utf8').catch(() => '');
  return text.trim();
}
