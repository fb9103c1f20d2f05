import { describe, expect, it } from 'vitest';
import { entriesOfKind } from '../../src/record/entries-of-kind.ts';
import { createBarredWorld } from '../fakes/barred-world.ts';
import { createFakeRunFolder } from '../fakes/fake-run-folder.ts';
import { toyHandlers, toyStep } from './toy-handlers.ts';
import { later, startToyRun, toyRun, walkOf } from './toy-run.ts';

const acts = () => {
  throw new Error('A tabletop acts');
};
const deaf = { check: acts, run: acts, verify: acts, cleanUp: acts };
const handlers = toyHandlers({
  fetch: deaf,
  decrypt: deaf,
  'restore-database': deaf,
  'mirror-objects': deaf,
});
const steps = [
  toyStep('fetch'),
  toyStep('decrypt'),
  toyStep('restore-database'),
  toyStep('mirror-objects', { alongside: true }),
];
const exercise = {
  ...{ objectives: [], criteria: [], inScope: [], outOfScope: [], assumptions: [], absences: [] },
  injects: [{ before: 'decrypt', text: 'The GPG key is on the dead host.' }],
};
const table = { steps, handlers, mode: 'tabletop', about: { exercise } } as const;

describe('a tabletop', () => {
  it('asks at every step and every inject, one thing at a time, and acts on nothing', async () => {
    const asked: string[] = [];
    const { end, entries } = await toyRun({
      ...table,
      world: createBarredWorld(),
      answer: ({ id }) => {
        asked.push(id);
        return id.includes('inject') ? 'gap|nobody else has the key' : 'as-written';
      },
    });
    expect(end).toEqual({ kind: 'finished', verdict: 'skipped' });
    expect(asked).toEqual([
      'fetch.decide',
      'decrypt.inject-1',
      'decrypt.decide',
      'restore-database.decide',
      'mirror-objects.decide',
    ]);
    expect(walkOf(entries)).toEqual([
      ...['started fetch', 'skipped fetch', 'started decrypt', 'skipped decrypt'],
      ...[
        'started restore-database',
        'skipped restore-database',
        'started mirror-objects',
        'skipped mirror-objects',
      ],
      'finished skipped',
    ]);
    expect(entriesOfKind(entries, 'step-skipped')[1]).toMatchObject({
      because: 'mode',
      reason:
        'discussed, not executed; as written; inject 1 it cannot be done: a gap (nobody else has the key)',
    });
    expect(entriesOfKind(entries, 'preflight-finished')).toEqual([]);
    expect(entriesOfKind(entries, 'cleaned-up')).toMatchObject([{ checks: [] }]);
  });

  it('shows what would run beside the question, and never says that it ran', async () => {
    const shown = toyHandlers({
      fetch: { ...deaf, preview: async () => ({ sentences: ['Fetches it.'], commands: ['GET s3://b/k'] }) },
    });
    const bodies: string[] = [];
    const { entries } = await toyRun({
      ...table,
      steps: [toyStep('fetch')],
      handlers: shown,
      answer: ({ body }) => {
        bodies.push(...body);
        return 'differently|over the satellite link';
      },
    });
    expect(bodies).toEqual(['Fetches it.', 'would run: GET s3://b/k']);
    expect(entriesOfKind(entries, 'step-started')[0]?.commands).toEqual(['GET s3://b/k']);
    expect(entriesOfKind(entries, 'command-run')).toEqual([]);
  });

  it('stops where the table wants to, and goes on with the same step', async () => {
    const folder = createFakeRunFolder();
    const first = await toyRun({
      ...table,
      folder,
      answer: ({ id }) => (id === 'decrypt.inject-1' ? 'stop' : 'as-written'),
    });
    expect(first.end).toMatchObject({ kind: 'stopped', because: 'operator' });
    const asked: string[] = [];
    const second = await toyRun({
      ...table,
      folder,
      answer: ({ id }) => {
        asked.push(id);
        return id.includes('inject') ? 'handled|it lies in the vault, too' : 'as-written';
      },
    });
    expect(second.end.kind).toBe('finished');
    expect(asked[0]).toBe('decrypt.inject-1');
  });

  it('ends as answer-missing where nobody sits at the table', async () => {
    const { end } = await toyRun({ ...table });
    expect(end).toMatchObject({ kind: 'stopped', because: 'answer-missing' });
  });

  it('claims no time for the RTO on the screen either: a step that was talked about is not done', async () => {
    const session = await startToyRun({
      ...table,
      answer: ({ id }) => (id === 'fetch.decide' ? 'as-written' : later),
    });
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect(session.view().steps[0]).toMatchObject({ id: 'fetch', status: 'skipped' });
    session.stop();
    await session.ended;
  });
});

describe('the people named for a run', () => {
  const people = {
    commander: 'the head of operations',
    resultApprover: 'the auditor',
    observers: [],
    absent: [],
  };
  const drill = { steps: [toyStep('fetch')], handlers: toyHandlers(), about: { people } };

  it('declare the recovery and approve the result before the run is over', async () => {
    const { entries } = await toyRun({ ...drill, answer: () => 'yes' });
    expect(entriesOfKind(entries, 'question-answered').map(({ questionId }) => questionId)).toEqual([
      'declare-recovery',
      'approve-result',
    ]);
    expect(entries.at(-1)?.kind).toBe('run-finished');
  });

  it('do not keep a run open when they are not there', async () => {
    const { end } = await toyRun({ ...drill });
    expect(end).toEqual({ kind: 'finished', verdict: 'passed' });
  });
});

describe('a run that is stopped', () => {
  it('vouches for what it had printed by then', async () => {
    const talking = toyHandlers({
      fetch: {
        run: async (_step, context) => {
          context.output('a line');
          return {
            ok: false,
            failure: { code: 'stalled', message: 'No byte.', remedy: 'Wait.', retry: 'safe' },
          };
        },
      },
    });
    const { entries } = await toyRun({
      steps: [toyStep('fetch')],
      handlers: talking,
      mode: 'live',
      answer: ({ kind }) => (kind === 'confirm' ? 'yes' : 'stop'),
    });
    expect(entriesOfKind(entries, 'run-stopped').at(-1)?.outputs).toMatchObject([{ name: 'fetch.log' }]);
  });
});
