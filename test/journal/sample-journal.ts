import type { Entry, JournalEntry } from '../../src/journal/entry.ts';
import { firstLink, type Link, readLine, writeLine } from '../../src/journal/journal-line.ts';

export const sampleStart: Extract<Entry, { kind: 'run-started' }> = {
  kind: 'run-started',
  journalVersion: 1,
  thawVersion: '0.1.0',
  runId: '2026-04-28T1448Z-crm-live',
  mode: 'live',
  runbook: { name: 'crm', title: 'CRM', path: 'runbooks/crm.yaml', fingerprint: 'f'.repeat(64) },
  host: { name: 'crm-01', user: 'operator' },
  targets: { database: 'crm at db:5432' },
  objectives: { rtoMs: 1_800_000, rpoMs: 3_600_000 },
  lostAtMs: Date.UTC(2026, 3, 28, 14, 40),
  workPath: '/scratch/2026-04-28T1448Z-crm-live',
  mark: '0badc0',
  steps: [
    { id: 'fetch', kind: 'fetch', title: 'Fetch' },
    { id: 'restore', kind: 'restore-database', title: 'Restore', fills: ['data'] },
  ],
};

const startMs = Date.UTC(2026, 3, 28, 14, 48);

/** Entries as they stand in a journal, a second apart. */
export function writeJournal(entries: readonly Entry[]): {
  readonly bytes: Buffer;
  readonly head: Link;
  readonly lines: readonly string[];
} {
  let head = firstLink;
  const lines = entries.map((entry, index) => {
    const written = writeLine({ entry, after: head, at: new Date(startMs + index * 1000) });
    head = written.link;
    return written.line;
  });
  return { bytes: Buffer.from(lines.join('')), head, lines };
}

/** The same entries, read back. */
export function readBack(entries: readonly Entry[]): readonly JournalEntry[] {
  let head = firstLink;
  return writeJournal(entries).lines.map((line) => {
    const reading = readLine(line.slice(0, -1), head);
    if (reading.kind !== 'whole') throw new Error(`The sample cannot be read: ${JSON.stringify(reading)}`);
    head = reading.link;
    return reading.entry;
  });
}

export const sampleEntries: readonly Entry[] = [
  sampleStart,
  {
    kind: 'step-started',
    stepId: 'fetch',
    attempt: 1,
    sentences: ['Fetches – größer als 1 GB.'],
    commands: [],
  },
  {
    kind: 'fact-recorded',
    stepId: 'fetch',
    name: 'dump-file',
    value: { path: '/scratch/dump', sizeBytes: 412 },
  },
  {
    kind: 'step-finished',
    stepId: 'fetch',
    attempt: 1,
    verdict: 'passed',
    checks: [{ verdict: 'passed', text: 'whole' }],
  },
  { kind: 'note-added', text: 'a note with a sign that is hard to write: \uFFFD and \u{1F600}' },
];
