import { describe, expect, it } from 'vitest';
import { fail } from '../../src/base/failure.ts';
import {
  letWritersUp,
  writersBackChecks,
  writersStillDown,
} from '../../src/operations/writers-still-down.ts';
import type { ForeignSession } from '../../src/ports/database-server.ts';
import { startServices } from '../../src/steps/start-services/start-services.ts';
import { stopWriters } from '../../src/steps/stop-writers/stop-writers.ts';
import { toyStep } from '../engine/toy-handlers.ts';
import { createFakeContext, type FakeContext, words } from '../fakes/fake-context.ts';
import { createFakeWorld } from '../fakes/fake-world.ts';

const step = toyStep('stop-writers') as never;
const clerk: ForeignSession = { pid: 9, user: 'crm', application: 'crm-web', address: '', state: 'idle' };

/** Writers that stop-writers has stopped, and a server that counts changed rows. */
async function stopped(answer?: Parameters<typeof createFakeContext>[0]['answer']): Promise<FakeContext> {
  const world = createFakeWorld();
  world.production.answers.set('pg_stat_user_tables', [{ changes: '100', oid: '16385' }]);
  const given = answer === undefined ? {} : { answer };
  const context = createFakeContext({ world, steps: [step], ...given });
  expect((await stopWriters.run(step, context)).ok).toBe(true);
  expect((await stopWriters.verify(step, context)).ok).toBe(true);
  return context;
}

function comeBack({ world }: FakeContext, changes: string): void {
  world.services.states.set('web', { name: 'web', state: 'running' });
  world.production.databases.set('crm', { content: 'ruined', sessions: [clerk] });
  world.production.answers.set('pg_stat_user_tables', [{ changes, oid: '16385' }]);
}

const nobodyThere = () =>
  fail({
    code: 'answer-missing',
    message: 'Nobody is there.',
    remedy: 'Answer.',
    retry: 'after-fix',
  } as const);

describe('writers that were stopped', () => {
  it('are asked about no further while they stay down', async () => {
    const context = await stopped();
    expect(await writersStillDown(context)).toMatchObject({ ok: true });
    expect(context.asked).toEqual([]);
    expect(writersBackChecks(context, 'crm__before')).toEqual([]);
  });

  it('are shown with service and client when they are back, and nothing goes on where nobody decides', async () => {
    const context = await stopped(nobodyThere);
    comeBack(context, '113');
    expect(await writersStillDown(context)).toMatchObject({
      ok: false,
      failure: {
        code: 'conflict',
        message: expect.stringMatching(
          /web is running again; connected to crm: crm-web as crm from local socket/,
        ),
        remedy: expect.stringContaining('--answer stop-writers.back=stop-again'),
      },
    });
  });

  it('are stopped again by an answer, and the rows they changed meanwhile are told', async () => {
    let times = 0;
    const context = await stopped(({ id }) => {
      times += 1;
      context.world.production.databases.set('crm', { content: 'ruined', sessions: [] });
      return id === 'stop-writers.back' ? 'stop-again' : 'look-again';
    });
    comeBack(context, '113');
    expect(await writersStillDown(context)).toMatchObject({ ok: true });
    expect(times).toBe(1);
    expect(context.world.services.calls).toEqual(['stop web', 'stop web']);
    expect(words(writersBackChecks(context, 'crm__before'))).toEqual([
      'could-not-verify: web came back after the writers were stopped; 13 rows of crm changed: what was written then is only in crm__before',
    ]);
  });

  it('are told of although they had gone again before anybody looked', async () => {
    const context = await stopped();
    context.world.production.answers.set('pg_stat_user_tables', [{ changes: '101', oid: '16385' }]);
    expect(await writersStillDown(context)).toMatchObject({ ok: true });
    expect(words(writersBackChecks(context, 'crm__before'))[0]).toMatch(
      /^could-not-verify: somebody wrote after the writers were stopped; 1 rows of crm changed/,
    );
  });

  it('cannot be told to have changed nothing where the server counts anew', async () => {
    const context = await stopped(() => 'stop-again');
    comeBack(context, '3');
    context.world.production.databases.set('crm', { content: 'ruined', sessions: [] });
    expect(await writersStillDown(context)).toMatchObject({ ok: true });
    expect(words(writersBackChecks(context, 'crm__before'))[0]).toMatch(
      /^could-not-verify: web came back .*whether rows of crm changed cannot be told/,
    );
  });

  it('are not looked for in the changes of the database that took the place', async () => {
    const context = await stopped();
    context.world.production.answers.set('pg_stat_user_tables', [{ changes: '900', oid: '16999' }]);
    expect(await writersStillDown(context)).toMatchObject({ ok: true });
    expect(writersBackChecks(context, 'crm__before')).toEqual([]);
  });

  it('may be up once the walk has started them itself, and others may not', async () => {
    const context = await stopped(nobodyThere);
    await letWritersUp(['redis'], context);
    comeBack(context, '113');
    expect((await writersStillDown(context)).ok).toBe(false);
    await startServices.run({ ...toyStep('start-services'), quiet: '0s' } as never, context);
    expect(await writersStillDown(context)).toMatchObject({ ok: true });
  });
});
