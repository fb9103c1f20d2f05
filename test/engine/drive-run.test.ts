import { describe, expect, it } from 'vitest';
import { type Failure, fail, succeed } from '../../src/base/failure.ts';
import { failed, passed } from '../../src/base/verdict.ts';
import type { Question } from '../../src/ports/operator.ts';
import { createFakeRunFolder } from '../fakes/fake-run-folder.ts';
import { toyFact, toyHandlers, toyStep } from './toy-handlers.ts';
import { later, startToyRun, toyRun, walkOf } from './toy-run.ts';

const stalled: Failure = { code: 'stalled', message: 'No byte comes.', remedy: 'Retry.', retry: 'safe' };

/** Fails as often as it is told to, then succeeds. */
function failing(times: number) {
  let left = times;
  return async () => {
    if (left === 0) return succeed({ kind: 'done' as const });
    left -= 1;
    return fail(stalled);
  };
}

const threeSteps = [toyStep('choose-snapshot'), toyStep('fetch'), toyStep('decrypt')];

describe('a walk', () => {
  it('takes the steps in their order, each done before the next begins', async () => {
    const { entries, end } = await toyRun({ steps: threeSteps, handlers: toyHandlers() });
    expect(walkOf(entries)).toEqual([
      ...['started choose-snapshot', 'finished choose-snapshot'],
      ...['started fetch', 'finished fetch', 'started decrypt', 'finished decrypt', 'finished passed'],
    ]);
    expect(end).toEqual({ kind: 'finished', verdict: 'passed' });
  });

  it('takes steps alongside each other at the same time, and waits for all of them', async () => {
    let running = 0;
    let most = 0;
    const run = async () => {
      running += 1;
      most = Math.max(most, running);
      await new Promise((resolve) => setTimeout(resolve, 5));
      running -= 1;
      return succeed({ kind: 'done' as const });
    };
    const steps = [toyStep('fetch'), toyStep('mirror-objects', { alongside: true }), toyStep('decrypt')];
    const { entries } = await toyRun({
      steps,
      handlers: toyHandlers({ fetch: { run }, 'mirror-objects': { run }, decrypt: { run } }),
    });
    expect(most).toBe(2);
    const walk = walkOf(entries);
    expect(walk.slice(0, 2)).toEqual(['started fetch', 'started mirror-objects']);
    expect(walk.indexOf('started decrypt')).toBe(4);
  });

  it('asks before a live run begins, and touches nothing without a yes', async () => {
    const asked: Question[] = [];
    const answer = (question: Question) => {
      asked.push(question);
      return 'no';
    };
    const { entries, end } = await toyRun({
      steps: threeSteps,
      handlers: toyHandlers(),
      mode: 'live',
      answer,
    });
    expect(asked.map(({ id }) => id)).toEqual(['begin']);
    expect(end).toMatchObject({ kind: 'stopped', because: 'operator' });
    expect(walkOf(entries)).toEqual(['stopped']);
  });

  it('lists what the mode does not run, and judges only what it did', async () => {
    const run = async () => succeed({ kind: 'not-executed' as const, reason: 'a drill stops nothing' });
    const { state, end } = await toyRun({
      steps: [toyStep('stop-writers'), toyStep('fetch')],
      handlers: toyHandlers({ 'stop-writers': { run } }),
    });
    expect(state.steps.get('stop-writers')).toMatchObject({ kind: 'skipped', because: 'mode' });
    expect(end).toEqual({ kind: 'finished', verdict: 'passed' });
  });

  it('proves nothing when nothing was run', async () => {
    const run = async () => succeed({ kind: 'not-executed' as const, reason: 'a drill stops nothing' });
    const { end } = await toyRun({ steps: [toyStep('fetch')], handlers: toyHandlers({ fetch: { run } }) });
    expect(end).toEqual({ kind: 'finished', verdict: 'could-not-verify' });
  });

  it('cleans up after a drill, last step first, and removes what was decrypted in any mode', async () => {
    const cleaned: string[] = [];
    const cleanUp = (name: string) => async () => {
      cleaned.push(name);
      return [passed(`${name} removed`)];
    };
    const handlers = toyHandlers({
      fetch: { cleanUp: cleanUp('fetch') },
      decrypt: { cleanUp: cleanUp('decrypt') },
    });
    const drill = await toyRun({ steps: threeSteps, handlers });
    expect(cleaned).toEqual(['decrypt', 'fetch']);
    expect(drill.folder.workCleared()).toBe(1);
    const live = await toyRun({ steps: threeSteps, handlers, mode: 'live', answer: () => 'yes' });
    expect(cleaned).toHaveLength(2);
    expect(live.folder.workCleared()).toBe(1);
  });

  it('that is finished stays as it is, whoever drives it again', async () => {
    const first = await toyRun({ steps: threeSteps, handlers: toyHandlers() });
    const again = await toyRun({ steps: threeSteps, handlers: toyHandlers(), folder: first.folder });
    expect(again.end).toEqual(first.end);
    expect(again.entries.slice(first.entries.length).map(({ kind }) => kind)).toEqual(['run-resumed']);
  });
});

