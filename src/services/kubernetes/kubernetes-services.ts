import { fail, type Outcome, succeed } from '../../base/failure.ts';
import { lookUntil, pause } from '../../platform/pause.ts';
import type { ProcessRunner } from '../../ports/process-runner.ts';
import type { ServiceRequest, Services } from '../../ports/services.ts';
import { createKubectl, type Kubectl, type KubernetesConfig } from './kubectl.ts';
import {
  noteOf,
  podsOf,
  readPods,
  readWorkloads,
  toStatus,
  type Workload,
  withoutNote,
} from './read-workloads.ts';

const lookAgainMs = 500;
/** A pod may take its whole grace period to end, 30 s unless its owner gave it longer. */
const endLimitMs = 10 * 60_000;

const rights = 'get, list and patch deployments, statefulsets and cronjobs, and list pods';

const everyWorkload = ['get', 'deployments.apps,statefulsets.apps,cronjobs.batch', '--output=json'];

/**
 * The workloads of one namespace, through kubectl: deployments and stateful sets are scaled to zero and back to what they
 * had, cron jobs suspended and resumed. How many replicas there were is written on the workload itself before it is scaled.
 */
export function openKubernetesServices(options: {
  readonly config: KubernetesConfig;
  readonly processes: ProcessRunner;
  readonly environment?: Readonly<Record<string, string | undefined>>;
}): Services {
  const { config, processes, environment = process.env } = options;
  const kubectl = createKubectl({ config, processes, environment, rights });

  return {
    address: `namespace ${config.namespace}${config.context === undefined ? '' : ` of ${config.context}`}`,
    async probe() {
      // Asked raw: `kubectl version` gives up on a server whose version it cannot compare with its own.
      const version = await kubectl.run({ args: ['get', '--raw=/version'] });
      if (!version.ok) return version;
      const found = await listWorkloads(kubectl);
      if (!found.ok) return found;
      const server = /"gitVersion":\s*"([^"]+)"/.exec(version.value.stdout)?.[1];
      return succeed({
        version: `Kubernetes ${server ?? 'of an unknown version'}`,
        services: found.value.map(({ name }) => name),
      });
    },
    async status() {
      const found = await look(kubectl);
      if (!found.ok) return found;
      return succeed(found.value.workloads.map((workload) => toStatus(workload, found.value.pods)));
    },
    describe: (action, names) =>
      kubectl.describe(
        action === 'stop'
          ? ['scale', '--replicas=0', ...names.map((name) => `deployment/${name}`)]
          : ['scale', '--replicas=(as before)', ...names.map((name) => `deployment/${name}`)],
      ),
    async stop(request) {
      const named = await findNamed(kubectl, request.names);
      if (!named.ok) return named;
      for (const workload of named.value) {
        const stopped = await stopOne(kubectl, workload, request);
        if (!stopped.ok) return stopped;
      }
      return waitUntilGone(kubectl, request);
    },
    async start(request) {
      const named = await findNamed(kubectl, request.names);
      if (!named.ok) return named;
      for (const workload of named.value) {
        const started = await startOne(kubectl, workload, request);
        if (!started.ok) return started;
      }
      return succeed(undefined);
    },
    async followLog({ service, onLine, signal }) {
      const named = await findNamed(kubectl, [service]);
      const [workload] = named.ok ? named.value : [];
      if (!named.ok || workload === undefined) return named.ok ? succeed(undefined) : named;
      while (!signal.aborted) {
        const from = ['--all-containers', '--since=1s', '--follow'];
        // It ends with the pod, and fails while there is none; the next one is looked for then.
        await kubectl.run({ args: ['logs', ...from, address(workload)], onLine, signal, stallMs: 'endless' });
        await pause(lookAgainMs, signal);
      }
      return succeed(undefined);
    },
  };
}

function address({ kind, name }: Workload): string {
  return `${kind.toLowerCase()}/${name}`;
}

async function listWorkloads(kubectl: Kubectl): Promise<Outcome<readonly Workload[]>> {
  const ran = await kubectl.run({ args: everyWorkload });
  return ran.ok ? readWorkloads(ran.value.stdout) : ran;
}

async function look(kubectl: Kubectl) {
  const workloads = await listWorkloads(kubectl);
  if (!workloads.ok) return workloads;
  const ran = await kubectl.run({ args: ['get', 'pods', '--output=json'] });
  if (!ran.ok) return ran;
  const pods = readPods(ran.value.stdout);
  return pods.ok ? succeed({ workloads: workloads.value, pods: pods.value }) : pods;
}

