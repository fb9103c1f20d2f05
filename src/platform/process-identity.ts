import { readFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { z } from 'zod';
import { errorCode } from '../base/thrown.ts';

export const processIdentity = z.object({
  pid: z.int(),
  /** When it started, in clock ticks since the machine did, as /proc/PID/stat has it; empty where the system does not say. */
  startTicks: z.string(),
});

/** One process of this host for ever: a pid alone is used again by the next one. */
export type ProcessIdentity = Readonly<z.infer<typeof processIdentity>>;

export const processOnHost = processIdentity.extend({
  host: z.string(),
  /** Empty where the system does not say. */
  bootId: z.string(),
});

/** The same in a file that may be read on another host, or after this one was started again. */
type ProcessOnHost = Readonly<z.infer<typeof processOnHost>>;

/** Linux reports ticks of a hundredth of a second to programs, whatever the kernel's own clock. */
const ticksPerSecond = 100;

/**
 * What /proc/PID/stat says of a process, see proc(5). The second field is the program's name in brackets, which may itself hold spaces and
 * brackets.
 *
 * @returns undefined for a process that has ended and that only its parent has not noticed yet.
 */
export function readProcStat(
  text: string,
): { readonly processGroup: number; readonly startTicks: string } | undefined {
  const [state, , processGroup, ...rest] = text.slice(text.lastIndexOf(')') + 2).split(' ');
  // Field 22; the state is the third, the process group the fifth.
  const startTicks = rest[16];
  if (state === undefined || startTicks === undefined || state === 'Z' || state === 'X') return undefined;
  return { processGroup: Number(processGroup), startTicks };
}

/** @returns undefined when there is no such process, or only its remains that nobody has collected. */
export async function identifyProcess(pid: number): Promise<ProcessIdentity | undefined> {
  const startTicks = await readStart(pid);
  if (startTicks === 'ended' || !hasProcess(pid)) return undefined;
  return { pid, startTicks: startTicks ?? '' };
}

export async function identifyThisProcess(): Promise<ProcessOnHost> {
  const startTicks = (await identifyProcess(process.pid))?.startTicks ?? '';
  return { pid: process.pid, startTicks, host: hostname(), bootId: await readBootId() };
}

/** On this host. Where the system does not say when a process started, any one with that pid counts. */
export async function isAlive(identity: ProcessIdentity): Promise<boolean> {
  const now = await identifyProcess(identity.pid);
  if (now === undefined) return false;
  return now.startTicks === '' || identity.startTicks === '' || now.startTicks === identity.startTicks;
}

/** Unknown when the process is on another host: from here nobody can tell. */
export async function findFate(owner: ProcessOnHost): Promise<'alive' | 'dead' | 'unknown'> {
  if (owner.host !== hostname()) return 'unknown';
  const bootId = await readBootId();
  if (owner.bootId !== '' && bootId !== '' && owner.bootId !== bootId) return 'dead';
  return (await isAlive(owner)) ? 'alive' : 'dead';
}

/** How long it has been there. */
export async function ageMs(identity: ProcessIdentity): Promise<number> {
  const uptime = await readFile('/proc/uptime', 'utf8');
  return Number(uptime.split(' ')[0]) * 1000 - (Number(identity.startTicks) / ticksPerSecond) * 1000;
}

function hasProcess(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch (error) {
    // Somebody else's process may not be signalled, but it is there.
    return errorCode(error) === 'EPERM';
  }
}

/** undefined where the system does not say. */
async function readStart(pid: number): Promise<string | 'ended' | undefined> {
  const text = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => undefined);
  return text === undefined ? undefined : (readProcStat(text)?.startTicks ?? 'ended');
}

async function readBootId(): Promise<string> {
  const text = await readFile('/proc/sys/kernel/random/boot_id', 'utf8').catch(() => '');
  return text.trim();
}
