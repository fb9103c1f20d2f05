import type { z } from 'zod';
import { type Failure, fail, type Outcome, succeed } from '../../base/failure.ts';
import type { Kubectl, KubernetesConfig } from './kubectl.ts';
import { listOf, type PodAnswer, podAnswer, readAnswer, workloadAnswer } from './kubectl-answer.ts';

export type PodRoute = KubernetesConfig & {
  /** A pod, or the workload whose only running pod is meant: postgres-0, statefulset/postgres. */
  readonly pod: string;
  /** Left out where the pod has one, or names its own default. */
  readonly container?: string;
};

/** A container that runs, by the names that kubectl takes. */
export type RunningContainer = { readonly pod: string; readonly container: string };

const defaultContainer = 'kubectl.kubernetes.io/default-container';

/** As kubectl calls them, short names included, and as the API does. */
const workloads: Readonly<Record<string, string>> = {
  statefulset: 'statefulsets.apps',
  statefulsets: 'statefulsets.apps',
  sts: 'statefulsets.apps',
  deployment: 'deployments.apps',
  deployments: 'deployments.apps',
  deploy: 'deployments.apps',
};

/**
 * The container meant by `via`, proven to run. kubectl itself would take the first pod of several and the first container of
 * several: of a server and its standby that may be the standby, so what is not named must be the only one.
 */
export async function findPod(kubectl: Kubectl, route: PodRoute): Promise<Outcome<RunningContainer>> {
  const found = await findAnswer(kubectl, route);
  return found.ok ? findContainer(found.value, route) : found;
}

async function findAnswer(kubectl: Kubectl, route: PodRoute): Promise<Outcome<PodAnswer>> {
  const [kind, name] = route.pod.includes('/') ? route.pod.split('/', 2) : ['pod', route.pod];
  if (kind === 'pod' || kind === 'pods') return getOne(kubectl, { kind: 'pods', name, route, as: podAnswer });
  const resource = workloads[kind ?? ''];
  if (resource === undefined) return fail(unknownKind(route.pod));
  const workload = await getOne(kubectl, { kind: resource, name, route, as: workloadAnswer });
  if (!workload.ok) return workload;
  const labels = Object.entries(workload.value.spec.selector.matchLabels);
  const selector = labels.map(([label, value]) => `${label}=${value}`).join(',');
  const args = ['get', 'pods', `--selector=${selector}`, '--output=json'];
  const listed = await ask(kubectl, args, listOf(podAnswer));
  if (!listed.ok) return listed;
  const pods = listed.value.items;
  const running = pods.filter((pod) => !isEnding(pod) && phaseOf(pod) === 'Running');
  const [only, another] = running;
  if (only === undefined) return fail(noneRuns(route.pod, pods));
  return another === undefined ? succeed(only) : fail(severalRun(route.pod, running.map(nameOf)));
}

function findContainer(pod: PodAnswer, route: PodRoute): Outcome<RunningContainer> {
  const name = nameOf(pod);
  if (phaseOf(pod) !== 'Running' || isEnding(pod))
    return fail(doesNotRun(`pod ${name}`, isEnding(pod) ? 'it is being ended' : phaseOf(pod)));
  const containers = pod.spec.containers.map((container) => container.name);
  const own = pod.metadata.annotations[defaultContainer];
  const wanted = route.container ?? own ?? (containers.length === 1 ? containers[0] : undefined);
  if (wanted === undefined || !containers.includes(wanted))
    return fail(whichContainer({ name, wanted, containers }));
  const state = pod.status.containerStatuses.find((status) => status.name === wanted)?.state;
  if (state?.running !== undefined) return succeed({ pod: name, container: wanted });
  const reason = state?.waiting.reason || state?.terminated.reason;
  return fail(doesNotRun(`container ${wanted} of pod ${name}`, reason || 'it was not started yet'));
}

type Asked<T> = {
  readonly kind: string;
  readonly name: string | undefined;
  readonly route: PodRoute;
  readonly as: z.ZodType<T>;
};

async function getOne<T>(kubectl: Kubectl, { kind, name, route, as }: Asked<T>): Promise<Outcome<T>> {
  const got = await ask(kubectl, ['get', kind, name ?? '', '--output=json'], as);
  if (got.ok || got.failure.code !== 'not-found') return got;
  return fail({
    ...got.failure,
    message: `There is no ${kind === 'pods' ? `pod ${name}` : route.pod} in namespace ${route.namespace}.`,
    remedy: 'Correct namespace and pod in the runbook, under `via`.',
  });
}

async function ask<T>(
  kubectl: Kubectl,
  ...[args, as]: [readonly string[], z.ZodType<T>]
): Promise<Outcome<T>> {
  const ran = await kubectl.run({ args });
  return ran.ok ? readAnswer(as, ran.value.stdout) : ran;
}

const nameOf = (pod: PodAnswer) => pod.metadata.name;
const phaseOf = (pod: PodAnswer) => pod.status.phase || 'Unknown';
const isEnding = (pod: PodAnswer) => pod.metadata.deletionTimestamp !== undefined;

function unknownKind(pod: string): Failure {
  return {
    code: 'invalid-input',
    message: `${pod} is neither a pod nor a deployment or stateful set.`,
    remedy: 'Write the name of a pod, or statefulset/NAME or deployment/NAME.',
    retry: 'after-fix',
  };
}

function noneRuns(workload: string, pods: readonly PodAnswer[]): Failure {
  const seen = pods.map((pod) => `${nameOf(pod)} ${isEnding(pod) ? 'is being ended' : phaseOf(pod)}`);
  return {
    code: 'unreachable',
    message: `No pod of ${workload} runs: ${seen.join(', ') || 'it has none'}.`,
    remedy: `Start it, wait until it is ready (kubectl rollout status ${workload}), then try again.`,
    retry: 'after-fix',
  };
}

function severalRun(workload: string, pods: readonly string[]): Failure {
  return {
    code: 'invalid-input',
    message: `${workload} has ${pods.length} running pods: ${pods.join(', ')}.`,
    remedy: 'Name the pod whose server takes writes in the runbook, under `via`.',
    retry: 'after-fix',
  };
}

function whichContainer(pod: {
  readonly name: string;
  readonly wanted: string | undefined;
  readonly containers: readonly string[];
}): Failure {
  const { name, wanted, containers } = pod;
  return {
    code: wanted === undefined ? 'invalid-input' : 'not-found',
    message: `Pod ${name} has ${wanted === undefined ? 'several containers' : `no container ${wanted}`}: ${containers.join(', ')}.`,
    remedy: 'Name the container that holds the PostgreSQL programs in the runbook, under `via`.',
    retry: 'after-fix',
  };
}

function doesNotRun(what: string, reason: string): Failure {
  return {
    code: 'unreachable',
    message: `${what[0]?.toUpperCase()}${what.slice(1)} does not run: ${reason}.`,
    remedy: 'Look at it (kubectl describe pod), mend what it says, wait until it is ready, then try again.',
    retry: 'after-fix',
  };
}