/** No name means all. */
async function findNamed(kubectl: Kubectl, names: readonly string[]): Promise<Outcome<readonly Workload[]>> {
  const found = await listWorkloads(kubectl);
  if (!found.ok) return found;
  const unknown = names.filter((name) => !found.value.some((workload) => workload.name === name));
  if (unknown.length === 0) {
    return succeed(found.value.filter(({ name }) => names.length === 0 || names.includes(name)));
  }
  return fail({
    code: 'not-found',
    message: `There is no workload ${unknown.join(', ')}: the namespace has ${found.value.map(({ name }) => name).join(', ') || 'none'}.`,
    remedy: 'Correct the names of the services in the runbook.',
    retry: 'after-fix',
  });
}

async function stopOne(
  ...[kubectl, workload, { onLine, signal }]: [Kubectl, Workload, ServiceRequest]
): Promise<Outcome<void>> {
  const call = { onLine, ...(signal === undefined ? {} : { signal }) };
  if (workload.kind === 'CronJob') return suspend(kubectl, { workload, suspended: true, ...call });
  if (workload.replicas === 0) return succeed(undefined);
  // Written before the act: whoever scales it up again, from wherever, finds the number.
  const noted = await kubectl.run({
    args: ['annotate', '--overwrite', address(workload), noteOf(workload.replicas)],
    ...call,
  });
  if (!noted.ok) return noted;
  const scaled = await kubectl.run({ args: ['scale', '--replicas=0', address(workload)], ...call });
  return scaled.ok ? succeed(undefined) : scaled;
}

async function startOne(
  ...[kubectl, workload, { onLine, signal }]: [Kubectl, Workload, ServiceRequest]
): Promise<Outcome<void>> {
  const call = { onLine, ...(signal === undefined ? {} : { signal }) };
  if (workload.kind === 'CronJob') return suspend(kubectl, { workload, suspended: false, ...call });
  const replicas = Number(workload.before ?? Math.max(1, workload.replicas));
  const args = ['scale', `--replicas=${replicas}`, address(workload)];
  const scaled = await kubectl.run({ args, ...call });
  if (!scaled.ok || workload.before === undefined) return scaled.ok ? succeed(undefined) : scaled;
  const cleared = await kubectl.run({ args: ['annotate', address(workload), withoutNote], ...call });
  return cleared.ok ? succeed(undefined) : cleared;
}

async function suspend(
  kubectl: Kubectl,
  request: Pick<ServiceRequest, 'onLine' | 'signal'> & {
    readonly workload: Workload;
    readonly suspended: boolean;
  },
): Promise<Outcome<void>> {
  const { workload, suspended, onLine, signal } = request;
  const patch = JSON.stringify({ spec: { suspend: suspended } });
  const ran = await kubectl.run({
    args: ['patch', address(workload), '--type=merge', `--patch=${patch}`],
    onLine,
    ...(signal === undefined ? {} : { signal }),
  });
  return ran.ok ? succeed(undefined) : ran;
}

/** A pod counts until the API server has forgotten it: while it is only being ended its program may still write. */
async function waitUntilGone(kubectl: Kubectl, request: ServiceRequest): Promise<Outcome<void>> {
  const { names, onLine, signal } = request;
  let left: readonly string[] = [];
  const lookAgain = async () => {
    const found = await look(kubectl);
    if (!found.ok) return found;
    const { workloads, pods } = found.value;
    const named = workloads.filter(({ name }) => names.length === 0 || names.includes(name));
    const before = left.join();
    left = named.flatMap((workload) => podsOf(workload, pods).map(({ name }) => name));
    if (left.length === 0) return succeed(undefined);
    if (left.join() !== before) onLine(`waiting for ${left.join(', ')} to end`);
    return undefined;
  };
  const ended = await lookUntil({ look: lookAgain, everyMs: lookAgainMs, limitMs: endLimitMs, signal });
  return ended ?? fail({ ...stillThere(left), ...(signal?.aborted ? { code: 'cancelled' } : {}) });
}

function stillThere(pods: readonly string[]) {
  return {
    code: 'stalled',
    message: `${pods.length} pods have not ended: ${pods.join(', ')}.`,
    remedy: `Look at them: kubectl describe pod ${pods[0] ?? ''}. A node that is gone keeps its pods until they are deleted by force.`,
    retry: 'after-fix',
  } as const;
}
