import { readdir, readFile, readlink } from 'node:fs/promises';
import { sep } from 'node:path';
import { lookUntil } from '../platform/pause.ts';
import { identifyProcess, isAlive, type ProcessIdentity } from '../platform/process-identity.ts';

/**
 * Processes that work inside a folder and carry a text in their command line. Both are asked for: a person's shell
 * may stand in the folder, too.
 */
export async function findProcesses(where: {
  readonly folder: string;
  readonly commandHolds: string;
}): Promise<readonly ProcessIdentity[]> {
  const found: ProcessIdentity[] = [];
  for (const name of await readdir('/proc')) {
    const pid = Number(name);
    if (!Number.isInteger(pid) || pid === process.pid) continue;
    const cwd = await readlink(`/proc/${pid}/cwd`).catch(() => undefined);
    if (cwd !== where.folder && !cwd?.startsWith(where.folder + sep)) continue;
    const command = await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '');
    const identity = command.includes(where.commandHolds) ? await identifyProcess(pid) : undefined;
    if (identity !== undefined) found.push(identity);
  }
  return found;
}

/** Asks each process to end, and kills those that are still there after the patience. */
export async function endProcesses(request: {
  readonly processes: readonly ProcessIdentity[];
  readonly politely: NodeJS.Signals;
  readonly patienceMs: number;
}): Promise<void> {
  await Promise.all(
    request.processes.map(async (target) => {
      for (const signalName of [request.politely, 'SIGKILL'] as const) {
        if (!(await isAlive(target))) return;
        sendSignal(target.pid, signalName);
        const look = async () => ((await isAlive(target)) ? undefined : 'ended');
        await lookUntil({ look, everyMs: 20, limitMs: request.patienceMs });
      }
    }),
  );
}

function sendSignal(pid: number, signalName: NodeJS.Signals): void {
  try {
    process.kill(pid, signalName);
  } catch {
    // It ended between the look and the signal, which is what was wanted.
  }
}
