import type { Failure } from '../../base/failure.ts';
import type { Container } from '../../ports/container.ts';
import type { ProcessResult, ProcessRunner } from '../../ports/process-runner.ts';
import { type ComposeCommand, createComposeCommand } from './compose-command.ts';
import type { ComposeConfig } from './find-project-files.ts';

/** The container of one service: `docker compose exec -T SERVICE`. */
export function openComposeContainer(options: {
  readonly config: ComposeConfig & {
    /** The service in whose container the server runs, with the programs of PostgreSQL beside it. */
    readonly service: string;
  };
  readonly processes: ProcessRunner;
  readonly environment?: Readonly<Record<string, string | undefined>>;
}): Container {
  const { config, processes, environment = process.env } = options;
  const { service } = config;
  const compose = createComposeCommand({ config, processes, environment });
  const address = `service ${service} of compose file ${config.file}`;
  const within = (args: readonly string[]) => ['exec', '-T', service, ...args];
  return {
    address,
    exec: (call) => compose.exec({ ...call, args: within(call.args) }),
    describe: (args) => compose.describe(within(args)),
    explain: (result) => explain(compose, { address, result }),
    otherWay:
      'Publish the port of the database on 127.0.0.1 for the time of the restore, and use it without `via`.',
  };
}

/** The container is down, or has no shell; Docker itself may be down, too. */
async function explain(
  compose: ComposeCommand,
  { address, result }: { readonly address: string; readonly result: ProcessResult },
): Promise<Failure> {
  const failure = await compose.classify(result);
  if (failure.code !== 'command-failed') return failure;
  return {
    ...failure,
    code: 'unreachable',
    message: `The ${address} does not run a command: its container is down, or has no shell.`,
    remedy: 'Start that service, wait until it is healthy, then try again.',
  };
}
