import { describe, expect, it } from 'vitest';
import { type Failure, fail, succeed } from '../../src/base/failure.ts';
import type { StepContext } from '../../src/kinds/kind.ts';
import type { Question } from '../../src/ports/operator.ts';
import { createFakeRunFolder } from '../fakes/fake-run-folder.ts';
import { toyFact, toyHandlers, toyStep } from './toy-handlers.ts';
import { later, startToyRun, toyRun, walkOf } from './toy-run.ts';

const stalled: Failure = { code: 'stalled', message: 'No byte comes.', remedy: 'Retry.', retry: 'safe' };
const steps = [
  toyStep('choose-snapshot'),
  toyStep('fetch'),
  toyStep('mirror-objects', { alongside: true }),
  toyStep('decrypt'),
];

const untilAborted = ({ signal }: Pick<StepContext, 'signal'>) =>
  new Promise<void>((resolve) => {
    if (signal.aborted) resolve();
    signal.addEventListener('abort', () => resolve());
  });

describe('steps side by side', () => {
  it('end with the one that stopped, which tells why', async () => {
    const { end, state } = await toyRun({
      steps,
      mode: 'live',
      handlers: toyHandlers({
        fetch: { run: async () => fail(stalled) },
        'mirror-objects': {
          run: async (_step, context) => {
            await untilAborted(context);
            return fail({ ...stalled, code: 'cancelled', message: 'The mirror was stopped.' });
          },
        },
      }),
      answer: ({ id }) => (id === 'begin' ? 'yes' : 'stop'),
    });
    expect(end).toMatchObject({ kind: 'stopped', failure: stalled });
    expect(state.steps.get('mirror-objects')?.kind).toBe('failed');
  });

  it('go on when the smaller one failed and nobody is there: it is told when the larger one has ended', async () => {
    const ends: string[] = [];
    const { end, state } = await toyRun({
      steps,
      mode: 'live',
      handlers: toyHandlers({
        fetch: {
          run: async (_step, context) => {
            await new Promise((resolve) => setTimeout(resolve, 30));
            ends.push(context.signal.aborted ? 'fetch was ended' : 'fetch has ended');
            return succeed({ kind: 'done' });
          },
        },
        'mirror-objects': { run: async () => fail(stalled) },
      }),
      answer: ({ id }) => {
        if (id === 'begin') return 'yes';
        ends.push(`asked ${id}`);
        return undefined;
      },
    });
    expect(ends).toEqual(['fetch has ended', 'asked mirror-objects.failure']);
    expect(state.steps.get('fetch')?.kind).toBe('finished');
    expect(state.steps.get('mirror-objects')?.kind).toBe('failed');
    expect(end).toMatchObject({ kind: 'stopped', because: 'failure', failure: stalled });
  });

  it('may wait for the larger one: the rest is done when it has ended, in the same attempt', async () => {
    const order: string[] = [];
    const { end, state } = await toyRun({
      steps,
      handlers: toyHandlers({
        fetch: {
          run: async () => {
            await new Promise((resolve) => setTimeout(resolve, 20));
            order.push('fetch');
            return succeed({ kind: 'done' });
          },
        },
        'mirror-objects': {
          run: async () => {
            order.push('mirror');
            return order.includes('fetch')
              ? succeed({ kind: 'done' })
              : succeed({ kind: 'waits', reason: 'the rest waits for fetch' });
          },
        },
      }),
    });
    expect(order).toEqual(['mirror', 'fetch', 'mirror']);
    expect(state.steps.get('mirror-objects')).toMatchObject({ kind: 'finished', attempt: 1 });
    expect(end).toEqual({ kind: 'finished', verdict: 'passed' });
  });

  it('tells what stopped the larger one, when the smaller one waited for it in vain', async () => {
    const { end } = await toyRun({
      steps,
      mode: 'live',
      handlers: toyHandlers({
        fetch: { run: async () => fail(stalled) },
        'mirror-objects': { run: async () => succeed({ kind: 'waits', reason: 'it waits for fetch' }) },
      }),
      answer: ({ id }) => (id === 'begin' ? 'yes' : undefined),
    });
    expect(end).toMatchObject({ kind: 'stopped', failure: stalled });
  });

  it('take back the question of the one that only had to follow', async () => {
    const question: Question = {
      kind: 'confirm',
      id: 'mirror.sure',
      title: 'Sure?',
      body: [],
      verb: 'go on',
    };
    const session = await startToyRun({
      steps,
      mode: 'live',
      handlers: toyHandlers({
        fetch: { run: async () => fail(stalled) },
        'mirror-objects': {
          run: async (_step, context) => {
            await new Promise((resolve) => setTimeout(resolve, 10));
            const answer = await context.ask(question);
            return answer.ok ? succeed({ kind: 'done' }) : answer;
          },
        },
      }),
      answer: ({ id }) => (id === 'begin' ? 'yes' : later),
    });
    // The mirror asks a moment later: its question waits behind that of the failure.
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(session.view().question?.id).toBe('fetch.failure');
    session.answer('fetch.failure', { value: 'stop', by: 'operator' });
    expect(await session.ended).toMatchObject({ kind: 'stopped', failure: stalled });
    expect(session.view().question).toBeUndefined();
  });

  it('go back together: one that ended a moment later is done again with the new snapshot', async () => {
    const used: unknown[] = [];
    let snapshot = 0;
    let failures = 1;
    const { entries, end } = await toyRun({
      steps,
      handlers: toyHandlers({
        'choose-snapshot': {
          run: async (_step, context) => {
            snapshot += 1;
            await context.record(toyFact('snapshot'), snapshot);
            return succeed({ kind: 'done' });
          },
        },
        fetch: {
          run: async () => {
            if (failures === 0) return succeed({ kind: 'done' });
            failures -= 1;
            return fail(stalled);
          },
        },
        'mirror-objects': {
          // Deaf to the signal: it ends well, with what it began with.
          run: async (_step, context) => {
            used.push(context.fact('snapshot'));
            await new Promise((resolve) => setTimeout(resolve, 10));
            return succeed({ kind: 'done' });
          },
        },
      }),
      answer: () => 'back:choose-snapshot',
    });
    expect(used).toEqual([1, 2]);
    const walk = walkOf(entries);
    expect(walk.indexOf('reopened choose-snapshot')).toBeGreaterThan(walk.indexOf('finished mirror-objects'));
    expect(end).toEqual({ kind: 'finished', verdict: 'passed' });
  });

  it('all end when the journal cannot be written any more, and nothing is written after that', async () => {
    const full: Failure = {
      code: 'out-of-space',
      message: 'The disk is full.',
      remedy: 'Free some.',
      retry: 'after-fix',
    };
    let broken = false;
    let aborted = false;
    let refused = 0;
    const folder = createFakeRunFolder({
      beforeAppend: () => {
        if (broken) refused += 1;
        return broken ? full : undefined;
      },
    });
    const { end } = await toyRun({
      steps,
      folder,
      handlers: toyHandlers({
        fetch: {
          run: async (_step, context) => {
            await new Promise((resolve) => setTimeout(resolve, 10));
            broken = true;
            await context.record(toyFact('file'), 'lost');
            return succeed({ kind: 'done' });
          },
        },
        'mirror-objects': {
          run: async (_step, context) => {
            await untilAborted(context);
            aborted = true;
            // The disk works again: half a line may stand there, so nothing may follow it.
            broken = false;
            return succeed({ kind: 'done' });
          },
        },
      }),
    });
    expect(end).toEqual({ kind: 'stopped', because: 'failure', failure: full });
    expect([aborted, refused]).toEqual([true, 1]);
    expect(folder.lines().at(-1)).toContain('"kind":"step-started","stepId":"mirror-objects"');
  });

  it('all end when one of them breaks a promise of ours, which is thrown on', async () => {
    let aborted = false;
    const session = await startToyRun({
      steps,
      handlers: toyHandlers({
        fetch: {
          run: async () => {
            throw new Error('Broken promise: a bug');
          },
        },
        'mirror-objects': {
          run: async (_step, context) => {
            await untilAborted(context);
            aborted = true;
            return succeed({ kind: 'done' });
          },
        },
      }),
    });
    await expect(session.ended).rejects.toThrow('Broken promise: a bug');
    expect(aborted).toBe(true);
  });
});
