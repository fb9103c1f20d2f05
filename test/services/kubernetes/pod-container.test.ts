import { execFile } from 'node:child_process';
import { chmod, mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { createProcessRunner } from '../../../src/adapters/process/execa-process-runner.ts';
import { createSecret } from '../../../src/base/secret.ts';
import { openDatabaseServer } from '../../../src/databases/postgres/pg-database-server.ts';
import { openContainerRoute } from '../../../src/databases/route/open-container-route.ts';
import type { DatabaseRoute } from '../../../src/ports/database-route.ts';
import type { ProcessRunner } from '../../../src/ports/process-runner.ts';
import { withConnection } from '../../../src/sandbox/crm/database.ts';
import { type PostgresCluster, startPostgresCluster } from '../../../src/sandbox/postgres-cluster.ts';
import { openPodContainer } from '../../../src/services/kubernetes/pod-container.ts';
import { databaseRouteContract } from '../../contracts/database-route.contract.ts';
import { databaseServerContract } from '../../contracts/database-server.contract.ts';
import { failureFrom, valueFrom } from '../../contracts/object-store.contract.ts';
import { type CuttingProxy, startCuttingProxy } from '../../parts/cutting-proxy.ts';
import { findKubernetes, type Kubernetes, startKubernetes } from '../../parts/kubernetes.ts';
import { isRunningHere, podOf, workloadOf } from '../../parts/pods.ts';

const run = promisify(execFile);
const found = await findKubernetes();
if ('folder' in found) describe('A pod of a real Kubernetes API server', () => pods(found.folder));
else
  it('a database in a pod is NOT tried', () => {
    process.stderr.write(`\nkubectl exec is NOT tried against a real API server: ${found.absentBecause}.\n`);
  });

const namespace = 'erp';
const processes = createProcessRunner();
/** What a kubectl from 1.30 on speaks where somebody wants it for a proxy; Debian's and every one before speak SPDY alone. */
const overWebSocket: ProcessRunner = {
  run: (request) =>
    processes.run({ ...request, env: { ...request.env, KUBECTL_REMOTE_COMMAND_WEBSOCKETS: 'true' } }),
};

function pods(programs: string) {
  let folder: string;
  let kubernetes: Kubernetes;
  let cluster: PostgresCluster;
  let url: string;
  let proxy: CuttingProxy;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'thaw-pods-'));
    // The server runs as a user of its own where we are root.
    await chmod(folder, 0o711);
    const settings = { fsync: 'off', full_page_writes: 'off', synchronous_commit: 'off' };
    kubernetes = await startKubernetes(programs);
    cluster = await startPostgresCluster({ folder: join(folder, 'cluster'), settings });
    await withConnection(cluster.url, (client) => client.query('CREATE DATABASE shop').then(() => undefined));
    url = cluster.url.replace(/postgres$/, 'shop');
    await kubernetes.kubectl('create', 'namespace', namespace);
    await kubernetes.apply(workloadOf({ kind: 'StatefulSet', name: 'postgres', namespace, replicas: 1 }));
    await kubernetes.apply(workloadOf({ kind: 'Deployment', name: 'pair', namespace, replicas: 2 }));
    await kubernetes.apply(workloadOf({ kind: 'Deployment', name: 'asleep', namespace, replicas: 0 }));
    kubernetes.broken.add('failing');
    await kubernetes.apply(podOf({ name: 'failing', namespace, containers: ['postgres'] }));
    await kubernetes.apply(podOf({ name: 'two', namespace, containers: ['postgres', 'metrics'] }));
    await kubernetes.apply(podOf({ name: 'bare', namespace, containers: ['postgres'] }));
    await kubernetes.apply(podOf({ name: 'gone', namespace, containers: ['postgres'] }));
    await mkdir(join(folder, 'tmp'));
    const env = { PATH: `${cluster.binFolder}:${process.env.PATH}`, TMPDIR: join(folder, 'tmp') };
    await mkdir(join(folder, 'bare'));
    await symlink('/bin/sh', join(folder, 'bare', 'sh'));
    await kubernetes.runContainer({ namespace, pod: 'postgres-0', container: 'postgres', env });
    await kubernetes.runContainer({ namespace, pod: 'two', container: 'postgres', env });
    await kubernetes.runContainer({ namespace, pod: 'two', container: 'metrics', env: { PATH: '/nowhere' } });
    const bare = { PATH: join(folder, 'bare') };
    await kubernetes.runContainer({ namespace, pod: 'bare', container: 'postgres', env: bare });
    proxy = await startCuttingProxy({ targetPort: kubernetes.port });
    const config = await readFile(kubernetes.kubeconfig, 'utf8');
    await writeFile(join(folder, 'through-proxy'), config.replace(`:${kubernetes.port}"`, `:${proxy.port}"`));
    await vi.waitFor(
      async () => {
        const phases = ['get', 'pods', '-n', namespace, '-o', 'jsonpath={.items[*].status.phase}'];
        // Five by name, and the two of the pair.
        expect(await kubernetes.kubectl(...phases)).toBe(Array(7).fill('Running').join(' '));
      },
      { timeout: 120_000, interval: 200 },
    );
  });
  afterAll(async () => {
    await proxy?.close();
    await Promise.all([kubernetes?.stop(), cluster?.stop()]);
    await rm(folder, { recursive: true, force: true });
  });

  function routeTo(
    pod: string,
    more: { readonly container?: string; readonly kubeconfig?: string; readonly by?: ProcessRunner } = {},
  ): DatabaseRoute {
    const { container, kubeconfig = kubernetes.kubeconfig, by = processes } = more;
    const config = {
      kind: 'kubernetes' as const,
      ...{ namespace, kubeconfig, pod, ...(container ? { container } : {}) },
    };
    return openContainerRoute(openPodContainer({ config, processes: by, environment: {} }));
  }
  const failureAt = async (...to: Parameters<typeof routeTo>) =>
    failureFrom(await routeTo(...to).run({ stallMs: 60_000, program: 'true', args: [] }));

  databaseServerContract({
    name: 'through kubectl exec',
    make: async () => ({
      url,
      open: (secret) => openDatabaseServer({ url: secret, route: routeTo('statefulset/postgres') }),
      dispose: async () => {},
    }),
  });

  for (const [protocol, by] of [
    ['as thaw asks for', processes],
    ['over WebSocket, where this kubectl knows it', overWebSocket],
  ] as const)
    describe(protocol, () => {
      databaseRouteContract({
        name: `through kubectl exec ${protocol}`,
        make: async () => ({
          route: routeTo('postgres-0', { by }),
          url,
          sql: (text) => withConnection(url, (client) => client.query(text).then(() => undefined)),
          async dump(format) {
            const file = join(folder, 'dump');
            const args = [`--format=${format}`, `--file=${file}`, `--dbname=${url}`];
            await run(join(cluster.binFolder, 'pg_dump'), args);
            return readFile(file);
          },
          temporary: () => readdir(join(folder, 'tmp')),
          runs: isRunningHere,
          dispose: () =>
            withConnection(cluster.url, async (client) => {
              for (const format of ['custom', 'tar', 'plain'])
                await client.query(`DROP DATABASE IF EXISTS back_${format}`);
            }),
        }),
      });

      it('a connection that is cut is no success, whatever kubectl says, and the program there ends', async () => {
        const route = routeTo('postgres-0', { by, kubeconfig: join(folder, 'through-proxy') });
        const words = `sleep 8${process.pid}`;
        const running = route.run({
          stallMs: 60_000,
          program: 'sh',
          args: ['-c', `trap 'kill $p; exit' TERM; ${words} & p=$!; while sleep 0.2; do echo here; done`],
          onLine: (line) => line === 'here' && proxy.behave({ kind: 'cut', afterBytes: 0 }),
        });
        const failure = failureFrom(await running);
        proxy.behave({ kind: 'pass' });
        expect(failure).toMatchObject({ code: 'unreachable', retry: 'safe' });
        expect(failure.message).toMatch(/lost while sh runs there: how it ended is not known/);
        await expect.poll(() => isRunningHere(words), { timeout: 30_000 }).toBe(false);
      });
    });

  it('is found by its stateful set, and takes the container that is named', async () => {
    const { address } = routeTo('statefulset/postgres');
    expect(address).toBe('statefulset/postgres in namespace erp');
    const named = await routeTo('two', { container: 'postgres' }).run({
      stallMs: 60_000,
      program: 'true',
      args: [],
    });
    expect(valueFrom(named).exitCode).toBe(0);
    expect(routeTo('two', { container: 'postgres' }).describe('psql', ['-l'])).toMatch(
      /^kubectl --kubeconfig=\S+ --namespace=erp exec -i two --container=postgres -- psql -l$/,
    );
  });

  it('that is not the only one meant is not guessed', async () => {
    const several = await failureAt('deployment/pair');
    expect(several).toMatchObject({ code: 'invalid-input' });
    expect(several.message).toMatch(/has 2 running pods: pair-\S+, pair-\S+\.$/);
    const containers = await failureAt('two');
    expect(containers).toMatchObject({ code: 'invalid-input' });
    expect(containers.message).toBe('Pod two has several containers: postgres, metrics.');
    expect(await failureAt('job/pair')).toMatchObject({ code: 'invalid-input' });
  });

  it('that is not there, or does not run, is said by name', async () => {
    expect(await failureAt('nobody')).toMatchObject({
      code: 'not-found',
      message: 'There is no pod nobody in namespace erp.',
    });
    expect(await failureAt('statefulset/nobody')).toMatchObject({ code: 'not-found' });
    expect(await failureAt('two', { container: 'nothing' })).toMatchObject({ code: 'not-found' });
    expect(await failureAt('deployment/asleep')).toMatchObject({
      code: 'unreachable',
      message: 'No pod of deployment/asleep runs: it has none.',
    });
    expect(await failureAt('failing')).toMatchObject({
      code: 'unreachable',
      message: 'Container postgres of pod failing does not run: CrashLoopBackOff.',
    });
    // The API server believes that it runs, its node knows better.
    expect(await failureAt('gone')).toMatchObject({
      code: 'unreachable',
      detail: expect.stringContaining('container not found'),
    });
  });

  it('without a shell, or without anything that leads to the server, says what to do instead', async () => {
    expect(await failureAt('two', { container: 'metrics' })).toMatchObject({
      code: 'unreachable',
      message: expect.stringContaining('does not run a command; kubectl ends with status'),
    });
    const server = openDatabaseServer({ url: createSecret(url), route: routeTo('bare') });
    const failure = failureFrom(await server.identity());
    expect(failure.message).toContain('neither bash nor perl nor socat nor nc');
    expect(failure.remedy).toContain('kubectl port-forward bare 5432');
    expect(JSON.stringify(failure)).not.toContain(new URL(url).password);
  });

  it('that an account may see but not enter is denied, with the right it lacks', async () => {
    const kubeconfig = kubernetes.limitedKubeconfig;
    const blind = await failureAt('postgres-0', { kubeconfig });
    expect(blind).toMatchObject({ code: 'denied' });
    const rule = ['--verb=get,list', '--resource=pods', '-n', namespace];
    await kubernetes.kubectl('create', 'role', 'looker', ...rule);
    const binding = ['--role=looker', '--user=limited', '-n', namespace];
    await kubernetes.kubectl('create', 'rolebinding', 'looker', ...binding);
    const mayLook = () => failureAt('postgres-0', { kubeconfig });
    await expect
      .poll(async () => (await mayLook()).detail, { timeout: 30_000 })
      .toContain('cannot create resource "pods/exec"');
    expect(await mayLook()).toMatchObject({
      code: 'denied',
      remedy: expect.stringContaining('create pods/exec'),
    });
  });

  it('in a cluster that does not answer is unreachable', async () => {
    const config = join(folder, 'nowhere');
    const text = await readFile(kubernetes.kubeconfig, 'utf8');
    await writeFile(config, text.replace(`:${kubernetes.port}"`, ':9"'));
    expect(await failureAt('postgres-0', { kubeconfig: config })).toMatchObject({ code: 'unreachable' });
  });
}
