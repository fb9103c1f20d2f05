import type { Failure } from '../../base/failure.ts';
import type { Container } from '../../ports/container.ts';
import type { ProcessResult, ProcessRunner } from '../../ports/process-runner.ts';
import { type ComposeCommand, createComposeCommand } from './compose-command.ts';
import type { ComposeConfig } from './find-project-files.ts';

const otherWay =
  'Publish the port of the database on 127.0.0.1 for the time of the restore, and use it without `via`.';

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
    explain: (result) => explain(compose, { address, service, result }),
    otherWay,
  };
}

/** Whether its container runs is asked, since Compose ends with the same status for nearly everything; Docker itself may be down, too. */
async function explain(
  compose: ComposeCommand,
  { address, service, result }: { address: string; service: string; result: ProcessResult },
): Promise<Failure> {
  const failure = await compose.classify(result);
  if (failure.code !== 'command-failed') return failure;
  const asked = await compose.run({ args: ['ps', '--services', '--filter', 'status=running'] });
  if (!asked.ok) return asked.failure;
  const start = compose.describe(['up', '--detach', service]);
  if (!asked.value.stdout.split('\n').includes(service)) {
    return {
      ...{ ...failure, code: 'unreachable' },
      message: `The ${address} is not running.`,
      remedy: `Start it (${start}), wait until it is healthy, then try again.`,
    };
  }
  return {
    ...{ ...failure, code: 'unreachable' },
    message: `The ${address} runs, but no command in it: it has no shell, or is about to stop.`,
    remedy: `Look at it: ${compose.describe(['logs', service])}. Where its image has no shell: ${otherWay}`,
  };
}
