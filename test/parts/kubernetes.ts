import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { constants } from 'node:fs';
import { access, mkdir, mkdtemp, open, readFile, rm, writeFile } from 'node:fs/promises';
import { request as httpsRequest } from 'node:https';
import { homedir, tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { promisify } from 'node:util';
import { findOnPath } from './find-program.ts';
import { findFreePort } from './free-port.ts';

const run = promisify(execFile);

export type Kubernetes = {
  /** Of somebody who may do everything. */
  readonly kubeconfig: string;
  /** Of the user `limited`, who may do what a test's roles let them: nothing at first. */
  readonly limitedKubeconfig: string;
  /** Of the API server, for whoever wants to stand between it and its clients. */
  readonly port: number;
  /** From then on `kubectl exec` reaches that container: commands run on this host, with this environment alone. */
  runContainer(container: {
    readonly namespace: string;
    readonly pod: string;
    readonly container: string;
    readonly env: Readonly<Record<string, string>>;
  }): Promise<void>;
  kubectl(...args: readonly string[]): Promise<string>;
  apply(manifest: object): Promise<void>;
  /** While it is true, pods that are to end do not: the stand-in kubelet lets none go. */
  keepsPods: boolean;
  /** Pods whose name begins so never start. */
  readonly broken: Set<string>;
  stop(): Promise<void>;
};

export type KubernetesPrograms = { readonly folder: string } | { readonly absentBecause: string };

const servers = ['kube-apiserver', 'kube-controller-manager'];

/**
 * Built by scripts/build-kubernetes.sh, kubectl too where there is no package of it; etcd is a package. The build takes minutes
 * and is left to CI and to whoever asks for it; a changed node-exec takes seconds.
 */
export async function findKubernetes(): Promise<KubernetesPrograms> {
  const cache = process.env.XDG_CACHE_HOME ?? join(homedir(), '.cache');
  const folder = process.env.THAW_KUBERNETES_BIN ?? join(cache, 'thaw-kubernetes-1.31.0');
  const hasGo = (await findOnPath('go')) !== undefined;
  const isCi = process.env.CI === 'true';
  if (hasGo && (isCi || (await lacking(folder, servers)).length === 0))
    await run('bash', ['scripts/build-kubernetes.sh'], { maxBuffer: 64 * 1024 * 1024 });
  // Behind everything else: a kubectl of this host is the one an operator would use.
  process.env.PATH = `${process.env.PATH}:${folder}`;
  const absent = await lacking(folder, [...servers, 'node-exec']);
  for (const program of ['kubectl', 'etcd'])
    if ((await findOnPath(program)) === undefined) absent.push(program);
  if (absent.length === 0) return { folder };
  const absentBecause = `there is no ${absent.join(', ')}; scripts/build-kubernetes.sh builds what no package has, where there is Go`;
  if (isCi && hasGo)
    throw new Error(`Kubernetes must be tested in CI where Go is present, but ${absentBecause}`);
  return { absentBecause };
}

async function lacking(folder: string, programs: readonly string[]): Promise<string[]> {
  const there = await Promise.all(
    programs.map((program) =>
      access(join(folder, program), constants.X_OK).then(
        () => true,
        () => false,
      ),
    ),
  );
  return programs.filter((_, index) => !there[index]);
}

/** The only node there is: what is on none is forgotten at once instead of being ended, and cannot be reached. */
export const standInNode = 'stand-in';

/**
 * A real API server with its store and its controllers. The node is a stand-in: it says that pods run, and lets them go when
 * they are to end. So scaling is real, and what runs in the pods is not; `kubectl exec` goes through the real streaming server
 * of a kubelet and ends on this host.
 */
export async function startKubernetes(programs: string): Promise<Kubernetes> {
  const folder = await mkdtemp(join(tmpdir(), 'thaw-kubernetes-'));
  const children: ChildProcess[] = [];
  const log = await open(join(folder, 'log'), 'a');
  const start = (program: string, ...args: readonly string[]) => {
    // A home of its own: no cluster of whoever runs the tests can be meant.
    const env = { PATH: process.env.PATH, HOME: folder };
    children.push(spawn(program, args, { cwd: folder, env, stdio: ['ignore', log.fd, log.fd] }));
  };
  const stop = async () => {
    running = false;
    for (const child of children.reverse()) {
      if (child.exitCode !== null) continue;
      const ended = once(child, 'exit');
      child.kill('SIGTERM');
      const timer = setTimeout(() => child.kill('SIGKILL'), 5000);
      await ended;
      clearTimeout(timer);
    }
    await log.close();
    await rm(folder, { recursive: true, force: true });
  };
  let running = true;
  try {
    const [etcd, peer, port] = [await findFreePort(), await findFreePort(), await findFreePort()];
    const node = await findFreePort();
    const [token, limited] = [randomBytes(16).toString('hex'), randomBytes(16).toString('hex')];
    await writeFile(
      join(folder, 'tokens'),
      `${token},admin,admin,system:masters\n${limited},limited,limited\n`,
    );
    const pods = join(folder, 'pods');
    start(join(programs, 'node-exec'), '-listen', `127.0.0.1:${node}`, '-pods', pods);
    const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
    const key = join(folder, 'key.pem');
    await writeFile(key, privateKey.export({ type: 'pkcs8', format: 'pem' }));
    const [client, friend] = [`http://127.0.0.1:${etcd}`, `http://127.0.0.1:${peer}`];
    const places = [
      '--listen-client-urls',
      client,
      '--advertise-client-urls',
      client,
      '--listen-peer-urls',
      friend,
    ];
    const cluster = ['--initial-advertise-peer-urls', friend, '--initial-cluster', `default=${friend}`];
    start('etcd', '--data-dir', join(folder, 'etcd'), ...places, ...cluster);
    start(
      join(programs, 'kube-apiserver'),
      ...[`--etcd-servers=${client}`, `--secure-port=${port}`, '--bind-address=127.0.0.1'],
      ...[`--cert-dir=${join(folder, 'certificates')}`, `--token-auth-file=${join(folder, 'tokens')}`],
      ...['--authorization-mode=RBAC', '--disable-admission-plugins=ServiceAccount'],
      ...['--service-account-issuer=https://thaw.invalid', `--service-account-key-file=${key}`],
      ...[`--service-account-signing-key-file=${key}`, '--service-cluster-ip-range=10.0.0.0/24'],
      '--kubelet-preferred-address-types=InternalIP',
    );
    const [kubeconfig, limitedKubeconfig] = [join(folder, 'kubeconfig'), join(folder, 'limited')];
    await writeFile(kubeconfig, configFor({ port, token }));
    await writeFile(limitedKubeconfig, configFor({ port, token: limited }));
    const api = apiOf({ port, token });
    await waitFor(async () => (await api('GET', '/readyz')).status === 200, join(folder, 'log'));
    const controllers = 'deployment,replicaset,statefulset,job,cronjob,garbagecollector';
    const quiet = ['--leader-elect=false', '--secure-port=0'];
    start(
      join(programs, 'kube-controller-manager'),
      `--kubeconfig=${kubeconfig}`,
      `--controllers=${controllers}`,
      ...quiet,
    );
    await api('POST', '/api/v1/nodes', nodeAt(node));
    const kubernetes: Kubernetes = {
      kubeconfig,
      limitedKubeconfig,
      port,
      async runContainer({ namespace, pod, container, env }) {
        await mkdir(join(pods, namespace, pod), { recursive: true });
        const variables = Object.entries(env).map(([name, value]) => `${name}=${value}`);
        await writeFile(join(pods, namespace, pod, `${container}.json`), JSON.stringify({ env: variables }));
      },
      keepsPods: false,
      broken: new Set(),
      async kubectl(...args) {
        const env = { PATH: process.env.PATH, HOME: folder, KUBECONFIG: kubeconfig };
        return (await run('kubectl', args, { env })).stdout;
      },
      async apply(manifest) {
        const file = join(folder, `manifest-${randomBytes(4).toString('hex')}.json`);
        await writeFile(file, JSON.stringify(manifest));
        await kubernetes.kubectl('apply', '-f', file);
      },
      stop,
    };
    void standInKubelet(api, { kubernetes, isRunning: () => running });
    return kubernetes;
  } catch (error) {
    await stop();
    throw error;
  }
}

type Api = (
  method: string,
  path: string,
  body?: object,
) => Promise<{ readonly status: number; readonly json: Record<string, unknown> }>;

function apiOf({ port, token }: { readonly port: number; readonly token: string }): Api {
  return (method, path, body) =>
    new Promise((resolve) => {
      const type = method === 'PATCH' ? 'application/merge-patch+json' : 'application/json';
      const headers = { authorization: `Bearer ${token}`, 'content-type': type };
      // The server signs its own certificate afresh in every test.
      const sent = httpsRequest(
        { host: '127.0.0.1', port, path, method, headers, rejectUnauthorized: false },
        (answer) => {
          let text = '';
          answer.setEncoding('utf8').on('data', (chunk) => {
            text += chunk;
          });
          answer.on('end', () => resolve({ status: answer.statusCode ?? 0, json: readJson(text) }));
        },
      );
      sent.on('error', () => resolve({ status: 0, json: {} }));
      sent.end(body === undefined ? undefined : JSON.stringify(body));
    });
}

function readJson(text: string): Record<string, unknown> {
  try {
    return JSON.parse(text);
  } catch {
    return {};
  }
}

type PodJson = {
  readonly metadata: {
    readonly name: string;
    readonly namespace: string;
    readonly deletionTimestamp?: string;
  };
  readonly spec: { readonly containers: readonly { readonly name: string }[] };
  readonly status: { readonly phase?: string };
};

/** What a program takes to end. */
const graceMs = 300;

async function standInKubelet(
  api: Api,
  parts: { readonly kubernetes: Kubernetes; readonly isRunning: () => boolean },
): Promise<void> {
  const ending = new Map<string, number>();
  while (parts.isRunning()) {
    const { json } = await api('GET', '/api/v1/pods');
    for (const pod of (json.items ?? []) as readonly PodJson[]) {
      const { name, namespace, deletionTimestamp } = pod.metadata;
      const path = `/api/v1/namespaces/${namespace}/pods/${name}`;
      if (deletionTimestamp !== undefined) {
        const sinceMs = ending.get(path) ?? Date.now();
        ending.set(path, sinceMs);
        if (!parts.kubernetes.keepsPods && Date.now() - sinceMs >= graceMs)
          await api('DELETE', `${path}?gracePeriodSeconds=0`);
      } else if (pod.status.phase === 'Pending') {
        await api(
          'PATCH',
          `${path}/status`,
          statusOf(
            pod,
            [...parts.kubernetes.broken].some((start) => name.startsWith(start)),
          ),
        );
      }
    }
    await pause(100);
  }
}

function statusOf(pod: PodJson, broken: boolean): object {
  const at = new Date().toISOString();
  const state = broken ? { waiting: { reason: 'CrashLoopBackOff' } } : { running: { startedAt: at } };
  return {
    status: {
      phase: 'Running',
      conditions: [{ type: 'Ready', status: broken ? 'False' : 'True', lastTransitionTime: at }],
      containerStatuses: pod.spec.containers.map(({ name }) => ({
        ...{ name, ready: !broken, restartCount: 0, image: 'none', imageID: 'none', state },
      })),
    },
  };
}

/** A node is known by the address and port of its kubelet. */
function nodeAt(port: number): object {
  return {
    ...{ apiVersion: 'v1', kind: 'Node', metadata: { name: standInNode } },
    status: {
      addresses: [{ type: 'InternalIP', address: '127.0.0.1' }],
      daemonEndpoints: { kubeletEndpoint: { Port: port } },
    },
  };
}

function configFor({ port, token }: { readonly port: number; readonly token: string }): string {
  return JSON.stringify({
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [
      { name: 'test', cluster: { server: `https://127.0.0.1:${port}`, 'insecure-skip-tls-verify': true } },
    ],
    users: [{ name: 'admin', user: { token } }],
    contexts: [{ name: 'test', context: { cluster: 'test', user: 'admin' } }],
    'current-context': 'test',
  });
}

async function waitFor(isSo: () => Promise<boolean>, logFile: string): Promise<void> {
  const deadlineMs = performance.now() + 90_000;
  while (!(await isSo())) {
    if (performance.now() > deadlineMs) {
      throw new Error(
        `The API server does not become ready:\n${(await readFile(logFile, 'utf8')).slice(-2000)}`,
      );
    }
    await pause(200);
  }
}
