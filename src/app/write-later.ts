import { fail, type Outcome, succeed } from '../base/failure.ts';
import type { HostClock } from '../base/host-clock.ts';
import type { Redact } from '../base/secret.ts';
import { createJournalWriter, guardJournal } from '../engine/journal-writer.ts';
import type { Entry } from '../journal/entry.ts';
import type { anchorPlace } from './anchors.ts';
import { exitStatus } from './exit-status.ts';
import { openRun } from './run-log.ts';
import { writeRecord } from './write-record.ts';

/** Facts that come after the end of a run: it was rolled back, its way back was ended. */
export type Later = {
  readonly logFolder: string;
  readonly runId: string;
  readonly redact: Redact;
  readonly clock: HostClock;
  /** What was done, told also where the record of it cannot be written. */
  readonly text: string;
  readonly entries: readonly Entry[];
  readonly anchor: ReturnType<typeof anchorPlace>;
  readonly warn: (text: string) => void;
};

/** Into the journal, and the record anew. What was cut short before this looks at the world, and says it again when it is repeated. */
export async function writeLater(request: Later): Promise<Outcome<number>> {
  const { logFolder, runId, redact, clock, text } = request;
  const run = await openRun({ logFolder, runId });
  if (!run.ok) return run;
  const { reading, folder } = run.value;
  return guardJournal(async () => {
    const writer = createJournalWriter({ folder, redact, clock, reading, onEntry: () => {} });
    for (const entry of request.entries) await writer.append(entry);
    const record = await writeRecord({ folder, logFolder, ...request.anchor });
    if (!record.ok) {
      const { failure } = record;
      return fail(text === '' ? failure : { ...failure, message: `${text}. ${failure.message}` });
    }
    for (const warning of record.value.warnings) request.warn(warning);
    return succeed(exitStatus.verified);
  });
}
