import { describe, expect, it } from 'vitest';
import type { Entry } from '../../src/journal/entry.ts';
import type { DrillRecord } from '../../src/record/record-schema.ts';
import { renderRecord } from '../../src/record/render-record.ts';
import { toMarkdown } from '../../src/record/to-markdown.ts';
import { readBack, sampleStart, writeJournal } from '../journal/sample-journal.ts';

/** Times are a second apart, in the order of the entries. */
function recordOf(entries: readonly Entry[]): DrillRecord {
  const record = renderRecord(readBack(entries), writeJournal(entries).head.hash);
  if (record === undefined) throw new Error('These entries have no record');
  return record;
}

const failure = { code: 'stalled', message: 'No byte comes.', remedy: 'Retry.', retry: 'safe' } as const;
const fetching = (attempt: number): Entry => ({
  kind: 'step-started',
  stepId: 'fetch',
  attempt,
  sentences: ['Fetches.'],
  commands: [],
});
const restoring: Entry = { kind: 'step-started', stepId: 'restore', attempt: 1, sentences: [], commands: [] };
const fetched: Entry = {
  kind: 'step-finished',
  stepId: 'fetch',
  attempt: 2,
  verdict: 'passed',
  checks: [{ verdict: 'passed', text: '412 MB fetched' }],
};

const interrupted: readonly Entry[] = [
  sampleStart,
  { kind: 'preflight-finished', checks: [{ stepId: 'fetch', verdict: 'passed', text: 'space enough' }] },
  fetching(1),
  { kind: 'command-run', stepId: 'fetch', command: 'GET s3://b/k | wrong' },
  { kind: 'step-failed', stepId: 'fetch', attempt: 1, failure, checks: [] },
  { kind: 'question-asked', stepId: 'fetch', questionId: 'fetch.failure', title: 'Fetch failed.' },
  { kind: 'question-answered', stepId: 'fetch', questionId: 'fetch.failure', value: 'retry', by: 'operator' },
  fetching(2),
  fetched,
  { kind: 'note-added', text: 'the pager is silent' },
  restoring,
];
const stopped: readonly Entry[] = [
  ...interrupted,
  { kind: 'run-stopped', reason: 'The operator stopped the run.' },
];
const finished: readonly Entry[] = [
  ...stopped,
  { kind: 'run-resumed', host: 'crm-01', user: 'ada', sshFrom: '192.0.2.9', pid: 2, tornBytes: 0 },
  { ...restoring, attempt: 2 } as Entry,
  {
    kind: 'step-finished',
    stepId: 'restore',
    attempt: 2,
    verdict: 'could-not-verify',
    checks: [{ verdict: 'could-not-verify', text: 'no manifest', remedy: 'Count by hand.' }],
  },
  { kind: 'cleaned-up', checks: [{ verdict: 'passed', text: 'decrypted files removed from this host' }] },
  {
    kind: 'run-finished',
    verdict: 'could-not-verify',
    outputs: [{ name: 'fetch.log', sha256: 'a'.repeat(64) }],
  },
];

/** The lines of the Markdown that say how it came out, without the long tables. */
const outline = (record: DrillRecord) =>
  toMarkdown(record)
    .split('\n')
    .filter((line) => /^(# |\*\*Result)/.test(line))
    .join('\n');

describe('the record of a run', () => {
  it('is the same for the same journal, as data and as Markdown', () => {
    for (const entries of [interrupted, stopped, finished]) {
      expect(recordOf(entries)).toEqual(recordOf(entries));
      expect(toMarkdown(recordOf(entries))).toBe(toMarkdown(recordOf(entries)));
    }
  });

  it('is another one for another journal, told by its head', () => {
    expect(recordOf(stopped).journal.head).not.toBe(recordOf(interrupted).journal.head);
  });

  it('shows every attempt, and what an interrupted one left open', () => {
    const [fetch, restore] = recordOf(interrupted).steps;
    expect(fetch).toMatchObject({
      outcome: 'passed',
      attempts: [
        { attempt: 1, durationMs: 2000, failure: { code: 'stalled' }, commands: ['GET s3://b/k | wrong'] },
        { attempt: 2, durationMs: 1000 },
      ],
    });
    expect(restore).toMatchObject({ outcome: 'interrupted', attempts: [{ attempt: 1 }] });
    expect(restore?.attempts[0]).not.toHaveProperty('endedAt');
  });

  it('keeps questions, notes, the clean-up and the digests of the outputs', () => {
    const record = recordOf(finished);
    expect(record.questions).toMatchObject([{ id: 'fetch.failure', answer: 'retry', by: 'operator' }]);
    expect(record.notes).toMatchObject([{ text: 'the pager is silent' }]);
    expect(record.outputs).toEqual([{ name: 'fetch.log', sha256: 'a'.repeat(64) }]);
    expect(record.resumed).toMatchObject([{ user: 'ada', sshFrom: '192.0.2.9' }]);
    expect(record.window.waitedForOperatorMs).toBe(1000);
  });

  it('has none where nothing was ever written', () => {
    expect(renderRecord([], '')).toBeUndefined();
  });
});

describe('the record as Markdown', () => {
  it('says at its head how a finished run came out', () => {
    expect(outline(recordOf(finished))).toMatchInlineSnapshot(`
      "# Live restore: CRM
      **Result: COULD NOT VERIFY everything**"
    `);
  });

  it('says that a stopped run is not finished', () => {
    expect(outline(recordOf(stopped))).toMatchInlineSnapshot(`
      "# Live restore: CRM
      **Result: STOPPED, not finished: The operator stopped the run.**"
    `);
  });

  it('says that an interrupted run is open', () => {
    expect(outline(recordOf(interrupted))).toMatchInlineSnapshot(`
      "# Live restore: CRM
      **Result: OPEN: interrupted, not finished**"
    `);
  });

  it('never calls verified what could not be verified, was stopped, or is open', () => {
    for (const entries of [finished, stopped, interrupted])
      expect(outline(recordOf(entries))).not.toMatch(/: VERIFIED/);
  });
});