describe('the checks before a walk', () => {
  it('are all made, and every blocker is told at once, before anything starts', async () => {
    let asked: Question | undefined;
    const check = (text: string) => ({ check: async () => [failed(text, `Mend ${text}.`)] });
    const { entries, end } = await toyRun({
      steps: threeSteps,
      handlers: toyHandlers({ fetch: check('no space'), decrypt: check('no key') }),
      answer: (question) => {
        asked = question;
        return 'stop';
      },
    });
    expect(asked).toMatchObject({
      id: 'preflight',
      title: '2 things are in the way. Nothing was touched.',
      body: ['no space → Mend no space.', 'no key → Mend no key.'],
    });
    expect(end).toMatchObject({
      kind: 'blocked',
      failure: { code: 'not-verified', message: 'no space. no key' },
    });
    expect(walkOf(entries)).toEqual(['stopped']);
  });

  it('are made again until nothing is in the way', async () => {
    let blocked = 2;
    const check = async () => (blocked-- > 0 ? [failed('no space', 'Free some.')] : [passed('space')]);
    const { end, state } = await toyRun({
      steps: threeSteps,
      handlers: toyHandlers({ fetch: { check } }),
      answer: () => 'again',
    });
    expect(end.kind).toBe('finished');
    expect(state.preflight.map(({ verdict }) => verdict)).toEqual(['passed']);
  });

  it('leave out what a resumed run has done already', async () => {
    const checked: string[] = [];
    const watch = (name: string) => ({
      check: async () => {
        checked.push(name);
        return [];
      },
    });
    const decrypt = { ...watch('decrypt'), run: failing(1) };
    const handlers = toyHandlers({ fetch: watch('fetch'), decrypt });
    const first = await toyRun({
      steps: threeSteps,
      handlers,
      mode: 'live',
      answer: ({ id }) => (id === 'begin' ? 'yes' : 'stop'),
    });
    expect(checked).toEqual(['fetch', 'decrypt']);
    await toyRun({ steps: threeSteps, handlers, mode: 'live', folder: first.folder });
    expect(checked).toEqual(['fetch', 'decrypt', 'decrypt']);
  });
});

