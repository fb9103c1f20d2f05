import { createHash } from 'node:crypto';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { takeLock } from '../adapters/disk/run-lock.ts';
import { fail, type Outcome } from '../base/failure.ts';
import type { DatabaseServer } from '../ports/database-server.ts';

export function runLockPath(logFolder: string, runId: string): string {
  return join(logFolder, '.locks', `run-${runId}`);
}

/**
 * One process per run, and one run per target. The lock files speak for this host; the lease in the database server, taken by
 * the preflight, speaks for all others.
 */
export async function withRunLocks<T>(
  request: { readonly logFolder: string; readonly runId: string; readonly target: DatabaseServer },
  work: () => Promise<Outcome<T>>,
): Promise<Outcome<T>> {
  const folder = join(request.logFolder, '.locks');
  await mkdir(folder, { recursive: true });
  const { address, databaseName } = request.target;
  const target = createHash('sha256').update(`${address}/${databaseName}`).digest('hex').slice(0, 16);
  const run = await takeLock({ path: runLockPath(request.logFolder, request.runId) });
  if (!run.ok)
    return fail({
      ...run.failure,
      message: `Run ${request.runId} is being worked on. ${run.failure.message}`,
    });
  const held = await takeLock({ path: join(folder, `target-${target}`) });
  if (!held.ok) {
    await run.value.release();
    return fail({
      ...held.failure,
      message: `Another run works on ${databaseName} at ${address}. ${held.failure.message}`,
    });
  }
  try {
    return await work();
  } finally {
    await held.value.release();
    await run.value.release();
  }
}
