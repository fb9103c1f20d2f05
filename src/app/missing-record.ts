import { dirname } from 'node:path';
import { sweepLocks, takeLock } from '../adapters/disk/run-lock.ts';
import { type Outcome, succeed } from '../base/failure.ts';
import { isUnfinished } from '../journal/run-state.ts';
import { type CommandContext, printLine } from './command-context.ts';
import { exitStatus, statusOfEnd } from './exit-status.ts';
import { runLockPath } from './run-locks.ts';
import { findRun, type LoggedRun, openRun } from './run-log.ts';
import { verifyRecord } from './verify-record.ts';
import { writeRecord } from './write-record.ts';

/** The newest run came to its end, and its process died before the record was there: nobody types the name of what he takes for unfinished. */
export async function findWithoutRecord(logFolder: string): Promise<LoggedRun | undefined> {
  const newest = await findRun({ logFolder, named: undefined, fits: () => true, what: 'run' });
  if (!newest.ok || isUnfinished(newest.value.state)) return undefined;
  return (await lacksRecord(newest.value, logFolder)) ? newest.value : undefined;
}

/**
 * The process may have died after the last fact and before the record, or its disk was full: nothing of the run is lost, only not
 * rendered yet. What contradicts the journal is left as it is.
 */
export async function lacksRecord(run: LoggedRun, logFolder: string): Promise<boolean> {
  const verified = await verifyRecord(run, logFolder);
  if (!verified.ok) return false;
  const { findings } = verified.value;
  return (
    findings.some((one) => one.renderable === true) && findings.every(({ kind }) => kind !== 'contradiction')
  );
}

export async function renderMissingRecord(
  run: LoggedRun,
  { logFolder, context }: { readonly logFolder: string; readonly context: Pick<CommandContext, 'stdout'> },
): Promise<Outcome<number>> {
  const { folder, state } = run;
  const lock = await takeLock({ path: runLockPath(logFolder, folder.id) });
  if (!lock.ok) return lock;
  try {
    const now = await openRun({ logFolder, runId: folder.id });
    if (!now.ok) return now;
    const { wholeBytes, tornBytes } = now.value.reading;
    const cut = tornBytes > 0 ? await folder.cutJournal(wholeBytes) : succeed(undefined);
    if (!cut.ok) return cut;
    const written = await writeRecord({ folder, logFolder });
    if (!written.ok) return written;
    printLine(
      context,
      `Run ${folder.id} had come to its end, but its record was missing, or not all of it. It is written now.`,
    );
    printLine(context, `record  ${written.value.path}   head ${written.value.head}`);
    return succeed(state.ended === undefined ? exitStatus.stopped : statusOfEnd(state.ended));
  } finally {
    await lock.value.release();
    await sweepLocks(dirname(runLockPath(logFolder, folder.id)));
  }
}
