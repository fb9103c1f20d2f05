import { mkdir, readFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { replaceFile } from '../../platform/durable-files.ts';
import type { ProcessIdentity } from '../../platform/process-identity.ts';

/** The pid file is one line, `PID START-TICKS`: the first word is what every other tool expects there. */
export async function writePidFile(path: string, identity: ProcessIdentity): Promise<void> {
  await mkdir(dirname(path), { recursive: true });
  await replaceFile({ path, content: `${identity.pid} ${identity.startTicks}\n` });
}

/** undefined when the service was never started. */
export async function readPidFile(path: string): Promise<ProcessIdentity | undefined> {
  const text = await readFile(path, 'utf8').catch(() => '');
  const [, pid, startTicks] = /^(\d+) (\d+)$/.exec(text.trim()) ?? [];
  return pid === undefined || startTicks === undefined ? undefined : { pid: Number(pid), startTicks };
}
