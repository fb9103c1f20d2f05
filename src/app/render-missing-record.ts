import { takeLock } from '../adapters/disk/run-lock.ts';
import { type Outcome, succeed } from '../base/failure.ts';
import { type CommandContext, printLine } from './command-context.ts';
import { exitStatus, statusOfEnd } from './exit-status.ts';
import { runLockPath } from './run-locks.ts';
import type { LoggedRun } from './run-log.ts';
import { verifyRecord } from './verify-record.ts';
import { writeRecord } from './write-record.ts';

/**
 * The process may have died after the last fact and before the record, or its disk was full: nothing of the run is lost, only not
 * drawn yet. What contradicts the journal is left as it is.
 */
export async function lacksRecord(run: LoggedRun, logFolder: string): Promise<boolean> {
  const verified = await verifyRecord(run, logFolder);
  if (!verified.ok) return false;
  const { findings } = verified.value;
  return (
    findings.some((one) => one.drawable === true) && findings.every(({ kind }) => kind !== 'contradiction')
  );
}

export async function renderMissingRecord(
  run: LoggedRun,
  { logFolder, context }: { readonly logFolder: string; readonly context: CommandContext },
): Promise<Outcome<number>> {
  const { folder, state } = run;
  const lock = await takeLock({ path: runLockPath(logFolder, folder.id) });
  if (!lock.ok) return lock;
  try {
    const written = await writeRecord({ folder, logFolder });
    if (!written.ok) return written;
    printLine(
      context,
      `Run ${folder.id} had come to its end, but its record was missing, or not all of it. It is drawn now.`,
    );
    printLine(context, `record  ${written.value.path}   head ${written.value.head}`);
    return succeed(state.ended === undefined ? exitStatus.stopped : statusOfEnd(state.ended));
  } finally {
    await lock.value.release();
  }
}
