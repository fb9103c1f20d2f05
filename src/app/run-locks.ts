import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { type Lock, sweepLocks, takeLock } from '../adapters/disk/run-lock.ts';
import { sha256 } from '../base/digest.ts';
import { type Failure, fail, type Outcome } from '../base/failure.ts';
import { retry } from '../platform/retry.ts';
import type { DatabaseServer } from '../ports/database-server.ts';

export function runLockPath(logFolder: string, runId: string): string {
  return join(logFolder, '.locks', `run-${runId}`);
}

/** Where other terminals come to the process that holds the lock. */
export function runDoorPath(logFolder: string, runId: string): string {
  return `${runLockPath(logFolder, runId)}.sock`;
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
  await mkdir(folder, { recursive: true, mode: 0o700 });
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
    await sweepLocks(folder);
  }
}

async function lockTarget(folder: string, { address, databaseName }: DatabaseServer): Promise<Outcome<Lock>> {
  const target = sha256(`${address}/${databaseName}`).slice(0, 16);
  const held = await takeLock({ path: join(folder, `target-${target}`) });
  if (held.ok) return held;
  const message = `Another run works on ${databaseName} at ${address}. ${held.failure.message}`;
  const remedy = `\`thaw resume\` comes to a run of this log folder that still goes on, \`thaw stop\` ends it. ${held.failure.remedy}`;
  return fail({ ...held.failure, message, remedy });
}

/** Two runs may end in the same moment, and each holds the lock as long as it takes to write one line. */
const soon = { mostAttempts: 20, firstPauseMs: 100, longestPauseMs: 150 };

export function takeLockSoon(path: string): Promise<Outcome<Lock>> {
  const isHeld = ({ code }: Failure) => code === 'conflict';
  const act = () => takeLock({ path });
  return retry({ doing: `lock ${path}`, act, policy: soon, isWorthAnother: isHeld });
}
