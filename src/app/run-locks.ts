import { createHash } from 'node:crypto';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Lock, takeLock } from '../adapters/disk/run-lock.ts';
import { fail, type Outcome } from '../base/failure.ts';
import type { DatabaseServer } from '../ports/database-server.ts';

export function runLockPath(logFolder: string, runId: string): string {
  return join(logFolder, '.locks', `run-${runId}`);
}

/**
 * One process per run, and one run per target. The lock files speak for this host; the lease in the database server, taken by
 * the preflight, speaks for all others. `work` is given a look at the lock of the run, for whoever writes its journal.
 */
export async function withRunLocks<T>(
  request: {
    readonly logFolder: string;
    readonly runId: string;
    /** Left out for a tabletop, which works on nothing and is in nobody's way. */
    readonly target: DatabaseServer | undefined;
  },
  work: (stillOurs: Lock['stillOurs']) => Promise<Outcome<T>>,
): Promise<Outcome<T>> {
  const folder = join(request.logFolder, '.locks');
  await mkdir(folder, { recursive: true });
  const run = await takeLock({ path: runLockPath(request.logFolder, request.runId) });
  if (!run.ok)
    return fail({
      ...run.failure,
      message: `Run ${request.runId} is being worked on. ${run.failure.message}`,
    });
  const held = request.target === undefined ? undefined : await lockTarget(folder, request.target);
  if (held?.ok === false) {
    await run.value.release();
    return held;
  }
  try {
    return await work(run.value.stillOurs);
  } finally {
    await held?.value.release();
    await run.value.release();
  }
}

async function lockTarget(folder: string, { address, databaseName }: DatabaseServer): Promise<Outcome<Lock>> {
  const target = createHash('sha256').update(`${address}/${databaseName}`).digest('hex').slice(0, 16);
  const held = await takeLock({ path: join(folder, `target-${target}`) });
  if (held.ok) return held;
  const message = `Another run works on ${databaseName} at ${address}. ${held.failure.message}`;
  return fail({ ...held.failure, message });
}

const lookAgainMs = 100;
const mostTries = 20;

/** For what is held as long as one line takes: two runs may end in the same moment. */
export async function takeLockSoon(path: string): Promise<Outcome<Lock>> {
  for (let tries = 1; ; tries += 1) {
    const lock = await takeLock({ path });
    if (lock.ok || tries >= mostTries) return lock;
    await sleep(lookAgainMs);
  }
}
