import { spawn } from 'node:child_process';
import { mkdir, open } from 'node:fs/promises';
import { dirname } from 'node:path';
import { type Failure, fail, type Outcome, succeed } from '../../base/failure.ts';
import { identifyProcess, type ProcessIdentity } from '../../platform/process-identity.ts';
import type { SupervisedService } from './control-file.ts';
import { writePidFile } from './pid-file.ts';

/** What a program needs to run at all; everything else comes from the control file. */
const passedOn = ['PATH', 'HOME', 'LANG', 'TZ', 'TMPDIR'];

/**
 * Starts the service in a session of its own, so that it outlives us, with both streams appended to its log file.
 * @param onExit called with the exit status if the process ends while we live.
 */
export async function startProcess(
  service: SupervisedService,
  onExit: (exitCode: number | null) => void,
): Promise<Outcome<ProcessIdentity>> {
  await mkdir(dirname(service.logFile), { recursive: true });
  const log = await open(service.logFile, 'a', 0o600);
  try {
    const child = spawn(service.command, service.args, {
      cwd: service.cwd,
      env: { ...ownEnvironment(), ...service.env },
      detached: true,
      stdio: ['ignore', log.fd, log.fd],
    });
    const error = await new Promise<NodeJS.ErrnoException | undefined>((resolve) => {
      child.once('spawn', () => resolve(undefined));
      child.once('error', resolve);
    });
    if (error !== undefined || child.pid === undefined) return fail(startFailure(service, error));
    child.once('exit', (code) => onExit(code));
    child.unref();
    // A process that has ended already keeps its pid until Node collects it, or is not there any more.
    const identity = (await identifyProcess(child.pid)) ?? { pid: child.pid, startTicks: '0' };
    await writePidFile(service.pidFile, identity);
    return succeed(identity);
  } finally {
    await log.close();
  }
}

function startFailure(service: SupervisedService, error: NodeJS.ErrnoException | undefined): Failure {
  return {
    code: error?.code === 'ENOENT' ? 'tool-missing' : error?.code === 'EACCES' ? 'denied' : 'command-failed',
    message: `Cannot start the service ${service.name}: ${service.command} does not run in ${service.cwd}.`,
    remedy: `Check that ${service.command} and the folder ${service.cwd} exist and that this user may use them.`,
    retry: 'after-fix',
    ...(error?.code === undefined ? {} : { detail: error.code }),
  };
}

function ownEnvironment(): Record<string, string> {
  const kept = passedOn.map((name) => [name, process.env[name]] as const);
  return Object.fromEntries(kept.filter((entry): entry is [string, string] => entry[1] !== undefined));
}
