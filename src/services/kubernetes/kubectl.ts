import { type Failure, fail, type Outcome } from '../../base/failure.ts';
import { shellLine } from '../../base/quoting.ts';
import type { ContainerCall } from '../../ports/container.ts';
import type { ProcessRequest, ProcessResult, ProcessRunner } from '../../ports/process-runner.ts';

export type KubernetesConfig = {
  readonly kind: 'kubernetes';
  readonly namespace: string;
  readonly context?: string;
  /** Left out: KUBECONFIG, or the user's own. */
  readonly kubeconfig?: string;
};

type KubectlCall = {
  readonly args: readonly string[];
  readonly onLine?: (line: string) => void;
  readonly signal?: AbortSignal;
  /** A minute when left out. */
  readonly stallMs?: ProcessRequest['stallMs'];
};

/** kubectl for one namespace of one cluster. */
export type Kubectl = {
  /** Any exit status but 0 is a failure, classified by the reason the API server gives. */
  run(call: KubectlCall): Promise<Outcome<ProcessResult>>;
  /** Any exit status is a success: it is that of the program in the container, or of kubectl itself. */
  exec(call: ContainerCall): Promise<Outcome<ProcessResult>>;
  /** What it means when kubectl itself ended like this. */
  classify(result: ProcessResult, args: readonly string[]): Promise<Failure>;
  describe(args: readonly string[]): string;
};

const questionStallMs = 60_000;
const webSockets = 'KUBECTL_REMOTE_COMMAND_WEBSOCKETS';

/** Reasons of the Kubernetes API (metav1.StatusReason), which kubectl repeats in parentheses. */
const codeOfReason: Readonly<Record<string, Failure['code']>> = {
  NotFound: 'not-found',
  Forbidden: 'denied',
  Unauthorized: 'denied',
  Conflict: 'conflict',
  Invalid: 'invalid-input',
  BadRequest: 'invalid-input',
  ServiceUnavailable: 'unreachable',
  Timeout: 'unreachable',
  ServerTimeout: 'unreachable',
};

/** @param options.rights what an account must be allowed, for the one who is refused: get and list pods. */
export function createKubectl(options: {
  readonly config: KubernetesConfig;
  readonly processes: ProcessRunner;
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly rights: string;
}): Kubectl {
  const { config, processes, environment, rights } = options;
  const root = [
    ...(config.kubeconfig === undefined ? [] : [`--kubeconfig=${config.kubeconfig}`]),
    ...(config.context === undefined ? [] : [`--context=${config.context}`]),
    `--namespace=${config.namespace}`,
  ];
  // The one variable that leads to a cluster; a kubeconfig may also call programs, which find theirs in HOME.
  const env = {
    ...(environment.KUBECONFIG ? { KUBECONFIG: environment.KUBECONFIG } : {}),
    // From 1.30 on it tries WebSocket first, and where the way there seems to fail, runs the command once more over SPDY, though it may have
    // begun: a restore would run twice. Whoever needs WebSocket for a proxy says so himself.
    [webSockets]: environment[webSockets] ?? 'false',
  };
  const call = (request: KubectlCall) => {
    const { args, onLine, signal, stallMs = questionStallMs } = request;
    return processes.run({
      program: 'kubectl',
      args: [...root, ...args],
      env,
      ...(onLine === undefined ? {} : { onLine }),
      ...(signal === undefined ? {} : { signal }),
      stallMs,
    });
  };
  return {
    async run(request) {
      const ran = await call(request);
      if (!ran.ok || ran.value.exitCode === 0) return ran;
      return fail(await classify(ran.value, request.args));
    },
    exec: (request) =>
      processes.run({ ...request, program: 'kubectl', args: [...root, ...request.args], env }),
    classify,
    describe: (args) => shellLine(['kubectl', ...root, ...args]),
  };

  async function classify(result: ProcessResult, args: readonly string[]): Promise<Failure> {
    const detail = result.stderr.trim().split('\n').slice(-8).join('\n');
    const reason = /\((\w+)\)/.exec(/Error from server \(\w+\)/.exec(result.stderr)?.[0] ?? '')?.[1];
    const code = codeOfReason[reason ?? ''];
    if (code !== undefined) return { ...refused(config, { code, reason: reason ?? '', rights }), detail };
    // kubectl ends with 1 for everything, so the server is asked whether it answers at all.
    const alive = await call({ args: ['get', '--raw=/readyz'] });
    if (!alive.ok) return alive.failure;
    if (alive.value.exitCode !== 0) return { ...unreachable(config), detail };
    return {
      code: 'command-failed',
      message: `kubectl ${args[0] ?? ''} ended with status ${result.exitCode}.`,
      remedy: 'Read the last lines it printed, mend what they name, then try again.',
      retry: 'after-fix',
      detail,
    };
  }
}

function refused(
  config: KubernetesConfig,
  {
    code,
    reason,
    rights,
  }: { readonly code: Failure['code']; readonly reason: string; readonly rights: string },
): Failure {
  return {
    code,
    message: `The Kubernetes API refuses in namespace ${config.namespace}: ${reason}.`,
    remedy:
      code === 'denied'
        ? `Use an account that may ${rights} there.`
        : 'Check the namespace and the names in the runbook.',
    retry: 'after-fix',
  };
}

function unreachable(config: KubernetesConfig): Failure {
  return {
    code: 'unreachable',
    message: `The Kubernetes API${config.context === undefined ? '' : ` of context ${config.context}`} does not answer.`,
    remedy: 'Check the kubeconfig and the context in the runbook, and that the cluster is up.',
    retry: 'safe',
  };
}