describe('a step that fails', () => {
  const steps = threeSteps;

  it('is tried again as often as the operator says so', async () => {
    const { entries, state, end } = await toyRun({
      steps,
      handlers: toyHandlers({ decrypt: { run: failing(2) } }),
      answer: () => 'retry',
    });
    expect(walkOf(entries).filter((line) => line.endsWith('decrypt'))).toEqual([
      ...[
        'started decrypt',
        'failed decrypt',
        'started decrypt',
        'failed decrypt',
        'started decrypt',
        'finished decrypt',
      ],
    ]);
    expect(state.steps.get('decrypt')).toMatchObject({ attempt: 3 });
    expect(end).toEqual({ kind: 'finished', verdict: 'passed' });
  });

  it('is left out with a reason, and the whole run then counts as failed', async () => {
    const { state, end } = await toyRun({
      steps,
      handlers: toyHandlers({ decrypt: { run: failing(9) } }),
      answer: () => 'skip|it is done by hand',
    });
    expect(state.steps.get('decrypt')).toMatchObject({
      kind: 'skipped',
      reason: 'it is done by hand',
      because: 'operator',
    });
    expect(end).toEqual({ kind: 'finished', verdict: 'failed' });
  });

  it('that everything rests on cannot be left out, not even by an option', async () => {
    let choices: Question | undefined;
    const { state, end } = await toyRun({
      steps,
      handlers: toyHandlers({ decrypt: { run: failing(9), essential: 'there is nothing to restore' } }),
      mode: 'live',
      answer: (question) => {
        if (question.id === 'begin') return 'yes';
        choices = question;
        return 'skip|I insist';
      },
    });
    expect(choices).toMatchObject({
      choices: expect.arrayContaining([
        expect.objectContaining({ value: 'skip', disabledBecause: 'there is nothing to restore' }),
      ]),
    });
    expect(end).toMatchObject({ kind: 'stopped', because: 'operator', failure: stalled });
    expect(state.steps.get('decrypt')?.kind).toBe('failed');
  });

  it('sends the walk back to the choice of the snapshot', async () => {
    let tries = 0;
    const { entries, end } = await toyRun({
      steps,
      handlers: toyHandlers({ decrypt: { run: failing(1) } }),
      answer: () => {
        tries += 1;
        return 'back:choose-snapshot';
      },
    });
    expect(tries).toBe(1);
    expect(walkOf(entries).slice(5)).toEqual([
      ...[
        'failed decrypt',
        'reopened choose-snapshot',
        'started choose-snapshot',
        'finished choose-snapshot',
      ],
      ...['started fetch', 'finished fetch', 'started decrypt', 'finished decrypt', 'finished passed'],
    ]);
    expect(end.kind).toBe('finished');
  });

  it.each([
    ['swapping', 'the swap of the databases has begun; retry to end it'],
    ['swapped', 'the database is already in place; use `thaw rollback` first'],
  ])('cannot send it back once the fact %s is there', async (name, reason) => {
    let question: Question | undefined;
    const { end } = await toyRun({
      steps: [...steps, toyStep('restore-database')],
      mode: 'live',
      handlers: toyHandlers({
        decrypt: {
          run: async (_step, context) => {
            await context.record(toyFact(name), { target: 'crm' });
            return fail(stalled);
          },
        },
      }),
      answer: (asked) => {
        if (asked.id === 'begin') return 'yes';
        question = asked;
        return 'back:choose-snapshot';
      },
    });
    expect(question).toMatchObject({
      choices: expect.arrayContaining([expect.objectContaining({ disabledBecause: reason })]),
    });
    expect(end.kind).toBe('stopped');
  });

  it('stops the run where the operator says so, and a resumed run goes on with that step', async () => {
    const handlers = toyHandlers({ decrypt: { run: failing(1) } });
    const answer = ({ id }: Question) => (id === 'begin' ? 'yes' : 'stop');
    const first = await toyRun({ steps, handlers, mode: 'live', answer });
    expect(first.end).toMatchObject({ kind: 'stopped', because: 'operator', failure: stalled });
    expect(first.state.stopped).toBe(stalled.message);
    const second = await toyRun({ steps, handlers, mode: 'live', folder: first.folder });
    expect(second.end).toEqual({ kind: 'finished', verdict: 'passed' });
    expect(walkOf(second.entries.slice(first.entries.length))).toEqual([
      'started decrypt',
      'finished decrypt',
      'finished passed',
    ]);
  });

  it('fails too when what it promised is not so', async () => {
    const verify = async () =>
      succeed([passed('size'), failed('2 tables are missing', 'Choose another snapshot.')]);
    const { state } = await toyRun({
      steps,
      handlers: toyHandlers({ decrypt: { verify } }),
      answer: () => 'stop',
    });
    expect(state.steps.get('decrypt')).toMatchObject({
      kind: 'failed',
      failure: { code: 'not-verified', message: '2 tables are missing', remedy: 'Choose another snapshot.' },
      checks: [{ verdict: 'passed' }, { verdict: 'failed' }],
    });
  });

  it('stops a live run with its own failure where nobody can be asked', async () => {
    const { end } = await toyRun({
      steps,
      handlers: toyHandlers({ decrypt: { run: failing(1) } }),
      mode: 'live',
      answer: ({ id }) => (id === 'begin' ? 'yes' : undefined),
    });
    expect(end).toEqual({ kind: 'stopped', because: 'failure', failure: stalled });
  });

  it('ends a drill where nobody can be asked, as failed and cleaned up', async () => {
    const { end, folder } = await toyRun({ steps, handlers: toyHandlers({ decrypt: { run: failing(1) } }) });
    expect(end).toEqual({ kind: 'finished', verdict: 'failed' });
    expect(folder.workCleared()).toBe(1);
  });
});

