import { describe, expect, it } from 'vitest';
import { fail, succeed } from '../../src/base/failure.ts';
import { couldNotVerify, passed } from '../../src/base/verdict.ts';
import { snapshotFact } from '../../src/kinds/facts.ts';
import { toyHandlers, toyStep } from '../engine/toy-handlers.ts';
import { later, startToyRun, toyRun } from '../engine/toy-run.ts';
import { startMs } from '../fakes/fake-host.ts';
import { createFakeRunFolder } from '../fakes/fake-run-folder.ts';
import { createFakeWorld } from '../fakes/fake-world.ts';

const steps = [toyStep('choose-snapshot'), toyStep('fetch')];

const settled = () => new Promise((resolve) => setTimeout(resolve, 20));

describe('a session seen from outside', () => {
  it('gives the same view until something changes, and tells of each change', async () => {
    const session = await startToyRun({ steps, handlers: toyHandlers(), mode: 'live', answer: () => later });
    await settled();
    const view = session.view();
    expect(session.view()).toBe(view);
    let told = 0;
    const leave = session.subscribe(() => (told += 1));
    session.note('the pager is silent');
    await settled();
    expect(told).toBeGreaterThan(0);
    expect(session.view()).not.toBe(view);
    expect(session.view().notes).toEqual(['the pager is silent']);
    leave();
    session.stop();
    await session.ended;
  });

  it('has the words of every step: what is to do, in hand, done, interrupted or left out', async () => {
    const world = createFakeWorld();
    let release = () => {};
    const handlers = toyHandlers({
      fetch: {
        run: async (_step, context) => {
          context.output('12 parts');
          context.progress({ label: 'fetched', done: 5, total: 10, unit: 'count' });
          await context.recordCommand('GET s3://b/k');
          await new Promise<void>((resolve) => {
            release = resolve;
          });
          return succeed({ kind: 'done' });
        },
        verify: async () => succeed([couldNotVerify('no digest', 'Nothing to do.')]),
      },
    });
    const session = await startToyRun({ steps: [...steps, toyStep('decrypt')], handlers, world });
    await settled();
    expect(session.view()).toMatchObject({
      phase: 'walking',
      inHand: ['fetch'],
      steps: [
        { id: 'choose-snapshot', number: 1, status: 'passed' },
        { id: 'fetch', number: 2, status: 'running', attempt: 1 },
        { id: 'decrypt', number: 3, status: 'pending', attempt: 0 },
      ],
      details: {
        fetch: {
          sentences: ['Plays fetch.'],
          commands: ['GET s3://b/k'],
          output: [{ atMs: startMs, text: '12 parts' }],
          progress: [{ label: 'fetched', text: '5 of 10', fraction: 0.5 }],
        },
      },
    });
    release();
    await session.ended;
    expect(session.view()).toMatchObject({
      phase: 'finished',
      steps: [{ status: 'passed' }, { status: 'could-not-verify' }, { status: 'passed' }],
      details: { fetch: { progress: [], checks: [{ text: 'no digest' }] } },
    });
  });

  it('says the loss once a snapshot is chosen', async () => {
    const handlers = toyHandlers({
      'choose-snapshot': {
        run: async (_step, context) => {
          await context.record(snapshotFact, {
            ...{ id: '2026-04-28/14', key: 'pg/14.dump', sizeBytes: 1, layers: [], loss: '' },
            takenAtMs: Date.UTC(2026, 3, 28, 14, 0),
          });
          return succeed({ kind: 'done' });
        },
      },
    });
    const { session } = await toyRun({ steps, handlers });
    expect(session.view().lossMs).toBe(40 * 60_000);
  });

  it('masks what a program says before it reaches the screen, the file or the journal', async () => {
    const handlers = toyHandlers({
      fetch: {
        run: async (_step, context) => {
          context.output('password sesame-open refused');
          await context.recordCommand('login sesame-open');
          return fail({
            code: 'denied',
            message: 'sesame-open is wrong.',
            remedy: 'Use another.',
            retry: 'never',
          });
        },
      },
    });
    const { session, folder } = await toyRun({
      steps,
      handlers,
      mode: 'live',
      secrets: ['sesame-open'],
      answer: ({ id }) => (id === 'begin' ? 'yes' : 'stop'),
    });
    const everything = JSON.stringify([session.view(), folder.lines(), folder.output('fetch')]);
    expect(everything).not.toContain('sesame');
    expect(session.view().details.fetch?.failure?.message).toBe('‹secret› is wrong.');
  });

  it('lets no secret out that a step has opened on the way', async () => {
    const handlers = toyHandlers({
      fetch: {
        run: async (_step, context) => {
          context.mask(['pepper-of-the-data']);
          context.output('the pepper is pepper-of-the-data');
          await context.recordCommand('season --with pepper-of-the-data');
          return succeed({ kind: 'done' });
        },
        verify: async () => succeed([passed('seasoned with pepper-of-the-data')]),
      },
    });
    const { session, folder } = await toyRun({ steps, handlers });
    const everything = JSON.stringify([session.view(), folder.lines(), folder.output('fetch')]);
    expect(everything).not.toContain('pepper-of-the-data');
    expect(everything).toContain('seasoned with ‹secret›');
  });

  it('keeps what it has shown of an earlier process when it is resumed', async () => {
    const handlers = toyHandlers({
      'choose-snapshot': {
        run: async (_step, context) => {
          await context.recordCommand('list');
          return succeed({ kind: 'done' });
        },
      },
      fetch: {
        run: async () => fail({ code: 'stalled', message: 'No byte.', remedy: 'Retry.', retry: 'safe' }),
      },
    });
    const first = await toyRun({
      steps,
      handlers,
      mode: 'live',
      answer: ({ id }) => (id === 'begin' ? 'yes' : 'stop'),
    });
    const session = await startToyRun({ steps, handlers: toyHandlers(), mode: 'live', folder: first.folder });
    expect(session.view().details['choose-snapshot']?.commands).toEqual(['list']);
    await session.ended;
    expect(session.view().phase).toBe('finished');
  });

  it('ends with the failure of the disk when the journal is lost, and a note does not bring the program down', async () => {
    const full = {
      code: 'out-of-space',
      message: 'The disk is full.',
      remedy: 'Free some.',
      retry: 'after-fix',
    } as const;
    let broken = false;
    const folder = createFakeRunFolder({ beforeAppend: () => (broken ? full : undefined) });
    const session = await startToyRun({
      steps,
      handlers: toyHandlers(),
      mode: 'live',
      folder,
      answer: () => later,
    });
    await settled();
    broken = true;
    session.note('lost');
    await settled();
    session.answer('begin', { value: 'yes', by: 'operator' });
    expect(await session.ended).toEqual({ kind: 'stopped', because: 'failure', failure: full });
    expect(session.view().summary.join('\n')).toContain('The disk is full.');
  });

  it('does not begin when not even the start can be written', async () => {
    const denied = {
      code: 'denied',
      message: 'May not.',
      remedy: 'Give access.',
      retry: 'after-fix',
    } as const;
    const folder = createFakeRunFolder({ beforeAppend: () => denied });
    await expect(startToyRun({ steps, handlers: toyHandlers(), folder })).rejects.toThrow('May not.');
  });
});

describe('what stays in the scrollback', () => {
  it('tells how a run ended, in lines that are true on their own', async () => {
    const good = await toyRun({ steps, handlers: toyHandlers(), mode: 'live', answer: () => 'yes' });
    expect(good.session.view().summary.slice(0, 2)).toEqual([
      'thaw  LIVE  CRM   VERIFIED   0:00 of 30:00 RTO',
      '2 of 2 steps passed',
    ]);
    const failing = toyHandlers({
      fetch: {
        run: async () =>
          fail({ code: 'stalled', message: 'No byte comes.', remedy: 'Retry.', retry: 'safe' }),
      },
    });
    const bad = await toyRun({
      steps,
      handlers: failing,
      mode: 'live',
      answer: ({ id }) => (id === 'begin' ? 'yes' : 'stop'),
    });
    expect(bad.session.view().summary).toEqual([
      'thaw  LIVE  CRM   STOPPED   0:00 of 30:00 RTO',
      expect.stringMatching(/^1 of 2 steps passed/),
      'No byte comes.',
      '→ Retry.',
      'Go on with: thaw resume 2026-04-28T1448Z-crm-live',
    ]);
  });
});
