import { fail, type Outcome, succeed } from '../../base/failure.ts';
import { errorCode } from '../../base/thrown.ts';
import { lookUntil } from '../../platform/pause.ts';
import type { ProcessIdentity } from '../../platform/process-identity.ts';
import { livesOn } from './pid-file.ts';

const gracePeriodMs = 5000;
const pollMs = 50;

/** SIGTERM, then SIGKILL after five seconds; reports which of the two ended it. */
export async function stopProcess(request: {
  readonly name: string;
  readonly identity: ProcessIdentity;
  readonly signal?: AbortSignal | undefined;
}): Promise<Outcome<'SIGTERM' | 'SIGKILL'>> {
  const { name, identity, signal } = request;
  for (const kill of ['SIGTERM', 'SIGKILL'] as const) {
    const sent = await send(name, { identity, kill });
    if (!sent.ok) return sent;
    const look = async () => ((await livesOn(identity)) ? undefined : 'ended');
    const ended = await lookUntil({ look, everyMs: pollMs, limitMs: gracePeriodMs, signal });
    if (ended !== undefined) return succeed(kill);
    if (signal?.aborted) return fail(cancelled(name));
  }
  return fail({
    code: 'command-failed',
    message: `The service ${name} (pid ${identity.pid}) still runs ${gracePeriodMs / 1000} s after SIGKILL.`,
    remedy: `Look at what holds it: cat /proc/${identity.pid}/stack.`,
    retry: 'after-fix',
  });
}

/** The start time is compared right before each signal, so that a reused pid is never hit. */
async function send(
  name: string,
  { identity, kill }: { identity: ProcessIdentity; kill: NodeJS.Signals },
): Promise<Outcome<void>> {
  if (!(await livesOn(identity))) return succeed(undefined);
  try {
    // The process leads a group of its own: what it started goes with it.
    process.kill(-identity.pid, kill);
    return succeed(undefined);
  } catch (error) {
    const code = errorCode(error);
    if (code === 'ESRCH') return succeed(undefined);
    return fail({
      code: 'denied',
      message: `Cannot send ${kill} to the service ${name} (pid ${identity.pid}): access is denied.`,
      remedy: 'Run as the user who started the services.',
      retry: 'after-fix',
      detail: String(code),
    });
  }
}

function cancelled(name: string) {
  return {
    code: 'cancelled',
    message: `Stopping the service ${name} is cancelled; it may still be ending.`,
    remedy: 'Look at the state of the services before going on.',
    retry: 'safe',
  } as const;
}
