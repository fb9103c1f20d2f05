import { setTimeout as pause } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Outcome } from '../../src/base/failure.ts';
import type { ServiceStatus, Services } from '../../src/ports/services.ts';

/** An application of web, worker and scheduler, all the stand-in service, none of them ever started. */
export type ServicesUnderTest = {
  readonly services: Services;
  /** Where web answers. */
  readonly port: number;
  dispose(): Promise<void>;
};

const limitMs = 30_000;

export function servicesContract(given: {
  readonly name: string;
  readonly make: () => Promise<ServicesUnderTest>;
}): void {
  describe(`${given.name}, as services`, () => {
    let under: ServicesUnderTest;
    const lines: string[] = [];
    const onLine = (line: string) => void lines.push(line);

    beforeAll(async () => {
      under = await given.make();
    });
    afterAll(async () => {
      await under?.dispose();
    });

    const find = async (name: string): Promise<ServiceStatus> => {
      const found = expectValue(await under.services.status()).find((service) => service.name === name);
      if (found === undefined) throw new Error(`status() leaves out ${name}`);
      return found;
    };
    const become = async (name: string, isSo: (status: ServiceStatus) => boolean) => {
      const deadlineMs = performance.now() + limitMs;
      let status = await find(name);
      while (!isSo(status) && performance.now() < deadlineMs) {
        await pause(200);
        status = await find(name);
      }
      return status;
    };

    it('proves that it answers and names its services', async () => {
      const probe = expectValue(await under.services.probe());
      expect(probe.version).not.toBe('');
      expect([...probe.services].sort()).toEqual(['scheduler', 'web', 'worker']);
    });

    it('shows a service that was never started as absent', async () => {
      const status = expectValue(await under.services.status());
      expect(status.map(({ name, state }) => `${name} ${state}`).sort()).toEqual([
        'scheduler absent',
        'web absent',
        'worker absent',
      ]);
    });

    it('stops what was never started without complaint', async () => {
      expectValue(await under.services.stop({ names: ['worker'], onLine }));
      expect((await find('worker')).state).toBe('absent');
    });

    it('says in words what it is about to do', () => {
      const text = under.services.describe('stop', ['web', 'worker']);
      expect(text).toContain('stop');
      expect(text).toMatch(/web.*worker/);
    });

    it('starts only the named service, and it becomes healthy', async () => {
      lines.length = 0;
      expectValue(await under.services.start({ names: ['web'], onLine }));
      expect((await become('web', ({ health }) => health === 'healthy')).health).toBe('healthy');
      expect((await find('web')).state).toBe('running');
      expect((await find('worker')).state).toBe('absent');
      expect(lines.join('\n')).toMatch(/web/);
    });

    it('starts what runs already without complaint and without a second copy', async () => {
      expectValue(await under.services.start({ names: ['web'], onLine }));
      expect((await find('web')).state).toBe('running');
    });

    it('shows health only where the service declares a check', async () => {
      expectValue(await under.services.start({ names: ['worker'], onLine }));
      const worker = await become('worker', ({ state }) => state === 'running');
      expect(worker.state).toBe('running');
      expect(worker).not.toHaveProperty('health');
    });

    it('sees a running service that is not well', async () => {
      await fetch(`http://127.0.0.1:${under.port}/fall-ill`);
      const web = await become('web', ({ health }) => health !== 'healthy');
      expect(web.state).toBe('running');
      expect(web.health).not.toBe('healthy');
    });

    it('follows a log from now on, through a restart, until it is told to end', async () => {
      const heard: string[] = [];
      const abort = new AbortController();
      await pause(500);
      const followed = under.services.followLog({
        service: 'worker',
        onLine: (line) => void heard.push(line),
        signal: abort.signal,
      });
      await until(() => heard.length >= 3);
      expect(heard).not.toContain('worker: beat 0');
      expect(heard[0]).toMatch(/^worker: beat \d+$/);
      expectValue(await under.services.stop({ names: ['worker'], onLine }));
      // The beats count from 0 again; on a busy host it was followed from beat 2 or 3 on.
      heard.length = 0;
      expectValue(await under.services.start({ names: ['worker'], onLine }));
      await until(() => heard.includes('worker: beat 3'));
      expect(heard).toContain('worker: beat 1');
      abort.abort();
      expect(await followed).toEqual({ ok: true, value: undefined });
    });

    it('tells one start of a service from another, and nothing of one that is down', async () => {
      const first = (await find('worker')).incarnation;
      expect(first).toBeTruthy();
      expect((await find('worker')).incarnation).toBe(first);
      expectValue(await under.services.stop({ names: ['worker'], onLine }));
      expect(await find('worker')).not.toHaveProperty('incarnation');
      expectValue(await under.services.start({ names: ['worker'], onLine }));
      const second = (await become('worker', ({ state }) => state === 'running')).incarnation;
      expect(second).toBeTruthy();
      expect(second).not.toBe(first);
    });

    it('stops only the named service, and it stays stopped', async () => {
      lines.length = 0;
      expectValue(await under.services.stop({ names: ['web'], onLine }));
      expect((await find('web')).state).toBe('stopped');
      expect((await find('worker')).state).toBe('running');
      await expect(fetch(`http://127.0.0.1:${under.port}/health`)).rejects.toThrow();
      expect(lines.join('\n')).toMatch(/web/);
    });

    it('stops a stopped service without complaint', async () => {
      expectValue(await under.services.stop({ names: ['web'], onLine }));
      expect((await find('web')).state).toBe('stopped');
    });

    it('refuses an unknown service by name and touches nothing', async () => {
      const signal = AbortSignal.timeout(limitMs);
      const refusals = [
        await under.services.stop({ names: ['worker', 'wroker'], onLine }),
        await under.services.start({ names: ['web', 'wroker'], onLine }),
        await under.services.followLog({ service: 'wroker', onLine, signal }),
      ];
      for (const refusal of refusals) {
        expect(refusal).toMatchObject({ ok: false, failure: { code: 'not-found' } });
        expect(refusal.ok ? '' : refusal.failure.message).toContain('wroker');
      }
      expect((await find('worker')).state).toBe('running');
      expect((await find('web')).state).toBe('stopped');
    });

    it('starts and stops every service when none is named', async () => {
      expectValue(await under.services.start({ names: [], onLine }));
      for (const name of ['web', 'worker', 'scheduler']) {
        expect((await become(name, ({ state }) => state === 'running')).state).toBe('running');
      }
      expectValue(await under.services.stop({ names: [], onLine }));
      for (const name of ['web', 'worker', 'scheduler']) expect((await find(name)).state).toBe('stopped');
    });
  });
}

function expectValue<T>(outcome: Outcome<T>): T {
  if (!outcome.ok) throw new Error(`${outcome.failure.message}\n${outcome.failure.detail ?? ''}`);
  return outcome.value;
}

async function until(isSo: () => boolean): Promise<void> {
  const deadlineMs = performance.now() + limitMs;
  while (!isSo() && performance.now() < deadlineMs) await pause(50);
}
