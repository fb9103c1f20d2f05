import { access } from 'node:fs/promises';
import { join } from 'node:path';
import { takeLock } from '../adapters/disk/run-lock.ts';
import { fail, type Outcome, succeed } from '../base/failure.ts';
import { exitStatus } from './exit-status.ts';
import { runLockPath } from './run-locks.ts';
import type { LoggedRun } from './run-log.ts';
import { printLine, type Surroundings } from './surroundings.ts';
import { writeRecord } from './write-record.ts';

/** The process may have died after the last fact and before the record: nothing of the run is lost, only not drawn yet. */
export async function hasRecord({ folder }: LoggedRun): Promise<boolean> {
  return access(join(folder.path, 'record.md')).then(
    () => true,
    () => false,
  );
}

export async function drawMissingRecord(
  run: LoggedRun,
  { logFolder, surroundings }: { readonly logFolder: string; readonly surroundings: Surroundings },
): Promise<Outcome<number>> {
  const { folder } = run;
  const lock = await takeLock({ path: runLockPath(logFolder, folder.id) });
  if (!lock.ok) return lock;
  try {
    const written = await writeRecord({ folder, logFolder });
    if (written === undefined) {
      return fail({
        code: 'command-failed',
        message: `The record of ${folder.id} cannot be written.`,
        remedy: 'Look at the disk of the log folder, then resume again.',
        retry: 'after-fix',
      });
    }
    printLine(
      surroundings,
      `Run ${folder.id} had come to its end, but its record was missing. It is drawn now.`,
    );
    printLine(surroundings, `record  ${written.path}   head ${written.head}`);
    return succeed(exitStatus.verified);
  } finally {
    await lock.value.release();
  }
}
