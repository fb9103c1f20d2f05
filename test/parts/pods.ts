import { readdir, readFile } from 'node:fs/promises';
import { standInNode } from './kubernetes.ts';

type Named = { readonly name: string; readonly namespace: string };

/** A pod by itself, on the node there is. */
export function podOf({
  name,
  namespace,
  containers,
}: Named & { readonly containers: readonly string[] }): object {
  return { apiVersion: 'v1', kind: 'Pod', metadata: { name, namespace }, spec: podSpec(containers) };
}

/** A deployment or stateful set whose pods are called after it. */
export function workloadOf(given: {
  readonly kind: 'Deployment' | 'StatefulSet';
  readonly name: string;
  readonly namespace: string;
  readonly replicas: number;
}): object {
  const { kind, name, namespace, replicas } = given;
  const labels = { app: name };
  return {
    apiVersion: 'apps/v1',
    kind,
    metadata: { name, namespace },
    spec: {
      replicas,
      ...(kind === 'StatefulSet' ? { serviceName: name, podManagementPolicy: 'Parallel' } : {}),
      selector: { matchLabels: labels },
      template: { metadata: { labels }, spec: podSpec([name]) },
    },
  };
}

function podSpec(containers: readonly string[]): object {
  return { nodeName: standInNode, containers: containers.map((name) => ({ name, image: 'none' })) };
}

/** Whether a process of this host has these words on its command line, one after the other. */
export async function isRunningHere(words: string): Promise<boolean> {
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name));
  const lines = await Promise.all(
    pids.map((pid) => readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '')),
  );
  return lines.some((line) => line.replaceAll('\0', ' ').trim() === words);
}
