import { z } from 'zod';
import { optionalText, text } from '../../platform/declare-fields.ts';
import { defineRoute, defineServices } from '../services-kind.ts';
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
  fields,
  example: { namespace: 'crm', context: 'production' },
  name: ({ namespace }) => `workloads of namespace ${namespace}`,
  open: (given, tools) => openKubernetesServices({ config: toConfig(given), ...tools }),
});

export const throughPod = defineRoute({
  kind: 'kubernetes',
  about: 'Through a container of a pod: kubectl exec.',
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
  isUsed: ({ pod }) => pod !== '',
  open: ({ pod, container, ...given }, tools) =>
    openPodContainer({ config: { ...toConfig(given), pod, ...(container ? { container } : {}) }, ...tools }),
});
