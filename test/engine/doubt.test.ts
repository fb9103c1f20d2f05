import { describe, expect, it } from 'vitest';
import { fail, succeed } from '../../src/base/failure.ts';
import type { StepHandlers } from '../../src/kinds/handlers.ts';
import { handlerOf } from '../../src/kinds/handlers.ts';
import type { Question } from '../../src/ports/operator.ts';
import { createFakeRunFolder, type FakeRunFolder } from '../fakes/fake-run-folder.ts';
import { toyHandlers, toyStep } from './toy-handlers.ts';
import { startToyRun, toyRun, walkOf } from './toy-run.ts';

const steps = [toyStep('fetch'), toyStep('command')];

/** A folder as a process leaves it that dies inside the command. */
async function diedInside(handlers: StepHandlers): Promise<FakeRunFolder> {
  const { folder } = await toyRun({ steps, handlers });
  const lines = folder.lines();
  const started = lines.findIndex((line) => line.includes('"kind":"step-started","stepId":"command"'));
  return createFakeRunFolder({ journal: Buffer.from(lines.slice(0, started + 1).join('')) });
}

function counting() {
  const counted = { runs: 0 };
  const handlers = toyHandlers({
    command: {
      afterCrash: 'ask',
      run: async () => {
        counted.runs += 1;
        return succeed({ kind: 'done' });
      },
    },
  });
  return { counted, handlers };
}

describe('a step that was started and never finished', () => {
  it('is interrupted on the screen until a person has spoken', async () => {
    const { handlers } = counting();
    const folder = await diedInside(handlers);
    const session = await startToyRun({ steps, handlers, folder, answer: () => 'run-again' });
    expect(session.view().steps.find(({ id }) => id === 'command')?.status).toBe('interrupted');
    await session.ended;
    expect(session.view().steps.find(({ id }) => id === 'command')?.status).toBe('passed');
  });

  it('runs again when a person says that it may', async () => {
    const { counted, handlers } = counting();
    const folder = await diedInside(handlers);
    const asked: Question[] = [];
    const { end } = await toyRun({
      steps,
      handlers,
      folder,
      answer: (question) => {
        asked.push(question);
        return 'run-again';
      },
    });
    expect(asked).toMatchObject([
      {
        id: 'command.interrupted',
        stepId: 'command',
        title: '"Toy command" was started and never finished. What is true?',
      },
    ]);
    expect(counted.runs).toBe(2);
    expect(end).toEqual({ kind: 'finished', verdict: 'passed' });
  });

  it('counts as done on the word of a person, and as not verified', async () => {
    const { counted, handlers } = counting();
    const folder = await diedInside(handlers);
    const { end, state } = await toyRun({
      steps,
      handlers,
      folder,
      answer: () => 'skip|the mail is in the outbox',
    });
    expect(counted.runs).toBe(1);
    expect(state.steps.get('command')).toMatchObject({
      kind: 'finished',
      verdict: 'could-not-verify',
      checks: [{ text: 'a person says it was done before the interruption: the mail is in the outbox' }],
    });
    expect(end).toEqual({ kind: 'finished', verdict: 'could-not-verify' });
  });

  it.each([
    ['stop', 'operator'],
    [undefined, 'answer-missing'],
  ])('stays interrupted when the answer is %s', async (given, because) => {
    const { counted, handlers } = counting();
    const folder = await diedInside(handlers);
    const { end, state } = await toyRun({ steps, handlers, folder, answer: () => given });
    expect(end).toMatchObject({ kind: 'stopped', because });
    expect(counted.runs).toBe(1);
    expect(state.steps.get('command')?.kind).toBe('started');
  });

  it('runs again by itself where that hurts nobody', async () => {
    const { counted, handlers } = counting();
    const folder = await diedInside(handlers);
    const { end } = await toyRun({
      steps,
      handlers: {
        ...handlers,
        command: { ...handlerOf(handlers, toyStep('command')), afterCrash: 'look-first' },
      },
      folder,
      answer: (question) => {
        throw new Error(`Nobody need be asked ${question.id}`);
      },
    });
    expect(counted.runs).toBe(2);
    expect(end.kind).toBe('finished');
  });
});

describe('a step that only a person can judge, and that failed in an earlier process', () => {
  it('is not simply run again on resume', async () => {
    let runs = 0;
    const handlers = toyHandlers({
      command: {
        afterCrash: 'ask',
        run: async () => {
          runs += 1;
          return fail({
            code: 'command-failed',
            message: 'It ended with 1.',
            remedy: 'Look.',
            retry: 'after-fix',
          });
        },
      },
    });
    const live = { steps, handlers, mode: 'live' as const };
    const first = await toyRun({ ...live, answer: ({ id }) => (id === 'begin' ? 'yes' : 'stop') });
    const asked: Question[] = [];
    const second = await toyRun({
      ...live,
      folder: first.folder,
      answer: (question) => {
        asked.push(question);
        return 'skip|half of it was enough';
      },
    });
    expect(asked[0]?.title).toBe('"Toy command" failed, and the run was stopped. What is true?');
    expect(runs).toBe(1);
    expect(walkOf(second.entries).slice(-2)).toEqual(['finished command', 'finished could-not-verify']);
  });
});