describe('a drill in which steps fail and nobody is there', () => {
  const drill = [
    ...[toyStep('choose-snapshot'), toyStep('fetch'), toyStep('decrypt')],
    ...[toyStep('mirror-objects'), toyStep('command')],
  ];
  const failingTwice = toyHandlers({ fetch: { run: failing(9) }, 'mirror-objects': { run: failing(9) } });

  it('goes on to its end where they are in no step’s way, and tells every failure', async () => {
    const { entries, end, folder } = await toyRun({ steps: drill, handlers: failingTwice });
    const walk = walkOf(entries);
    expect(walk).toContain('failed fetch');
    // It would unpack what was never fetched.
    expect(walk).not.toContain('started decrypt');
    expect(walk).toContain('failed mirror-objects');
    expect(walk).toContain('finished command');
    expect(walk.filter((word) => word === 'started fetch')).toHaveLength(1);
    expect(end).toEqual({ kind: 'finished', verdict: 'failed' });
    expect(folder.workCleared()).toBe(1);
  });

  it('takes a live run no further than its first failure', async () => {
    const { entries, end } = await toyRun({
      steps: drill,
      handlers: failingTwice,
      mode: 'live',
      answer: ({ id }) => (id === 'begin' ? 'yes' : undefined),
    });
    expect(walkOf(entries)).not.toContain('started mirror-objects');
    expect(end).toMatchObject({ kind: 'stopped', because: 'failure' });
  });
});

describe('an answer that nobody gives', () => {
  it('stops the run before it begins, and says which one', async () => {
    const { end } = await toyRun({ steps: threeSteps, handlers: toyHandlers(), mode: 'live' });
    expect(end).toMatchObject({
      kind: 'stopped',
      because: 'answer-missing',
      failure: { code: 'answer-missing' },
    });
  });
});

describe('stopping', () => {
  it('is heard by the step in hand, and leaves a run that can be resumed', async () => {
    let heard = false;
    const folder = createFakeRunFolder();
    const handlers = toyHandlers({
      fetch: {
        run: async (_step, { signal }) => {
          if (heard) return succeed({ kind: 'done' });
          queueMicrotask(() => session.stop());
          await new Promise((resolve) => signal.addEventListener('abort', resolve));
          heard = true;
          return fail({ ...stalled, code: 'cancelled' });
        },
      },
    });
    const session = await startToyRun({ steps: threeSteps, handlers, folder });
    expect(await session.ended).toMatchObject({ kind: 'stopped', because: 'operator' });
    expect(session.view().phase).toBe('stopped');
    const resumed = await toyRun({ steps: threeSteps, handlers, folder });
    expect(resumed.end.kind).toBe('finished');
  });

  it('answers the question that is open with the stop', async () => {
    const session = await startToyRun({
      steps: threeSteps,
      handlers: toyHandlers(),
      mode: 'live',
      answer: () => later,
    });
    session.stop();
    expect(await session.ended).toMatchObject({
      kind: 'stopped',
      because: 'operator',
      failure: { code: 'cancelled' },
    });
  });

  it('begins no step once it was asked for', async () => {
    const handlers = toyHandlers({
      fetch: {
        run: async () => {
          session.stop();
          return succeed({ kind: 'done' });
        },
      },
    });
    const folder = createFakeRunFolder();
    const session = await startToyRun({ steps: threeSteps, handlers, folder });
    await session.ended;
    expect(folder.lines().some((line) => line.includes('"stepId":"decrypt"'))).toBe(false);
  });
});

