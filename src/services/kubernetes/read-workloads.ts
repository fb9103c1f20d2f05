import { type Outcome, succeed } from '../../base/failure.ts';
import type { ServiceStatus } from '../../ports/services.ts';
import { listOf, podAnswer, readAnswer, type WorkloadAnswer, workloadAnswer } from './kubectl-answer.ts';

/** What can be stopped in a namespace: what keeps pods alive, and what starts them by the clock. */
const workloadKinds = ['Deployment', 'StatefulSet', 'CronJob'] as const;
type WorkloadKind = (typeof workloadKinds)[number];

export type Workload = {
  readonly kind: WorkloadKind;
  readonly name: string;
  /** Left out for a CronJob. */
  readonly replicas: number;
  readonly suspended: boolean;
  /** How many there were before thaw stopped it. */
  readonly before: string | undefined;
  readonly selector: Readonly<Record<string, string>>;
  readonly readyReplicas: number;
  /** Argo CD and Flux put back what they find changed. */
  readonly keeper: string | undefined;
};

type Pod = {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  /** Kind and name of what made it: ReplicaSet, StatefulSet, Job. */
  readonly owner: string;
  readonly phase: string;
  /** Its identity and how often its containers were started again. */
  readonly incarnation: string;
  /** CrashLoopBackOff, ImagePullBackOff … of a container that does not start. */
  readonly waiting: string | undefined;
};

const beforeStop = 'thaw/replicas-before-stop';

/** The note on a workload that says how many replicas it had: it survives whatever happens to this host. */
export const noteOf = (replicas: number) => `${beforeStop}=${replicas}`;
export const withoutNote = `${beforeStop}-`;

export function readWorkloads(text: string): Outcome<readonly Workload[]> {
  const read = readAnswer(listOf(workloadAnswer), text);
  return read.ok ? succeed(read.value.items.flatMap(toWorkload)) : read;
}

function toWorkload(item: WorkloadAnswer): readonly Workload[] {
  const kind = workloadKinds.find((known) => known === item.kind);
  if (kind === undefined) return [];
  const { metadata, spec, status } = item;
  const { annotations, labels } = metadata;
  return [
    {
      kind,
      name: metadata.name,
      replicas: kind === 'CronJob' ? 0 : spec.replicas,
      suspended: spec.suspend,
      before: annotations[beforeStop],
      selector: spec.selector.matchLabels,
      readyReplicas: status.readyReplicas,
      keeper: keeperOf({ ...annotations, ...labels }),
    },
  ];
}

function keeperOf(marks: Readonly<Record<string, string>>): string | undefined {
  const names = Object.keys(marks);
  if (names.some((name) => name.startsWith('argocd.argoproj.io/'))) return 'Argo CD';
  return names.some((name) => name.startsWith('kustomize.toolkit.fluxcd.io/')) ? 'Flux' : undefined;
}

export function readPods(text: string): Outcome<readonly Pod[]> {
  const read = readAnswer(listOf(podAnswer), text);
  if (!read.ok) return read;
  return succeed(
    read.value.items.map(({ metadata, status }) => {
      const [owner = { kind: '', name: '' }] = metadata.ownerReferences;
      return {
        name: metadata.name,
        labels: metadata.labels,
        owner: `${owner.kind}/${owner.name}`,
        phase: status.phase,
        incarnation: [metadata.uid, ...status.containerStatuses.map((one) => one.restartCount)].join(' '),
        waiting: status.containerStatuses
          .map(({ state }) => state.waiting.reason)
          .find((reason) => /(BackOff|Err|Error)/.test(reason)),
      };
    }),
  );
}

/** Pods that are over write nothing any more; one that is only being ended may. */
export function podsOf(workload: Workload, pods: readonly Pod[]): readonly Pod[] {
  const living = pods.filter(({ phase }) => phase !== 'Succeeded' && phase !== 'Failed');
  if (workload.kind === 'CronJob') {
    return living.filter(({ owner }) => new RegExp(`^Job/${workload.name}-\\d+$`).test(owner));
  }
  const wanted = Object.entries(workload.selector);
  return living.filter(({ labels }) => wanted.every(([name, value]) => labels[name] === value));
}

export function toStatus(workload: Workload, pods: readonly Pod[]): ServiceStatus {
  const own = podsOf(workload, pods);
  const keeper = workload.keeper === undefined ? {} : { restartPolicy: `kept by ${workload.keeper}` };
  if (workload.kind === 'CronJob') {
    const strays = workload.suspended && own.length > 0 ? { strays: own.map(({ name }) => name) } : {};
    return { name: workload.name, state: workload.suspended ? 'stopped' : 'running', ...keeper, ...strays };
  }
  if (workload.replicas === 0) {
    return { name: workload.name, state: own.length === 0 ? 'stopped' : 'running', ...keeper };
  }
  const failing = own.find(({ waiting }) => waiting !== undefined);
  const healthy = workload.readyReplicas >= workload.replicas;
  return {
    name: workload.name,
    state: failing === undefined ? 'running' : 'restarting',
    health: healthy ? 'healthy' : failing === undefined ? 'starting' : 'unhealthy',
    ...(own.length === 0
      ? {}
      : {
          incarnation: own
            .map((pod) => pod.incarnation)
            .sort()
            .join(', '),
        }),
    ...keeper,
  };
}
