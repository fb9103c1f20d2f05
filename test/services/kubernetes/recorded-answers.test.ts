import { describe, expect, it } from 'vitest';
import { succeed } from '../../../src/base/failure.ts';
import type { ProcessRunner } from '../../../src/ports/process-runner.ts';
import { openKubernetesServices } from '../../../src/services/kubernetes/kubernetes-services.ts';

/**
 * What kubectl 1.32 printed for a server of version 1.31, cut down to what is read. Stands in where no API server can be
 * built; test/services/kubernetes/kubernetes-services.test.ts asks a real one.
 */
function standIn(given: { readonly pods?: readonly object[]; readonly fails?: string } = {}) {
  const calls: string[] = [];
  const workloads = {
    items: [
      {
        kind: 'Deployment',
        metadata: { name: 'erp', annotations: { 'thaw/replicas-before-stop': '3' } },
        spec: { replicas: 0, selector: { matchLabels: { app: 'erp' } } },
        status: {},
      },
      {
        kind: 'StatefulSet',
        metadata: { name: 'queue', labels: { 'kustomize.toolkit.fluxcd.io/name': 'erp' } },
        spec: { replicas: 1, selector: { matchLabels: { app: 'queue' } } },
        status: { readyReplicas: 1 },
      },
      { kind: 'CronJob', metadata: { name: 'nightly' }, spec: { suspend: true }, status: {} },
    ],
  };
  const processes: ProcessRunner = {
    run: async ({ args }) => {
      const call = args
        .filter((arg) => !arg.startsWith('--namespace') && !arg.startsWith('--kubeconfig'))
        .join(' ');
      calls.push(call);
      if (given.fails !== undefined) return succeed({ exitCode: 1, stdout: '', stderr: given.fails });
      const stdout = call.startsWith('get pods')
        ? JSON.stringify({ items: given.pods ?? [] })
        : call.startsWith('get deployments')
          ? JSON.stringify(workloads)
          : '';
      return succeed({ exitCode: 0, stdout, stderr: '' });
    },
  };
  const config = { kind: 'kubernetes' as const, namespace: 'erp', kubeconfig: '/none' };
  return { calls, services: openKubernetesServices({ config, processes, environment: {} }) };
}

const onLine = () => {};
const jobPod = {
  metadata: {
    name: 'nightly-29000-x',
    labels: {},
    ownerReferences: [{ kind: 'Job', name: 'nightly-29000' }],
  },
  status: { phase: 'Running' },
};

describe('recorded answers of kubectl', () => {
  it('tell what is stopped, what runs, who keeps it up, and a job that is still at work', async () => {
    const { services } = standIn({ pods: [jobPod] });
    expect(await services.status()).toEqual({
      ok: true,
      value: [
        { name: 'erp', state: 'stopped' },
        { name: 'queue', state: 'running', health: 'healthy', restartPolicy: 'kept by Flux' },
        { name: 'nightly', state: 'stopped', strays: ['nightly-29000-x'] },
      ],
    });
  });

  it('stand behind commands that a person can copy into a shell, whatever the names hold', () => {
    const config = { kind: 'kubernetes' as const, namespace: 'erp', kubeconfig: '/my configs/a;b' };
    const processes: ProcessRunner = { run: async () => succeed({ exitCode: 0, stdout: '', stderr: '' }) };
    const services = openKubernetesServices({ config, processes, environment: {} });
    expect(services.describe('stop', ['erp'])).toMatch(
      /^kubectl '--kubeconfig=\/my configs\/a;b' --namespace=erp /,
    );
  });

  it('are followed by the number of replicas that was noted, and the note is taken away', async () => {
    const { services, calls } = standIn();
    expect((await services.start({ names: ['erp'], onLine })).ok).toBe(true);
    expect(calls.slice(1)).toEqual([
      'scale --replicas=3 deployment/erp',
      'annotate deployment/erp thaw/replicas-before-stop-',
    ]);
  });

  it('note the replicas before anything is scaled down, and touch nothing that is down already', async () => {
    const { services, calls } = standIn();
    await services.stop({ names: ['erp', 'queue'], onLine });
    expect(calls.filter((call) => /^(annotate|scale)/.test(call))).toEqual([
      'annotate --overwrite statefulset/queue thaw/replicas-before-stop=1',
      'scale --replicas=0 statefulset/queue',
    ]);
  });

  it('that refuse are classified by the reason of the API, and silence as unreachable', async () => {
    const cases = [
      ['Error from server (Forbidden): deployments.apps is forbidden', 'denied'],
      ['Error from server (NotFound): namespaces "erp" not found', 'not-found'],
      ['The connection to the server 127.0.0.1:1 was refused', 'unreachable'],
    ] as const;
    for (const [fails, code] of cases)
      expect(await standIn({ fails }).services.status(), fails).toMatchObject({
        ok: false,
        failure: { code },
      });
  });
});
