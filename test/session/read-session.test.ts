import { describe, expect, test } from 'vitest';
import type { Entry, JournalEntry } from '../../src/journal/entry.ts';
import { createReadSession } from '../../src/session/read-session.ts';

const startMs = Date.parse('2026-04-28T14:48:00.000Z');

/** A run of two steps as its journal tells it; each entry one second after the one before. */
function journal(...entries: readonly Entry[]): readonly JournalEntry[] {
  const start: Entry = {
    kind: 'run-started',
    journalVersion: 1,
    thawVersion: '0.1.0',
    runId: '2026-04-28T1448Z-walk-live',
    mark: 'a'.repeat(32),
    mode: 'live',
    runbook: { name: 'walk', title: 'Walk', path: 'walk.yaml', fingerprint: 'f'.repeat(64) },
    host: { name: 'crm-01', user: 'root' },
    targets: { database: 'crm at 10.0.0.5:5432' },
    objectives: { rtoMs: 1_800_000, rpoMs: 3_600_000 },
    lostAtMs: startMs,
    steps: [
      { id: 'fetch', kind: 'fetch', title: 'Fetch' },
      { id: 'decrypt', kind: 'decrypt', title: 'Decrypt' },
    ],
    workPath: 'work',
  };
  return [start, ...entries].map(
    (entry, index) =>
      ({ seq: index + 1, at: new Date(startMs + index * 1000).toISOString(), ...entry }) as JournalEntry,
  );
}

const started: Entry = {
  kind: 'step-started',
  stepId: 'fetch',
  attempt: 1,
  sentences: ['Fetches.'],
  commands: [],
};
const finished: Entry = { kind: 'step-finished', stepId: 'fetch', attempt: 1, verdict: 'passed', checks: [] };

function read(entries: readonly JournalEntry[]) {
  const outputs = new Map([['fetch', [{ atMs: startMs, text: 'fetched 412 MB' }]]]);
  const found = { entries, headHash: 'a'.repeat(64), outputs };
  return createReadSession({ path: '/logs/run', found, recordPath: '/logs/run/record.md' });
}

describe('A past run', () => {
  test('it shows its steps, its output and its end, as read only', () => {
    const end: Entry = { kind: 'run-finished', verdict: 'passed', outputs: [] };
    const view = read(journal(started, finished, end)).view();
    expect(view.isRecord).toBe(true);
    expect(view.phase).toBe('finished');
    expect(view.steps.map((step) => step.status)).toEqual(['passed', 'pending']);
    expect(view.details.fetch?.output.map((line) => line.text)).toEqual(['fetched 412 MB']);
    expect(view.summary[0]).toContain('VERIFIED');
    expect(view.nowMs).toBe(startMs + 3000);
  });

  test('a run that ended without an end says so, and what it left interrupted', () => {
    const view = read(journal(started)).view();
    expect(view.phase).toBe('stopped');
    expect(view.steps[0]?.status).toBe('interrupted');
    expect(view.summary.join(' ')).toContain('Its process ended before the run did.');
  });

  test('nothing can be said to it: answers, notes and a stop go nowhere', () => {
    const session = read(journal(started));
    session.answer('look', { value: 'yes', by: 'operator' });
    session.note('a note');
    session.stop();
    expect(session.view().notes).toEqual([]);
    expect(session.view().answered).toEqual([]);
  });
});
