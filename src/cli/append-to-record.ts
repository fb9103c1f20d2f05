import { takeLock } from '../adapters/disk/run-lock.ts';
import { fail, type Outcome, succeed } from '../base/failure.ts';
import { createJournalWriter, guardJournal } from '../engine/journal-writer.ts';
import type { Entry } from '../journal/entry.ts';
import { runLockPath } from './run-locks.ts';
import { type LoggedRun, openRun } from './run-log.ts';
import { verifyRecord } from './verify-record.ts';
import { type WrittenRecord, writeRecord } from './write-record.ts';

/**
 * Adds a fact to a run that is over: a note, a signature. Under the run's lock, only to a record that can be vouched for, and the
 * record is drawn again, so that it never says less than its journal.
 */
export async function appendToRecord(request: {
  readonly runId: string;
  readonly logFolder: string;
  readonly entry: (run: LoggedRun) => Promise<Outcome<Entry>>;
}): Promise<Outcome<WrittenRecord>> {
  const { runId, logFolder } = request;
  const lock = await takeLock({ path: runLockPath(logFolder, runId) });
  if (!lock.ok) return lock;
  try {
    const run = await openRun({ logFolder, runId });
    if (!run.ok) return run;
    const verified = await verifyRecord(run.value, logFolder);
    if (!verified.ok) return verified;
    const entry = await request.entry(run.value);
    if (!entry.ok) return entry;
    return await guardJournal(() => appendAndDraw({ run: run.value, logFolder, entry: entry.value }));
  } finally {
    await lock.value.release();
  }
}

async function appendAndDraw(request: {
  readonly run: LoggedRun;
  readonly logFolder: string;
  readonly entry: Entry;
}): Promise<Outcome<WrittenRecord>> {
  const { run, logFolder, entry } = request;
  const { folder, reading } = run;
  const writer = createJournalWriter({
    folder,
    // What a person types after a run comes from no secret that this process knows.
    redact: (text) => text,
    now: Date.now,
    after: reading.head,
    entries: reading.entries,
    onEntry: () => {},
  });
  await writer.append(entry);
  const written = await writeRecord({ folder, logFolder });
  if (written !== undefined) return succeed(written);
  return fail({
    code: 'command-failed',
    message: `The journal of ${folder.id} holds the new fact, but its record cannot be written.`,
    remedy: 'Look at the disk of the log folder, then add a note: the record is drawn again with it.',
    retry: 'after-fix',
  });
}
