import { describe, expect, test } from 'vitest';
import { linesBetween } from '../../src/plain/lines-between.ts';
import type { PlainLine } from '../../src/plain/plain-line.ts';
import { printLine } from '../../src/plain/print-line.ts';
import type { StepDetail, StepRow, View } from '../../src/session/view.ts';
import {
  questions,
  sampleChecks,
  sampleDetail,
  sampleOutput,
  sampleSummary,
  sampleView,
} from '../ui/sample-views.ts';

const step = (change: Partial<StepRow>): StepRow => ({
  id: 'fetch',
  number: 1,
  title: 'Fetch',
  status: 'pending',
  attempt: 0,
  ...change,
});

const viewOf = (row: Partial<StepRow>, detail: Partial<StepDetail> = {}, change: Partial<View> = {}): View =>
  sampleView({
    steps: [step(row)],
    inHand: [],
    details: { fetch: sampleDetail('fetch', detail) },
    ...change,
  });

const types = (lines: readonly PlainLine[]) => lines.map((line) => line.type);
const texts = (lines: readonly PlainLine[]) => lines.flatMap(printLine);

describe('The lines of a run', () => {
  test('the first look begins with the version, the mode and the target', () => {
    const [first] = linesBetween(undefined, viewOf({}));
    expect(first).toMatchObject({
      type: 'thaw',
      version: 1,
      mode: 'live',
      title: 'port-nimara-crm',
      steps: 1,
    });
  });

  test('two looks at the same view say nothing twice', () => {
    const view = viewOf({ status: 'running', attempt: 1 });
    expect(linesBetween(view, view)).toEqual([]);
    expect(linesBetween(view, { ...view })).toEqual([]);
  });

  test('a step is told when it begins, with what it does and its commands, and when it ends', () => {
    const preview = { sentences: ['Fetches the dump.'], commands: ['get s3://b/14.dump'] };
    const before = viewOf({}, preview);
    const running = viewOf({ status: 'running', attempt: 1 }, preview);
    const done = viewOf({ status: 'passed', attempt: 1, durationMs: 62_000 }, preview);
    expect(texts(linesBetween(before, running))).toEqual([
      '14:55:42 LIVE step 1 of 1, Fetch: begun',
      '14:55:42 [fetch] Fetches the dump.',
      '14:55:42 [fetch] $ get s3://b/14.dump',
    ]);
    expect(texts(linesBetween(running, done))).toEqual(['14:55:42 LIVE step 1 of 1, Fetch: done after 1:02']);
  });

  test('a step that began and ended between two looks is told whole, in order', () => {
    const detail: Partial<StepDetail> = {
      output: sampleOutput(1),
      checks: [{ verdict: 'passed', text: 'sha256 is equal' }],
    };
    const after = viewOf({ status: 'passed', attempt: 1 }, detail);
    expect(types(linesBetween(viewOf({}), after))).toEqual(['step-started', 'output', 'check', 'step-ended']);
  });

  test('a new attempt is told as one, with its commands again', () => {
    const commands = { commands: ['get s3://b/14.dump'] };
    const failed = viewOf({ status: 'failed', attempt: 1 }, commands);
    const again = viewOf({ status: 'running', attempt: 2 }, commands);
    expect(texts(linesBetween(failed, again))).toEqual([
      '14:55:42 LIVE step 1 of 1, Fetch: begun, attempt 2',
      '14:55:42 [fetch] $ get s3://b/14.dump',
    ]);
  });

  test('the same failure of a second attempt is told again', () => {
    const failure = { failure: { message: 'Access is denied.', remedy: 'Check the key.' } };
    const first = viewOf({ status: 'failed', attempt: 1 }, failure);
    const second = viewOf({ status: 'failed', attempt: 2 }, failure);
    expect(types(linesBetween(first, second))).toEqual(['step-started', 'failure', 'step-ended']);
  });

  test('a failure says what to do and where the output is', () => {
    const running = viewOf({ status: 'running', attempt: 1 });
    const failed = viewOf(
      { status: 'failed', attempt: 1, durationMs: 5000 },
      { failure: { message: 'Access is denied.', remedy: 'Check the key.', detail: 'AccessDenied\n403' } },
    );
    expect(texts(linesBetween(running, failed))).toEqual([
      '14:55:42 [fetch] failed: Access is denied.',
      '14:55:42 [fetch] to do: Check the key.',
      '14:55:42 [fetch] | AccessDenied',
      '14:55:42 [fetch] | 403',
      '14:55:42 [fetch] output: restore-logs/run/fetch.log',
      '14:55:42 LIVE step 1 of 1, Fetch: failed after 0:05',
    ]);
  });

  test('a check is told once, when its verdict is there', () => {
    const running = viewOf({}, {}, { checks: [{ verdict: 'running', text: 's3://backups/pg' }] });
    const known = viewOf(
      {},
      {},
      { checks: [{ verdict: 'failed', text: 's3://backups/pg', remedy: 'Check the key.' }] },
    );
    expect(linesBetween(undefined, running).filter((line) => line.type === 'preflight-check')).toEqual([]);
    expect(texts(linesBetween(running, known))).toEqual([
      '14:55:42 before the walk failed: s3://backups/pg',
      '14:55:42 before the walk to do: Check the key.',
    ]);
    expect(linesBetween(known, { ...known })).toEqual([]);
  });

  test('what could not be verified is said with its remedy, what passed is not', () => {
    const lines = linesBetween(undefined, viewOf({}, {}, { checks: sampleChecks }));
    expect(texts(lines)).toContain(
      '14:55:42 before the walk could not verify: The age of the newest snapshot: the bucket lists no manifest',
    );
  });

  test('a resumed run names the steps that were done before, without their work', () => {
    const lines = linesBetween(
      undefined,
      viewOf({ status: 'passed', attempt: 1 }, { output: sampleOutput(3) }),
    );
    expect(types(lines)).toEqual(['thaw', 'step-ended']);
  });

  test('a question is told once with the option that answers it, and its answer with who gave it', () => {
    const asked = viewOf({}, {}, { question: questions.confirm });
    const { question: _asked, ...rest } = asked;
    const answered: View = {
      ...rest,
      answered: [{ questionId: 'start', title: 'Do you want to begin?', value: 'yes', by: 'option' }],
    };
    expect(texts(linesBetween(viewOf({}), asked))).toContain(
      '14:55:42   answered by --yes, or --answer start=no',
    );
    expect(linesBetween(asked, { ...asked })).toEqual([]);
    expect(texts(linesBetween(asked, answered))).toEqual(['14:55:42 answered start: yes (by an option)']);
  });

  test('the same question asked again after an answer is told again', () => {
    const answered = [
      { questionId: 'decrypt.failed', title: 'Decrypt failed', value: 'retry', by: 'operator' as const },
    ];
    const first = viewOf({}, {}, { question: questions.failure });
    const second = viewOf({}, {}, { question: { ...questions.failure }, answered });
    expect(types(linesBetween(first, second))).toEqual(['answered', 'question']);
  });

  test('a stall is told when it begins, not with every look', () => {
    const quiet = viewOf({ status: 'running', attempt: 1 }, { progress: [{ label: 'bytes', text: '2 MB' }] });
    const stalled = viewOf(
      { status: 'running', attempt: 1 },
      { progress: [{ label: 'bytes', text: '2 MB', stalled: 'since 14:55:10' }] },
    );
    expect(texts(linesBetween(quiet, stalled))).toEqual(['14:55:42 [fetch] bytes stalled: since 14:55:10']);
    expect(linesBetween(stalled, { ...stalled })).toEqual([]);
  });

  test('the end carries the summary, and the mode once more', () => {
    const lines = linesBetween(viewOf({}), viewOf({}, {}, { phase: 'finished', summary: sampleSummary }));
    expect(texts(lines).at(-1)).toBe('14:55:42 LIVE: this run touches the production targets.');
    expect(texts(lines)[0]).toContain('VERIFIED');
  });

  test('escape sequences in what a program printed do not reach the terminal', () => {
    const output = [{ atMs: 0, text: '\u001b[2J\u001b[31mred\u001b[0m\u0007' }];
    const lines = linesBetween(viewOf({}), viewOf({ status: 'running', attempt: 1 }, { output }));
    expect(texts(lines).at(-1)).toBe('00:00:00 [fetch] | red\u{fffd}');
  });
});
