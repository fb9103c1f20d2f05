import type { Failure } from '../../base/failure.ts';
import { isKnownProgram } from '../../base/programs.ts';
import { formatDuration } from '../../base/units.ts';
import { sayInstall } from '../../platform/plan-install.ts';

function missingTool(program: string): Failure {
  const name = program.slice(program.lastIndexOf('/') + 1);
  const known = isKnownProgram(name) ? { program: name } : undefined;
  return {
    code: 'tool-missing',
    message: `The program ${program} is not installed on this host.`,
    remedy: known === undefined ? `Install ${name}, or put its folder on PATH.` : sayInstall(known),
    retry: 'after-fix',
    ...(known === undefined ? {} : { lacks: known }),
  };
}

/** The program could not be started at all; classified by errno. */
export function startFailure(request: {
  readonly program: string;
  readonly cwd: string | undefined;
  readonly cwdExists: boolean;
  readonly error: NodeJS.ErrnoException;
}): Failure {
  const { program, cwd, error } = request;
  const detail = error.code === undefined ? error.message : `${error.code}: ${error.syscall ?? 'spawn'}`;
  if (cwd !== undefined && !request.cwdExists) {
    return {
      code: 'not-found',
      message: `Cannot run ${program}: the folder ${cwd} does not exist.`,
      remedy: `Create ${cwd}, or name another folder.`,
      retry: 'after-fix',
      detail,
    };
  }
  if (error.code === 'ENOENT' || error.code === 'ENOTDIR') return { ...missingTool(program), detail };
  if (error.code === 'EACCES' || error.code === 'EPERM') {
    return {
      code: 'denied',
      message: `Cannot run ${program}: it may not be executed by this user.`,
      remedy: `Make ${program} executable for the user who runs thaw.`,
      retry: 'after-fix',
      detail,
    };
  }
  return {
    code: 'command-failed',
    message: `Cannot start ${program}: ${error.code ?? 'the system refuses'}.`,
    remedy: 'Check the free memory and the process limits of this host, then try again.',
    retry: 'after-fix',
    detail,
  };
}

export function stalledProgram(end: {
  readonly program: string;
  readonly stallMs: number;
  readonly detail: string;
}): Failure {
  const { program, stallMs, detail } = end;
  return {
    code: 'stalled',
    message: `${program} gives no sign of life for ${formatDuration(stallMs)} and is stopped.`,
    remedy: 'Look at the last lines of its output for what it waits for, then run the step again.',
    retry: 'after-fix',
    detail,
  };
}

export function cancelledProgram(program: string): Failure {
  return {
    code: 'cancelled',
    message: `${program} is stopped because the run was told to stop.`,
    remedy: 'Resume the run to start it again.',
    retry: 'safe',
  };
}

export function killedProgram(end: {
  readonly program: string;
  readonly signalName: string;
  readonly detail: string;
}): Failure {
  const { program, signalName: signal, detail } = end;
  return {
    code: 'command-failed',
    message: `${program} is killed by ${signal}${signal === 'SIGKILL' ? ', which is what the kernel does when memory runs out' : ''}.`,
    remedy: 'Look at the kernel log (dmesg) and the free memory of this host, then run the step again.',
    retry: 'after-fix',
    detail,
  };
}
