import { type Failure, fail, type Outcome, succeed } from '../../base/failure.ts';
import { pause } from '../../platform/pause.ts';
import type { ProcessRunner } from '../../ports/process-runner.ts';
import type { Services } from '../../ports/services.ts';
import { type ComposeCommand, type ComposeConfig, createComposeCommand } from './compose-command.ts';
import { addElsewhere } from './find-elsewhere.ts';
import {
  type ComposeContainer,
  combineStatus,
  type DeclaredService,
  readComposeContainers,
  readDeclaredServices,
  readStarts,
} from './read-compose-status.ts';

/** A question to a healthy Docker takes a second; silence for that long means that it hangs. */
const questionStallMs = 60_000;

const followPauseMs = 500;

/** Without this, a service of an inactive profile is neither listed nor stopped (docker/compose#11884). */
const everyProfile = ['--profile', '*'];

/**
 * The services of a compose file, through the docker CLI.
 * @param environment where DOCKER_HOST and its kin are read; the process's own when left out.
 */
export function openComposeServices(options: {
  readonly config: ComposeConfig;
  readonly processes: ProcessRunner;
  readonly environment?: Readonly<Record<string, string | undefined>>;
}): Services {
  const { config, processes, environment = process.env } = options;
  const compose = createComposeCommand({ config, processes, environment });

  const act = (action: 'stop' | 'start'): Services['stop'] => {
    return async ({ names, onLine, signal }) => {
      const allKnown = await requireServices(compose, { names, config });
      if (!allKnown.ok) return allKnown;
      const cancellable = signal === undefined ? {} : { signal };
      const ran = await compose.run({ args: actionArgs(action, names), onLine, ...cancellable });
      return ran.ok ? succeed(undefined) : ran;
    };
  };

  return {
    address: `compose file ${config.file}`,
    async probe() {
      const services = await listDeclared(compose);
      if (!services.ok) return services;
      // The configuration is read without Docker; the list of containers is not.
      const answered = await listContainers(compose);
      if (!answered.ok) return answered;
      const names = services.value.map((service) => service.name);
      return succeed({ version: `Docker Compose ${compose.version()}`, services: names });
    },
    async status() {
      const services = await listDeclared(compose);
      if (!services.ok) return services;
      const found = await listContainers(compose);
      if (!found.ok) return found;
      const starts = await listStarts(compose, found.value);
      if (!starts.ok) return starts;
      return addElsewhere(combineStatus(services.value, found.value, starts.value), {
        compose,
        file: config.file,
        containersOf: (project) =>
          listContainers(createComposeCommand({ config: { ...config, project }, processes, environment })),
        stallMs: questionStallMs,
      });
    },
    describe: (action, names) => compose.describe(actionArgs(action, names)),
    stop: act('stop'),
    start: act('start'),
    async followLog(request) {
      const allKnown = await requireServices(compose, { names: [request.service], config });
      return allKnown.ok ? followLog(compose, request) : allKnown;
    },
  };
}

async function listDeclared(compose: ComposeCommand): Promise<Outcome<readonly DeclaredService[]>> {
  const args = [...everyProfile, 'config', '--format', 'json'];
  const ran = await compose.run({ args, stallMs: questionStallMs });
  return ran.ok ? readDeclaredServices(ran.value.stdout) : ran;
}

async function listContainers(compose: ComposeCommand) {
  const args = [...everyProfile, 'ps', '--all', '--no-trunc', '--format', 'json'];
  const ran = await compose.run({ args, stallMs: questionStallMs });
  return ran.ok ? readComposeContainers(ran.value.stdout) : ran;
}

/** Compose itself does not say it. A container that went away meanwhile is left out; nothing of it is known any more. */
async function listStarts(
  compose: ComposeCommand,
  containers: readonly ComposeContainer[],
): Promise<Outcome<ReadonlyMap<string, string>>> {
  const ids = containers.flatMap(({ id }) => (id === '' ? [] : [id]));
  if (ids.length === 0) return succeed(new Map());
  const ran = await compose.docker({
    args: ['inspect', '--format', '{{.Id}} {{.State.StartedAt}}', ...ids],
    stallMs: questionStallMs,
  });
  // The program of its own, docker-compose, may stand alone on a host: then nobody can tell.
  if (!ran.ok) return ran.failure.code === 'tool-missing' ? succeed(new Map()) : ran;
  return succeed(readStarts(ran.value.stdout));
}

async function requireServices(
  compose: ComposeCommand,
  { names, config }: { readonly names: readonly string[]; readonly config: ComposeConfig },
): Promise<Outcome<void>> {
  const services = await listDeclared(compose);
  if (!services.ok) return services;
  const known = services.value.map((service) => service.name);
  const unknown = names.filter((name) => !known.includes(name));
  return unknown.length === 0 ? succeed(undefined) : fail(unknownService(unknown, { known, config }));
}

async function followLog(
  compose: ComposeCommand,
  { service, onLine, signal }: Parameters<Services['followLog']>[0],
): Promise<Outcome<void>> {
  let from = ['--tail', '0'];
  while (!signal.aborted) {
    const args = [...everyProfile, 'logs', '--follow', '--no-color', '--no-log-prefix', ...from, service];
    const ran = await compose.run({ args, onLine, signal, stallMs: 'endless' });
    if (!ran.ok && !signal.aborted) return ran;
    // Compose ends with the container. What the next one says before we look again must not be lost.
    from = ['--since', new Date().toISOString()];
    await pause(followPauseMs, signal);
  }
  return succeed(undefined);
}

/** Stopping reaches every profile; starting leaves a profile that nobody named alone, as `up` does. */
function actionArgs(action: 'stop' | 'start', names: readonly string[]): readonly string[] {
  return action === 'stop' ? [...everyProfile, 'stop', ...names] : ['up', '--detach', ...names];
}

function unknownService(
  unknown: readonly string[],
  { known, config }: { readonly known: readonly string[]; readonly config: ComposeConfig },
): Failure {
  return {
    code: 'not-found',
    message: `There is no service ${unknown.join(', ')} in ${config.file}: it has ${known.join(', ') || 'none'}.`,
    remedy: 'Correct the names of the services in the runbook.',
    retry: 'after-fix',
  };
}
