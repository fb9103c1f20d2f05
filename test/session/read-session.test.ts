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

function read(entries: readonly JournalEntry[], drivenBy?: string) {
  let stops = 0;
  const found = {
    entries,
    headHash: 'a'.repeat(64),
    outputs: new Map([['fetch', [{ atMs: startMs, text: 'fetched 412 MB' }]]]),
  };
  const session = createReadSession({
    path: '/logs/run',
    found,
    recordPath: drivenBy === undefined ? '/logs/run/record.md' : undefined,
    now: () => startMs + 60_000,
    onStop: () => {
      stops += 1;
    },
    ...(drivenBy === undefined ? {} : { drivenBy }),
  });
  return { session, found, stops: () => stops };
}

describe('A run that somebody else drives, or nobody any more', () => {
  test('a past run shows its steps, its output and its end, as read only', () => {
    const end: Entry = { kind: 'run-finished', verdict: 'passed', outputs: [] };
    const { session } = read(journal(started, finished, end));
    const view = session.view();
    expect(view.seenAs).toEqual({ kind: 'record' });
    expect(view.phase).toBe('finished');
    expect(view.steps.map((step) => step.status)).toEqual(['passed', 'pending']);
    expect(view.details.fetch?.output.map((line) => line.text)).toEqual(['fetched 412 MB']);
    expect(view.summary[0]).toContain('VERIFIED');
    expect(view.nowMs).toBe(startMs + 3000);
  });

  test('a run that ended without an end says so, and what it left interrupted', () => {
    const view = read(journal(started)).session.view();
    expect(view.phase).toBe('stopped');
    expect(view.steps[0]?.status).toBe('interrupted');
    expect(view.summary.join(' ')).toContain('Its process ended before the run did.');
  });

  test('of a run in another process the step in hand runs, the clock goes on, and its question is named', () => {
    const asked: Entry = { kind: 'question-asked', questionId: 'look', title: 'Is it well?' };
    const { session } = read(journal(started, finished, asked), 'process 4711');
    expect(session.view().seenAs).toEqual({ kind: 'watched', by: 'process 4711', waiting: 'Is it well?' });
    expect(session.view().nowMs).toBe(startMs + 60_000);
    expect(session.view().question).toBeUndefined();
    const answered: Entry = { kind: 'question-answered', questionId: 'look', value: 'yes', by: 'operator' };
    const later = read(journal(started, finished, asked, answered), 'process 4711').session.view();
    expect(later.seenAs).toEqual({ kind: 'watched', by: 'process 4711' });
  });

  test('what began before the last resume was interrupted, what began after it runs', () => {
    const resumed: Entry = { kind: 'run-resumed', host: 'crm-01', user: 'root', pid: 4711, tornBytes: 0 };
    const before = read(journal(started, resumed), 'process 4711').session.view();
    expect(before.steps[0]?.status).toBe('interrupted');
    const after = read(journal(started, resumed, { ...started, attempt: 2 }), 'process 4711').session.view();
    expect(after.steps[0]?.status).toBe('running');
  });

  test('an update is told to who listens; a stop is passed on; answers and notes go nowhere', () => {
    const { session, found, stops } = read(journal(started), 'process 4711');
    let told = 0;
    session.subscribe(() => {
      told += 1;
    });
    session.update({ ...found, entries: journal(started, finished) });
    expect(told).toBe(1);
    expect(session.view().steps[0]?.status).toBe('passed');
    session.answer('look', { value: 'yes', by: 'operator' });
    session.note('a note');
    session.stop();
    expect(stops()).toBe(1);
    expect(session.view().notes).toEqual([]);
  });
});
