import { describe, expect, it } from 'vitest';
import { stoppedServicesFact } from '../../../src/kinds/facts.ts';
import { stepId } from '../../../src/kinds/kind.ts';
import type { ServiceStatus } from '../../../src/ports/services.ts';
import { startServicesKind } from '../../../src/steps/start-services/kind.ts';
import { startServices } from '../../../src/steps/start-services/start-services.ts';
import { toyStep } from '../../engine/toy-handlers.ts';
import { createFakeContext, words } from '../../fakes/fake-context.ts';

const stepWith = (more: object = {}) =>
  startServicesKind.schema.parse({ kind: 'start-services', ...more }) as never;

describe('starting the services', () => {
  it('starts all and says that each is up', async () => {
    const context = createFakeContext({});
    expect((await startServices.run(stepWith(), context)).ok).toBe(true);
    expect(context.world.services.calls).toEqual(['start all']);
    expect(words(await startServices.verify(stepWith(), context))).toEqual([
      'passed: web is running',
      'passed: worker is running',
      'passed: scheduler is running',
    ]);
  });

  it('starts again what the walk had stopped and starting all does not reach, and no profile that was down', async () => {
    const stopping = toyStep('stop-writers');
    const context = createFakeContext({ steps: [stopping] });
    const { states, calls } = context.world.services;
    const orphan = {
      name: 'importer',
      state: 'stopped',
      outside: 'no file names it',
      leftAlone: true,
    } as const;
    states.set('importer', orphan);
    states.set('tools', { name: 'tools', state: 'absent', leftAlone: true });
    await context.record(stoppedServicesFact(stepId(stopping)), ['web', 'importer']);
    expect((await startServices.run(stepWith(), context)).ok).toBe(true);
    expect(calls).toEqual(['start all', 'start importer']);
    expect(words(await startServices.verify(stepWith(), context))).toContain('passed: importer is running');
  });

  it('says what runs as another configuration than its files say', async () => {
    const context = createFakeContext({});
    const { services } = context.world;
    services.states.set('db', { name: 'db', state: 'running', differs: true, incarnation: '1' });
    expect((await startServices.run(stepWith(), context)).ok).toBe(true);
    expect(words(await startServices.verify(stepWith(), context)).join()).toMatch(
      /passed: db ran already, with another configuration or image than its files say: left so/,
    );
  });

  it('gives up when one does not become healthy in time, and names it', async () => {
    const context = createFakeContext({});
    const { services } = context.world;
    const world = {
      ...context.world,
      openServices: () => ({
        ...services,
        status: async () => ({ ok: true, value: [{ name: 'web', state: 'running', health: 'starting' }] }),
      }),
    };
    expect(
      await startServices.run(stepWith({ healthy: '3m' }), { ...context, world } as never),
    ).toMatchObject({
      ok: false,
      failure: { code: 'stalled', message: 'After 3m these services are not up: web is running, starting.' },
    });
  });

  it('takes a one-shot service that ended well for up, and one that ended badly not', async () => {
    const context = createFakeContext({});
    context.world.services.states.set('worker', { name: 'worker', state: 'finished', exitCode: 0 });
    expect(words(await startServices.verify(stepWith(), context))).toContain(
      'passed: worker ended with status 0',
    );
    context.world.services.states.set('worker', { name: 'worker', state: 'finished', exitCode: 3 });
    expect(words(await startServices.verify(stepWith(), context))).toContain(
      'failed: worker ended with status 3',
    );
  });

  it('is not done while a service is started anew again and again, and names it', async () => {
    const context = createFakeContext({});
    let starts = 0;
    const world = fallingWorld(context, () => {
      starts += 1;
      return { name: 'worker', state: 'running', incarnation: `${starts}` };
    });
    expect(await startServices.run(stepWith(), { ...context, world } as never)).toMatchObject({
      ok: false,
      failure: { code: 'not-verified', message: expect.stringContaining('worker does not stay up') },
    });
  });

  it('is not done before the services were steady for as long as it says', async () => {
    const context = createFakeContext({});
    const { host } = context.world;
    const beganMs = host.now();
    // It falls once, three seconds in; the five seconds count from there.
    const world = fallingWorld(context, () => ({
      name: 'worker',
      state: 'running',
      incarnation: host.now() < beganMs + 3000 ? 'first' : 'second',
    }));
    expect((await startServices.run(stepWith(), { ...context, world } as never)).ok).toBe(true);
    expect(host.now() - beganMs).toBeGreaterThanOrEqual(8000);
    expect(host.now() - beganMs).toBeLessThan(10_000);
  });

  it('looked at again: passes what stayed up, and opens again for what fell or was started anew', async () => {
    const context = createFakeContext({});
    const look = async () => {
      const seen = await startServices.lookAgain?.(stepWith(), context);
      return words(seen as never);
    };
    expect((await startServices.run(stepWith(), context)).ok).toBe(true);
    expect(await look()).toEqual(['passed: looked at again: still up, and nothing was started anew']);
    const { states } = context.world.services;
    const worker = states.get('worker');
    states.set('worker', { name: 'worker', state: 'running', incarnation: 'another' });
    expect(await look()).toEqual(['failed: looked at again: worker was started anew after it had been up']);
    states.set('worker', { name: 'worker', state: 'restarting' });
    expect(await look()).toEqual(['failed: looked at again: worker is restarting, and it had been up']);
    states.set('worker', worker as never);
    expect((await look())[0]).toMatch(/^passed/);
  });

  it('follows a log until it falls quiet', async () => {
    const context = createFakeContext({});
    context.world.services.log.push('reconnected socket 1 of 12', 'reconnected socket 12 of 12');
    const step = stepWith({ followLog: 'worker' });
    expect((await startServices.run(step, context)).ok).toBe(true);
    expect(words(await startServices.verify(step, context)).at(-1)).toMatch(
      /^passed: log of worker: 2 lines.*then quiet for 5s/,
    );
  });

  it('is not done when the run is stopped before the log fell quiet', async () => {
    const context = createFakeContext({});
    const stop = new AbortController();
    const { services } = context.world;
    const world = {
      ...context.world,
      openServices: () => ({
        ...services,
        followLog: async () => {
          stop.abort();
          return { ok: true, value: undefined };
        },
      }),
    };
    const run = { ...context, world, signal: stop.signal } as never;
    expect(await startServices.run(stepWith({ followLog: 'worker' }), run)).toMatchObject({
      ok: false,
      failure: { code: 'cancelled', retry: 'safe' },
    });
  });

  it('starts nothing in a drill', async () => {
    const context = createFakeContext({ mode: 'drill' });
    expect(await startServices.run(stepWith(), context)).toMatchObject({
      ok: true,
      value: { kind: 'not-executed' },
    });
    expect(context.world.services.calls).toEqual([]);
  });
});

/** The services of a context, with what a test makes of the worker at each look. */
function fallingWorld(context: ReturnType<typeof createFakeContext>, worker: () => ServiceStatus) {
  const { services } = context.world;
  return {
    ...context.world,
    openServices: () => ({ ...services, status: async () => ({ ok: true, value: [worker()] }) }),
  };
}
