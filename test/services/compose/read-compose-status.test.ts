import { describe, expect, it } from 'vitest';
import {
  type ComposeContainer,
  combineStatus,
  readComposeContainers,
  readDeclaredServices,
} from '../../../src/services/compose/read-compose-status.ts';

const raw = { Name: 'crm-web-1', Service: 'web', State: 'running', Health: 'healthy', ExitCode: 0 };

function containersOf(text: string): readonly ComposeContainer[] {
  const read = readComposeContainers(text);
  if (!read.ok) throw new Error(read.failure.message);
  return read.value;
}

function container(change: Partial<ComposeContainer>): ComposeContainer {
  return {
    id: '0123456789abcdef',
    name: 'crm-web-1',
    service: 'web',
    state: 'running',
    health: '',
    exitCode: 0,
    isOneOff: false,
    ...change,
  };
}

function statusOf(restartPolicy: string, ...containers: readonly Partial<ComposeContainer>[]) {
  return combineStatus([{ name: 'web', restartPolicy }], containers.map(container), new Map())[0];
}

describe('What Compose prints of its containers', () => {
  it('reads JSON lines and one array to the same containers', () => {
    const other = { ...raw, Name: 'crm-worker-1', Service: 'worker' };
    const lines = `${JSON.stringify(raw)}\n${JSON.stringify(other)}\n`;
    expect(containersOf(lines)).toEqual(containersOf(JSON.stringify([raw, other])));
    expect(containersOf(lines)).toHaveLength(2);
  });

  it('reads nothing and an empty array as no containers', () => {
    expect(containersOf('\n')).toEqual([]);
    expect(containersOf('[]')).toEqual([]);
  });

  it('knows a container of `compose run` by its label', () => {
    const labels = 'com.docker.compose.service=web,com.docker.compose.oneoff=True,x=y';
    expect(containersOf(JSON.stringify({ ...raw, Labels: labels }))[0]?.isOneOff).toBe(true);
    const ordinary = labels.replace('True', 'False');
    expect(containersOf(JSON.stringify({ ...raw, Labels: ordinary }))[0]?.isOneOff).toBe(false);
  });

  it('refuses what is not JSON without repeating it', () => {
    const read = readComposeContainers('DATABASE_URL=canary');
    expect(read).toMatchObject({ ok: false, failure: { code: 'command-failed' } });
    expect(JSON.stringify(read)).not.toContain('canary');
  });
});

describe('The restart policy of a declared service', () => {
  const policyOf = (service: object) => {
    const read = readDeclaredServices(JSON.stringify({ services: { web: service } }));
    return read.ok ? read.value[0]?.restartPolicy : undefined;
  };

  it.each([
    [{}, 'no'],
    [{ restart: 'unless-stopped' }, 'unless-stopped'],
    [{ restart: 'on-failure:3' }, 'on-failure'],
    [{ deploy: { restart_policy: {} } }, 'always'],
    [{ deploy: { restart_policy: { condition: 'on-failure' } } }, 'on-failure'],
    [{ deploy: { restart_policy: { condition: 'none' } } }, 'no'],
    [{ restart: 'always', deploy: { restart_policy: { condition: 'none' } } }, 'always'],
  ])('of %j is %s', (service, policy) => {
    expect(policyOf(service)).toBe(policy);
  });
});

describe('The status of a service', () => {
  it('is absent without a container', () => {
    expect(statusOf('always')).toEqual({ name: 'web', state: 'absent', restartPolicy: 'always' });
  });

  it('is finished only for a one-shot service that ended well', () => {
    expect(statusOf('no', { state: 'exited' })).toMatchObject({ state: 'finished', exitCode: 0 });
    expect(statusOf('no', { state: 'exited', exitCode: 3 })).toMatchObject({ state: 'stopped', exitCode: 3 });
    expect(statusOf('always', { state: 'exited' })).toMatchObject({ state: 'stopped', exitCode: 0 });
  });

  it('is running while one replica runs, and as unhealthy as the sickest', () => {
    const replicas = [{ state: 'exited' }, { health: 'healthy' }, { health: 'unhealthy' }];
    expect(statusOf('always', ...replicas)).toMatchObject({ state: 'running', health: 'unhealthy' });
  });

  it('is running while paused, since a paused container keeps its connections', () => {
    expect(statusOf('always', { state: 'paused' })).toMatchObject({ state: 'running' });
  });

  it('is restarting while Docker tries again and again', () => {
    expect(statusOf('always', { state: 'restarting', exitCode: 1 })).toMatchObject({ state: 'restarting' });
  });

  it('is stopped for a container that was made and never started', () => {
    expect(statusOf('no', { state: 'created' })).toEqual({
      name: 'web',
      state: 'stopped',
      restartPolicy: 'no',
    });
  });

  it('names strays that live, and not those that ended', () => {
    const strays = [
      { name: 'console', isOneOff: true },
      { name: 'old-console', isOneOff: true, state: 'exited' },
    ];
    expect(statusOf('always', ...strays)).toMatchObject({ state: 'absent', strays: ['console'] });
  });
});
