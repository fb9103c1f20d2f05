import { z } from 'zod';
import { optionalText, text } from '../../platform/declare-fields.ts';
import { defineRoute, defineServices, mayBeSame } from '../services-kind.ts';
import { openKubernetesServices } from './kubernetes-services.ts';
import { openPodContainer } from './pod-container.ts';

const fields = {
  namespace: text.describe('The namespace it is in'),
  context: optionalText.describe('Of the kubeconfig; its current one when left out'),
  kubeconfig: optionalText.describe('KUBECONFIG, or the one of this user, when left out'),
};

type Given = {
  readonly namespace: string;
  readonly context?: string | undefined;
  readonly kubeconfig?: string | undefined;
};

/** What is empty counts as left out. */
function toConfig({ namespace, context, kubeconfig }: Given) {
  return {
    kind: 'kubernetes' as const,
    namespace,
    ...(context ? { context } : {}),
    ...(kubeconfig ? { kubeconfig } : {}),
  };
}

export const kubernetes = defineServices({
  kind: 'kubernetes',
  about: 'The deployments, stateful sets and cron jobs of one namespace, through kubectl.',
  programs: ['kubectl'],
  fields,
  example: { namespace: 'crm', context: 'production' },
  name: ({ namespace }) => `workloads of namespace ${namespace}`,
  open: (given, tools) => openKubernetesServices({ config: toConfig(given), ...tools }),
});

export const throughPod = defineRoute({
  kind: 'kubernetes',
  about: 'Through a container of a pod: kubectl exec.',
  programs: ['kubectl'],
  fields: {
    ...fields,
    pod: z
      .string()
      .describe(
        'The pod that reaches the server and has its programs: NAME, or statefulset/NAME or deployment/NAME where it has one; empty: straight from this host',
      ),
    container: optionalText.describe('Where the pod has several'),
  },
  example: { namespace: 'crm', pod: 'statefulset/postgres' },
  name: ({ pod }) => pod,
  serviceOnIt({ namespace, context, pod }, { services, names }) {
    const isSame = services.namespace === namespace && mayBeSame(services.context, context);
    return isSame ? names.find((name) => ownsPod(name, pod)) : undefined;
  },
  isUsed: ({ pod }) => pod !== '',
  open: ({ pod, container, ...given }, tools) =>
    openPodContainer({ config: { ...toConfig(given), pod, ...(container ? { container } : {}) }, ...tools }),
});

/** Kubernetes calls pods after what made them: NAME-0, NAME-5d4f8c7b9-x2x4z, NAME-29000000-x2x4z. */
function ownsPod(workload: string, pod: string): boolean {
  const [kind, name] = pod.includes('/') ? pod.split('/', 2) : ['pod', pod];
  if (kind !== 'pod' && kind !== 'pods') return name === workload;
  const rest = name?.startsWith(`${workload}-`) ? name.slice(workload.length + 1) : '';
  return /^(\d+|[a-z0-9]+-[a-z0-9]{5})$/.test(rest);
}