describe('what finished steps started', () => {
  const steps = [toyStep('start-services'), toyStep('smoke-checklist')];

  it('is looked at again before the end: a step whose look fails is done anew', async () => {
    const looks = [failed('web is down, and it had been up', 'Look at its log.'), passed('still up')];
    const lookAgain = async () => succeed(looks.splice(0, 1));
    const { entries, end, state } = await toyRun({
      steps,
      handlers: toyHandlers({ 'start-services': { lookAgain } }),
    });
    expect(walkOf(entries)).toEqual([
      ...['started start-services', 'finished start-services'],
      ...['started smoke-checklist', 'finished smoke-checklist'],
      ...['started start-services', 'finished start-services', 'finished passed'],
    ]);
    expect(end).toEqual({ kind: 'finished', verdict: 'passed' });
    expect(state.steps.get('start-services')).toMatchObject({
      kind: 'finished',
      attempt: 2,
      checks: [{ text: 'start-services looked at' }, { text: 'still up' }],
    });
  });

  it('that cannot be looked at again is no pass', async () => {
    const lookAgain = async () => fail(stalled);
    const { end, state } = await toyRun({
      steps,
      handlers: toyHandlers({ 'start-services': { lookAgain } }),
    });
    expect(end).toEqual({ kind: 'finished', verdict: 'could-not-verify' });
    expect(state.steps.get('start-services')).toMatchObject({
      checks: [{ verdict: 'passed' }, { verdict: 'could-not-verify', remedy: 'Retry.' }],
    });
  });

  it('is done anew when an interrupted run goes on and it fell meanwhile', async () => {
    const folder = createFakeRunFolder();
    let isUp = true;
    const lookAgain = async () =>
      succeed([isUp ? passed('still up') : failed('web is down', 'Look at its log.')]);
    const run = async () => {
      isUp = true;
      return succeed({ kind: 'done' as const });
    };
    const handlers = toyHandlers({
      'start-services': { run, lookAgain },
      'smoke-checklist': { run: failing(1) },
    });
    const first = await toyRun({
      steps,
      handlers,
      mode: 'live',
      folder,
      answer: ({ kind }) => (kind === 'confirm' ? 'yes' : 'stop'),
    });
    expect(first.end).toMatchObject({ kind: 'stopped' });
    isUp = false;
    const second = await toyRun({ steps, handlers, mode: 'live', folder });
    expect(walkOf(second.entries).slice(-5)).toEqual([
      ...['started start-services', 'finished start-services'],
      ...['started smoke-checklist', 'finished smoke-checklist', 'finished passed'],
    ]);
  });

  it('is left alone where a person went on without the step', async () => {
    let looks = 0;
    const lookAgain = async () => {
      looks += 1;
      return succeed([]);
    };
    const { end } = await toyRun({
      steps,
      handlers: toyHandlers({ 'start-services': { run: failing(9), lookAgain } }),
      mode: 'live',
      answer: ({ kind }) => (kind === 'confirm' ? 'yes' : 'skip|started by hand'),
    });
    expect(end).toMatchObject({ kind: 'finished' });
    expect(looks).toBe(0);
  });
});

describe('what an earlier step had left, and that is gone', () => {
  const dump = toyFact('dump-file');

  it('is brought again by that step, and then the step that lacks it is done', async () => {
    let isThere = false;
    const handlers = toyHandlers({
      fetch: {
        gives: [dump],
        run: async () => {
          isThere = true;
          return succeed({ kind: 'done' });
        },
      },
      decrypt: {
        run: async () => {
          if (isThere) return succeed({ kind: 'done' });
          return succeed({ kind: 'lacks', fact: dump, reason: 'the fetched dump is gone' });
        },
      },
    });
    const steps = [toyStep('fetch'), toyStep('confirm'), toyStep('decrypt')];
    const lose = toyHandlers({
      ...handlers,
      confirm: {
        run: async () => {
          isThere = false;
          return succeed({ kind: 'done' });
        },
      },
    });
    const { entries, end } = await toyRun({
      steps,
      handlers: { ...handlers, confirm: lose.confirm ?? handlers.confirm } as never,
    });
    expect(walkOf(entries)).toEqual([
      ...['started fetch', 'finished fetch', 'started confirm', 'finished confirm'],
      ...['started decrypt', 'failed decrypt', 'started fetch', 'finished fetch'],
      ...['started decrypt', 'finished decrypt', 'finished passed'],
    ]);
    expect(end).toEqual({ kind: 'finished', verdict: 'passed' });
  });

  it('is a failure that somebody is asked about where it is gone each time it was brought', async () => {
    const handlers = toyHandlers({
      fetch: { gives: [dump], run: async () => succeed({ kind: 'done' }) },
      decrypt: {
        run: async () => succeed({ kind: 'lacks', fact: dump, reason: 'the fetched dump is gone' }),
      },
    });
    const steps = [toyStep('fetch'), toyStep('decrypt')];
    const { entries, end } = await toyRun({ steps, handlers, answer: () => undefined });
    expect(walkOf(entries).filter((line) => line === 'started fetch')).toHaveLength(4);
    expect(end).toMatchObject({ kind: 'finished', verdict: 'failed' });
  });

  it('is a failure that somebody is asked about where no step of the walk brings it', async () => {
    const handlers = toyHandlers({
      decrypt: {
        run: async () => succeed({ kind: 'lacks', fact: dump, reason: 'the fetched dump is gone' }),
      },
    });
    const { end } = await toyRun({ steps: [toyStep('decrypt')], handlers, answer: () => undefined });
    expect(end).toMatchObject({ kind: 'finished', verdict: 'failed' });
  });
});
