import { takeLock } from '../adapters/disk/run-lock.ts';
import { type Failure, fail, type Outcome } from '../base/failure.ts';
import { createJournalWriter, guardJournal } from '../engine/journal-writer.ts';
import type { Entry } from '../journal/entry.ts';
import { createSteadyClock } from '../platform/steady-clock.ts';
import { runLockPath } from './run-locks.ts';
import { type LoggedRun, openRun } from './run-log.ts';
import { sayFindings, verifyRecord } from './verify-record.ts';
import { type WrittenRecord, writeRecord } from './write-record.ts';

/**
 * Adds a fact to a run that is over: a note, a signature. Under the run's lock, only to a record that can be vouched for, and the
 * record is written again, so that it never says less than its journal.
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
    const { findings, record } = verified.value;
    const contradictions = findings.filter(({ kind }) => kind === 'contradiction');
    const damaged = sayFindings(runId, contradictions);
    if (damaged !== undefined) return fail(damaged);
    if (record.result.state === 'open') return fail(stillOpen(runId));
    const entry = await request.entry(run.value);
    if (!entry.ok) return entry;
    return await guardJournal(() => appendAndRender({ run: run.value, logFolder, entry: entry.value }));
  } finally {
    await lock.value.release();
  }
}

async function appendAndRender(request: {
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
    clock: createSteadyClock(),
    reading,
    onEntry: () => {},
  });
  await writer.append(entry);
  return writeRecord({ folder, logFolder });
}

function stillOpen(runId: string): Failure {
  return {
    code: 'conflict',
    message: `Run ${runId} has not come to an end.`,
    remedy: `Go on with \`thaw resume ${runId}\`, or give it up with \`thaw discard ${runId}\`.`,
    retry: 'after-fix',
  };
}
