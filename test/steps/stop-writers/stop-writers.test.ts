import { describe, expect, it } from 'vitest';
import { fail, succeed } from '../../../src/base/failure.ts';
import { writersStillDown } from '../../../src/operations/writers-still-down.ts';
import type { ForeignSession } from '../../../src/ports/database-server.ts';
import { stopWriters } from '../../../src/steps/stop-writers/stop-writers.ts';
import { toyStep } from '../../engine/toy-handlers.ts';
import { createFakeContext, type FakeContext, words } from '../../fakes/fake-context.ts';

const step = toyStep('stop-writers') as never;
const stranger: ForeignSession = {
  pid: 9,
  user: 'report',
  application: 'metabase',
  address: '10.0.0.9',
  state: 'idle',
};

function connect(context: FakeContext, sessions: readonly ForeignSession[]): void {
  context.world.production.databases.set('crm', { content: 'ruined', sessions });
}

describe('stopping the writers', () => {
  it('stops the named services and proves that nobody is connected', async () => {
    const context = createFakeContext({});
    expect((await stopWriters.run(step, context)).ok).toBe(true);
    expect(context.world.services.calls).toEqual(['stop web']);
    expect(words(await stopWriters.verify(step, context))).toEqual([
      'passed: web is down',
      'passed: nobody else is connected to crm',
    ]);
  });

  it('waits for clients to hang up before it asks anybody', async () => {
    const context = createFakeContext({});
    connect(context, [stranger]);
    const { host } = context.world;
    const sleep = host.sleep;
    let waited = 0;
    const world = {
      ...context.world,
      host: {
        ...host,
        sleep: async (durationMs: number) => {
          waited += 1;
          if (waited === 3) connect(context, []);
          await sleep(durationMs);
        },
      },
    };
    expect((await stopWriters.run(step, { ...context, world } as never)).ok).toBe(true);
    expect(context.asked).toEqual([]);
  });

  it('takes no health check, which asks nothing and is gone in a moment, for a client', async () => {
    const context = createFakeContext({});
    expect((await stopWriters.run(step, context)).ok).toBe(true);
    const looks: number[] = [];
    const world = {
      ...context.world,
      openDatabaseServer: () => ({
        ...context.world.production,
        foreignSessions: async () => {
          looks.push(looks.length);
          // Each look meets another one that has just knocked.
          return succeed([{ ...stranger, pid: 100 + looks.length, application: 'pg_isready' }]);
        },
      }),
    };
    expect(words(await stopWriters.verify(step, { ...context, world } as never))).toContain(
      'passed: nobody else is connected to crm',
    );
    expect(looks).toHaveLength(2);
    const stays = { ...stranger, application: 'pg_isready' };
    connect(context, [stays]);
    expect(words(await stopWriters.verify(step, context)).join()).toMatch(/failed: .*pg_isready/);
  });

  it('shows who is still there, and disconnects them only when told to', async () => {
    const context = createFakeContext({ answer: () => 'disconnect' });
    connect(context, [stranger]);
    expect((await stopWriters.run(step, context)).ok).toBe(true);
    expect(context.asked[0]).toMatchObject({
      id: 'stop-writers.sessions',
      title: '1 clients are still connected to crm. What now?',
      body: ['metabase as report from 10.0.0.9, no query yet'],
    });
  });

  it('looks again as often as it is told to, and never without a pause', async () => {
    let times = 0;
    const context = createFakeContext({
      answer: () => {
        times += 1;
        if (times === 3) connect(context, []);
        return 'look-again';
      },
    });
    connect(context, [stranger]);
    const beforeMs = context.world.host.now();
    expect((await stopWriters.run(step, context)).ok).toBe(true);
    expect(times).toBe(3);
    expect(context.world.host.now() - beforeMs).toBeGreaterThanOrEqual(15_000 + 3 * 500);
  });

  it('fails with the names of the clients where nobody decides', async () => {
    const context = createFakeContext({ answer: () => 'give-up' });
    connect(context, [stranger]);
    expect(await stopWriters.run(step, context)).toMatchObject({
      ok: false,
      failure: { code: 'conflict', message: expect.stringContaining('metabase as report') },
    });
  });

  it('finds a service that came back, and one beside it that `run` had started', async () => {
    const context = createFakeContext({});
    await stopWriters.run(step, context);
    context.world.services.states.set('web', { name: 'web', state: 'restarting' });
    expect(words(await stopWriters.verify(step, context))[0]).toBe('failed: web is still restarting');
    context.world.services.states.set('web', {
      name: 'web',
      state: 'stopped',
      strays: ['crm-web-run-1'],
      restartPolicy: 'always',
    });
    expect(words(await stopWriters.verify(step, context))[0]).toMatch(
      /^failed: web is down, but 1 containers/,
    );
  });

  it('does not take what is absent for stopped', async () => {
    const context = createFakeContext({});
    const absent = { name: 'web', state: 'absent' } as const;
    const judged = async () => words(await stopWriters.verify(step, context))[0];
    context.world.services.states.set('web', absent);
    expect(await judged()).toMatch(/^could-not-verify: web is not there although its database is/);
    const other = { container: 'crm-web-1', project: 'crm', sameFile: false };
    context.world.services.states.set('web', { ...absent, elsewhere: [other] });
    expect(await judged()).toMatch(
      /^could-not-verify: web is not there, .* runs as crm-web-1 of project crm/,
    );
    context.world.services.states.set('web', { ...absent, elsewhere: [{ ...other, sameFile: true }] });
    expect(await judged()).toMatch(
      /^failed: web is not there under this project name, but the same file runs as/,
    );
    context.world.production.databases.clear();
    context.world.services.states.set('web', absent);
    expect(await judged()).toBe('passed: web is not there, and no database that it could write into');
  });

  it('asks about what runs of the application and the runbook does not name, and nothing of it is left unsaid', async () => {
    const outside = 'compose.override.yml names it, and compose.yml does not';
    const running = { name: 'importer', state: 'running', outside } as const;
    const noAnswer = fail({
      code: 'answer-missing' as const,
      message: 'Nobody answers.',
      remedy: 'Answer.',
      retry: 'after-fix' as const,
    });
    const start = (answer?: string) => {
      const context = createFakeContext({
        steps: [step],
        answer: ({ id }) => (id === 'stop-writers.outside' && answer) || noAnswer,
      });
      context.world.services.states.set('importer', running);
      return context;
    };
    const unanswered = start();
    expect(words(await stopWriters.check(step, unanswered)).join()).toMatch(
      /could-not-verify: importer runs on, and the runbook does not name it: compose.override.yml/,
    );
    expect(await stopWriters.run(step, unanswered)).toMatchObject({
      ok: false,
      failure: { code: 'conflict', remedy: expect.stringContaining('--answer stop-writers.outside=stop') },
    });
    expect(unanswered.world.services.calls).toEqual([]);

    const stopped = start('stop');
    expect((await stopWriters.run(step, stopped)).ok).toBe(true);
    expect(stopped.world.services.calls).toEqual(['stop importer', 'stop web']);
    expect(words(await stopWriters.verify(step, stopped))).toContain('passed: importer is down');
    stopped.world.services.states.set('importer', running);
    const back = await writersStillDown(stopped);
    expect(back).toMatchObject({ ok: false });
    expect(stopped.asked.at(-1)?.body.join()).toMatch(/importer is running again/);

    const left = start('leave');
    expect((await stopWriters.run(step, left)).ok).toBe(true);
    expect(left.world.services.calls).toEqual(['stop web']);
    expect(words(await stopWriters.verify(step, left)).join()).toMatch(/could-not-verify: importer runs on/);
  });

  it('stops nothing in a drill', async () => {
    const context = createFakeContext({ mode: 'drill' });
    expect(await stopWriters.run(step, context)).toMatchObject({ ok: true, value: { kind: 'not-executed' } });
    expect(context.world.services.calls).toEqual([]);
  });

  it('is blocked beforehand where it would stop what leads to the database', async () => {
    const { production } = createFakeContext({}).targets;
    const services = { kind: 'kubernetes', namespace: 'erp', context: 'lab' } as const;
    const targets = {
      production: { ...production, services, databaseRoute: { ...services, pod: 'web-0' } },
    } as const;
    const said = words(await stopWriters.check(step, createFakeContext({ targets })));
    expect(said.join('\n')).toMatch(/^failed: web is to be stopped, and the database is reached through/);
  });

  it('is blocked beforehand by a service nobody knows', async () => {
    const unknown = { ...(step as object), services: ['web', 'wroker'] } as never;
    expect(words(await stopWriters.check(unknown, createFakeContext({})))[0]).toMatch(
      /^failed: .*has no service wroker/,
    );
  });
});
