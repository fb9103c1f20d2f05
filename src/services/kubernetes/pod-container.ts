import type { Failure, Outcome } from '../../base/failure.ts';
import type { Container } from '../../ports/container.ts';
import type { ProcessResult, ProcessRunner } from '../../ports/process-runner.ts';
import { findPod, type PodRoute, type RunningContainer } from './find-pod.ts';
import { createKubectl, type Kubectl } from './kubectl.ts';

const rights = 'get and list pods, deployments and statefulsets, and create pods/exec';

/** A container of a pod: `kubectl exec -i`, never with a terminal, which would change bytes. */
export function openPodContainer(options: {
  readonly config: PodRoute;
  readonly processes: ProcessRunner;
  readonly environment?: Readonly<Record<string, string | undefined>>;
}): Container {
  const { config, processes, environment = process.env } = options;
  const { namespace, context, pod } = config;
  const kubectl = createKubectl({ config, processes, environment, rights });
  const place = `namespace ${namespace}${context === undefined ? '' : ` of ${context}`}`;
  const address = `${pod.includes('/') ? pod : `pod ${pod}`} in ${place}`;
  // One pod for the whole run, so that no connection lands elsewhere; looked for again once it no longer answers.
  let known: Promise<Outcome<RunningContainer>> | undefined;
  const find = async () => {
    known ??= findPod(kubectl, config);
    const found = await known;
    if (!found.ok) known = undefined;
    return found;
  };
  return {
    address,
    async exec(call) {
      const found = await find();
      if (!found.ok) return found;
      return kubectl.exec({ ...call, args: [...within(found.value), ...call.args] });
    },
    describe: (args) => kubectl.describe([...within({ pod, container: config.container }), ...args]),
    async explain(result) {
      known = undefined;
      const found = await find();
      return found.ok ? explain(kubectl, { address, result }) : found.failure;
    },
    otherWay: `Forward the port of the database for the time of the restore (kubectl port-forward ${pod} 5432), and use it without \`via\`.`,
  };
}

function within(meant: { readonly pod: string; readonly container: string | undefined }): readonly string[] {
  const { pod, container } = meant;
  return ['exec', '-i', pod, ...(container === undefined ? [] : [`--container=${container}`]), '--'];
}

/** The container runs, and yet nothing began in it. */
async function explain(
  kubectl: Kubectl,
  { address, result }: { readonly address: string; readonly result: ProcessResult },
): Promise<Failure> {
  const failure = await kubectl.classify(result, ['exec']);
  if (failure.code !== 'command-failed') return failure;
  const said = result.stderr.trim().split('\n').at(-1);
  return {
    ...failure,
    code: 'unreachable',
    message: `The ${address} does not run a command; kubectl ends with status ${result.exitCode}${said ? `: ${said}` : ' and says nothing'}.`,
    remedy: 'See whether it has a shell and its node answers: kubectl exec -i POD -- sh -c true.',
  };
}
