import { spawn } from 'node:child_process';
import { mkdir, open } from 'node:fs/promises';
import { dirname } from 'node:path';
import { Readable } from 'node:stream';
import { assert } from '../../base/assert.ts';
import { type Failure, fail, type Outcome, succeed } from '../../base/failure.ts';
import type { ProcessIdentity } from '../../platform/process-identity.ts';
import type { SupervisedService } from './control-file.ts';
import { readPidFile } from './pid-file.ts';

/** What a program needs to run at all; everything else comes from the control file. */
const passedOn = ['PATH', 'HOME', 'LANG', 'TZ', 'TMPDIR'];

/**
 * The process writes its own pid file and then becomes the service: whoever starts it may be killed at any moment, and no service runs
 * that nobody knows of. $1 is the pid file; field 22 of /proc/PID/stat is the start (proc(5)). On descriptor 3 it says that it goes on.
 */
const becomeService = `
pid_file=$1
shift
command -v -- "$1" >/dev/null || exit 127
stat=$(cat "/proc/$$/stat") || exit 1
set -f
start=$(set -- \${stat##*) }; shift 19; printf %s "$1")
printf '%s %s\\n' "$$" "$start" >"$pid_file.new" && mv -f "$pid_file.new" "$pid_file" || exit 1
echo >&3
exec "$@" 3>&-
`;

/**
 * Starts the service in a session of its own, so that it outlives us, with both streams appended to its log file.
 * @param onExit called with the exit status if the process ends while we live.
 */
export async function startProcess(
  service: SupervisedService,
  onExit: (exitCode: number | null) => void,
): Promise<Outcome<ProcessIdentity>> {
  await mkdir(dirname(service.logFile), { recursive: true });
  await mkdir(dirname(service.pidFile), { recursive: true });
  const log = await open(service.logFile, 'a', 0o600);
  try {
    const child = spawn(
      '/bin/sh',
      ['-c', becomeService, 'sh', service.pidFile, service.command, ...service.args],
      {
        cwd: service.cwd,
        env: { ...ownEnvironment(), ...service.env },
        detached: true,
        stdio: ['ignore', log.fd, log.fd, 'pipe'],
      },
    );
    const ready = child.stdio[3];
    assert(ready instanceof Readable, 'the fourth stream was asked for as a pipe');
    const begun = await new Promise<'begun' | number | NodeJS.ErrnoException>((resolve) => {
      ready.once('data', () => resolve('begun'));
      child.once('exit', (code) => resolve(code ?? 1));
      child.once('error', resolve);
    });
    if (begun !== 'begun') return fail(startFailure(service, begun));
    child.once('exit', (code) => onExit(code));
    if (child.exitCode !== null) onExit(child.exitCode);
    child.unref();
    ready.destroy();
    const identity = await readPidFile(service.pidFile);
    assert(identity !== undefined, 'the process has written it before it said so');
    return succeed(identity);
  } finally {
    await log.close();
  }
}

function startFailure(service: SupervisedService, ended: number | NodeJS.ErrnoException): Failure {
  const isMissing = ended === 127 || (typeof ended === 'object' && ended.code === 'ENOENT');
  const isDenied = typeof ended === 'object' && ended.code === 'EACCES';
  return {
    code: isMissing ? 'tool-missing' : isDenied ? 'denied' : 'command-failed',
    message: `Cannot start the service ${service.name}: ${service.command} does not run in ${service.cwd}, or ${service.pidFile} cannot be written.`,
    remedy: `Check that ${service.command} and the folder ${service.cwd} exist and that this user may use them; its log ${service.logFile} may say more.`,
    retry: 'after-fix',
    ...(typeof ended === 'object' && ended.code !== undefined ? { detail: ended.code } : {}),
  };
}

function ownEnvironment(): Record<string, string> {
  const kept = passedOn.map((name) => [name, process.env[name]] as const);
  return Object.fromEntries(kept.filter((entry): entry is [string, string] => entry[1] !== undefined));
}
