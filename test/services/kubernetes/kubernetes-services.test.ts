import { setTimeout as pause } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { createProcessRunner } from '../../../src/adapters/process/execa-process-runner.ts';
import type { Outcome } from '../../../src/base/failure.ts';
import type { Services } from '../../../src/ports/services.ts';
import { openKubernetesServices } from '../../../src/services/kubernetes/kubernetes-services.ts';
import { findKubernetes, type Kubernetes, startKubernetes } from '../../parts/kubernetes.ts';

const found = await findKubernetes();
if ('folder' in found) describe('Workloads of a real Kubernetes API server', () => workloads(found.folder));
else
  it('a real API server is NOT tried', () => {
    process.stderr.write(`\nKubernetes is NOT tried against a real API server: ${found.absentBecause}.\n`);
  });

const namespace = 'erp-sandbox';

/** For controllers and kubectl on a busy host. */
const patience = { timeout: 60_000, interval: 200 };

function workloads(folder: string) {
  let kubernetes: Kubernetes;
  let services: Services;
  const lines: string[] = [];
  const onLine = (line: string) => void lines.push(line);

  beforeAll(async () => {
    kubernetes = await startKubernetes(folder);
    await kubernetes.kubectl('create', 'namespace', namespace);
    await kubernetes.kubectl('create', 'namespace', 'erp');
    for (const place of [namespace, 'erp']) {
      await kubernetes.apply(deployment({ name: 'erp', namespace: place, replicas: 2 }));
      await kubernetes.apply(deployment({ name: 'mailer', namespace: place, replicas: 1 }));
    }
    await kubernetes.apply(cronJob('nightly'));
    services = open(namespace);
  });
  afterAll(() => kubernetes?.stop());

  const open = (place: string) =>
    openKubernetesServices({
      config: { kind: 'kubernetes', namespace: place, kubeconfig: kubernetes.kubeconfig, context: 'test' },
      processes: createProcessRunner(),
      environment: {},
    });
  const statusOf = async (name: string) =>
    expectValue(await services.status()).find((service) => service.name === name);
  const become = async (name: string, wanted: object) => {
    const deadlineMs = performance.now() + patience.timeout;
    for (;;) {
      const status = await statusOf(name);
      const isSo = Object.entries(wanted).every(([key, value]) => status?.[key as 'state'] === value);
      if (isSo || performance.now() > deadlineMs) return status;
      await pause(patience.interval);
    }
  };

  it('are found and named, with the version of the server', async () => {
    expect(expectValue(await services.probe())).toEqual({
      version: expect.stringMatching(/^Kubernetes v\d/),
      services: expect.arrayContaining(['erp', 'mailer', 'nightly']),
    });
    expect(await become('erp', { health: 'healthy' })).toMatchObject({ state: 'running', health: 'healthy' });
  });

  it('are scaled to zero, and stopping ends only when the last pod is gone; the namespace beside it is left alone', async () => {
    kubernetes.keepsPods = true;
    let isOver = false;
    const stopping = services.stop({ names: ['erp'], onLine }).finally(() => {
      isOver = true;
    });
    await vi.waitFor(() => expect(lines.join('\n')).toMatch(/waiting for erp-\S+, erp-\S+ to end/), patience);
    // It looks twice a second.
    await pause(1500);
    expect(isOver).toBe(false);
    kubernetes.keepsPods = false;
    expectValue(await stopping);
    expect(await statusOf('erp')).toMatchObject({ state: 'stopped' });
    expect(await statusOf('mailer')).toMatchObject({ state: 'running' });
    expect(await kubernetes.kubectl('get', 'pods', '-n', namespace, '-l', 'app=erp', '-o', 'name')).toBe('');
    expect(
      await kubernetes.kubectl('get', 'deployment', 'erp', '-n', 'erp', '-o', 'jsonpath={.spec.replicas}'),
    ).toBe('2');
  });

  it('come back with as many replicas as they had, also when stopped twice', async () => {
    expectValue(await services.stop({ names: ['erp'], onLine }));
    expectValue(await open(namespace).start({ names: ['erp'], onLine }));
    expect(await become('erp', { health: 'healthy' })).toMatchObject({ state: 'running', health: 'healthy' });
    const left = await kubernetes.kubectl('get', 'deployment', 'erp', '-n', namespace, '-o', 'json');
    expect(JSON.parse(left).spec.replicas).toBe(2);
    expect(left).not.toContain('replicas-before-stop');
  });

  it('that run by the clock are suspended and resumed', async () => {
    expectValue(await services.stop({ names: ['nightly'], onLine }));
    expect(await statusOf('nightly')).toMatchObject({ state: 'stopped' });
    expectValue(await services.start({ names: ['nightly'], onLine }));
    expect(await statusOf('nightly')).toMatchObject({ state: 'running' });
  });

  it('that do not start are seen, and whoever keeps them up is named', async () => {
    kubernetes.broken.add('broken');
    await kubernetes.apply(deployment({ name: 'broken', namespace, replicas: 1, argo: true }));
    expect(await become('broken', { state: 'restarting' })).toMatchObject({
      state: 'restarting',
      health: 'unhealthy',
      restartPolicy: 'kept by Argo CD',
    });
  });

  it('with a wrong name, in a cluster that is not there, or without rights, are refused by code', async () => {
    expect(await services.stop({ names: ['erpp'], onLine })).toMatchObject({
      ok: false,
      failure: { code: 'not-found', message: expect.stringContaining('erpp') },
    });
    const config = { kind: 'kubernetes' as const, namespace, kubeconfig: kubernetes.kubeconfig };
    const processes = createProcessRunner();
    const elsewhere = openKubernetesServices({
      config: { ...config, context: 'nowhere' },
      processes,
      environment: {},
    });
    expect((await elsewhere.probe()).ok).toBe(false);
  });
}

function expectValue<T>(outcome: Outcome<T>): T {
  if (!outcome.ok) throw new Error(`${outcome.failure.message}\n${outcome.failure.detail ?? ''}`);
  return outcome.value;
}

function deployment(given: {
  readonly name: string;
  readonly namespace: string;
  readonly replicas: number;
  readonly argo?: boolean;
}) {
  const { name, replicas } = given;
  const annotations = given.argo ? { 'argocd.argoproj.io/tracking-id': `erp:apps/Deployment:${name}` } : {};
  return {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name, namespace: given.namespace, annotations },
    spec: {
      replicas,
      selector: { matchLabels: { app: name } },
      template: {
        metadata: { labels: { app: name } },
        // A node of that name: what is on none is forgotten at once instead of being ended.
        spec: { nodeName: 'stand-in', containers: [{ name, image: 'none' }] },
      },
    },
  };
}

function cronJob(name: string) {
  const template = { spec: { restartPolicy: 'Never', containers: [{ name, image: 'none' }] } };
  return {
    apiVersion: 'batch/v1',
    kind: 'CronJob',
    metadata: { name, namespace },
    spec: { schedule: '0 3 * * *', jobTemplate: { spec: { template } } },
  };
}
