import { assert } from '../base/assert.ts';
import { type Failure, type Outcome, succeed } from '../base/failure.ts';
import type { ClockAnchor, HostClock } from '../base/host-clock.ts';
import type { Redact } from '../base/secret.ts';
import type { Entry, JournalEntry } from '../journal/entry.ts';
import { type Link, readLine, writeLine } from '../journal/journal-line.ts';
import type { JournalReading } from '../journal/read-journal.ts';
import { redactEntry } from '../journal/redact-entry.ts';
import { applyEntry, foldJournal, type RunState } from '../journal/run-state.ts';
import type { RunFolder } from '../ports/run-folder.ts';

/** Thrown when the journal cannot be written: without it no further act is allowed, so it ends the run from any depth. */
export class JournalLost extends Error {
  readonly failure: Failure;
  constructor(failure: Failure) {
    super(failure.message);
    this.failure = failure;
  }
}

/** The one way facts come about: masked, chained, durable, folded, and only then known to anyone. */
export type JournalWriter = {
  append(entry: Entry): Promise<JournalEntry>;
  state(): RunState | undefined;
  head(): Link;
};

export function createJournalWriter(request: {
  readonly folder: RunFolder;
  readonly redact: Redact;
  readonly clock: HostClock;
  /** Under the lock of the run: half a line behind it is taken out before the first entry, since behind it nothing could be read again. */
  readonly reading: JournalReading;
  readonly onEntry: (entry: JournalEntry) => void;
}): JournalWriter {
  const { folder, reading } = request;
  let head = reading.head;
  let state = foldJournal(reading.entries);
  let isTorn = reading.tornBytes > 0;
  let lost: JournalLost | undefined;
  // Steps may run side by side; their entries queue here, so that the chain stays one line after the other.
  let queue: Promise<unknown> = Promise.resolve();
  const { clock } = request;
  const last = reading.entries.at(-1);
  let span =
    last === undefined
      ? 'measured'
      : clock.goOn({ anchor: anchorOf(reading.entries), lastMs: Date.parse(last.at) });
  let toldMs = toldDeviation(reading.entries, clock.anchor());

  async function appendNow(entry: Entry): Promise<JournalEntry> {
    const deviationMs = Math.round(clock.deviationMs());
    const measured = span === 'measured';
    // Every journal begins with the start of its run.
    if (state !== undefined && (!measured || Math.abs(deviationMs - toldMs) >= mostDriftMs)) {
      toldMs = deviationMs;
      span = 'measured';
      await writeDown({ kind: 'clock-changed', deviationMs, measured });
    }
    return writeDown(withAnchor(entry, clock.anchor()));
  }

  async function writeDown(entry: Entry): Promise<JournalEntry> {
    if (lost !== undefined) throw lost;
    const masked = redactEntry(entry, request.redact);
    const { line, link } = writeLine({ entry: masked, after: head, at: new Date(clock.now()) });
    const cut = isTorn ? await folder.cutJournal(reading.wholeBytes) : succeed(undefined);
    isTorn = false;
    const written = cut.ok ? await folder.appendJournal(line) : cut;
    if (!written.ok) {
      // Perhaps half of the line is on the disk: what came after it could never be read again.
      lost = new JournalLost(written.failure);
      throw lost;
    }
    // Read back through the same door a resume uses: an entry that could not be read again is a bug found now.
    const back = readLine(line.slice(0, -1), head);
    assert(back.kind === 'whole', 'an entry that was written can be read back');
    head = link;
    state = state === undefined ? foldJournal([back.entry]) : applyEntry(state, back.entry);
    request.onEntry(back.entry);
    return back.entry;
  }

  return {
    append(entry) {
      const appended = queue.then(() => appendNow(entry));
      queue = appended.catch(() => undefined);
      return appended;
    },
    state: () => state,
    head: () => head,
  };
}

/** What time servers do little by little is no change worth a word. */
const mostDriftMs = 2000;

/** How the last process of the run that said so counted. */
function anchorOf(entries: readonly JournalEntry[]): ClockAnchor | undefined {
  return entries
    .flatMap((entry) => ('clock' in entry && entry.clock !== undefined ? [entry.clock] : []))
    .at(-1);
}

/** What begins a process of the run says how it counts. */
function withAnchor(entry: Entry, clock: ClockAnchor): Entry {
  return entry.kind === 'run-started' || entry.kind === 'run-resumed' ? { ...entry, clock } : entry;
}

/** How far the clock of the host was ahead of the run when it was said last; whoever counts from elsewhere counts anew. */
function toldDeviation(entries: readonly JournalEntry[], { offsetMs }: ClockAnchor): number {
  if (anchorOf(entries)?.offsetMs !== offsetMs) return 0;
  const told = entries.findLast((entry) => entry.kind === 'clock-changed');
  return told?.kind === 'clock-changed' ? told.deviationMs : 0;
}

/** Runs something that may lose the journal, and turns that one exception into the failure it is. */
export async function guardJournal<T>(work: () => Promise<Outcome<T>>): Promise<Outcome<T>> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof JournalLost) return { ok: false, failure: error.failure };
    throw error;
  }
}
