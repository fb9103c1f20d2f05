import { setTimeout as pause } from 'node:timers/promises';
import { stripVTControlCharacters } from 'node:util';
import { fail, type Outcome, succeed } from '../../base/failure.ts';
import type { ProcessResult, ProcessRunner } from '../../ports/process-runner.ts';
import type { ServiceRequest, Services, ServicesConfig } from '../../ports/services.ts';
import { checkReadable, classifyComposeFailure } from './compose-failure.ts';
import { type ComposeProgram, expectedProgram, findComposeProgram } from './compose-program.ts';
import {
  combineStatus,
  type DeclaredService,
  readComposeContainers,
  readDeclaredServices,
} from './read-compose-status.ts';

export type ComposeConfig = Extract<ServicesConfig, { kind: 'compose' }>;

/**
 * What leads to Docker. Nothing else of our environment reaches Compose: a DATABASE_URL set for the restore would
 * win over the one in .env and the services would start with it.
 */
const passedOn = [
  'DOCKER_HOST',
  'DOCKER_CONTEXT',
  'DOCKER_CONFIG',
  'DOCKER_TLS_VERIFY',
  'DOCKER_CERT_PATH',
  'SSH_AUTH_SOCK',
];

/** A question to a healthy Docker takes a second; silence for that long means that it hangs. */
const questionStallMs = 60_000;

const followPauseMs = 500;

type Call = {
  readonly args: readonly string[];
  readonly onLine?: (line: string) => void;
  readonly signal?: AbortSignal;
  readonly stallMs?: number;
};

/**
 * The services of a compose file, through the docker CLI.
 * @param environment where DOCKER_HOST and its kin are read; the process's own when left out.
 */
export function openComposeServices(options: {
  readonly config: ComposeConfig;
  readonly processes: ProcessRunner;
  readonly environment?: Readonly<Record<string, string | undefined>>;
}): Services {
  const { config, processes } = options;
  const env = dockerEnvironment(options.environment ?? process.env);
  let known: ComposeProgram | undefined;

  async function compose(call: Call): Promise<Outcome<ProcessResult>> {
    const readable = await checkReadable(config.file, 'compose');
    if (!readable.ok) return readable;
    const { envFile } = config;
    const given = envFile === undefined ? readable : await checkReadable(envFile, 'environment');
    if (!given.ok) return given;
    const found = known === undefined ? await findComposeProgram(processes, env) : succeed(known);
    if (!found.ok) return found;
    known = found.value;
    const args = [...rootArgs(known, config), ...call.args];
    const { onLine, signal, stallMs } = call;
    const ran = await processes.run({
      program: known.program,
      args,
      env,
      // Compose 2.26 clears the line before each line of a log, whatever --ansi and --no-color say.
      ...(onLine === undefined ? {} : { onLine: (line: string) => onLine(stripVTControlCharacters(line)) }),
      ...(signal === undefined ? {} : { signal }),
      ...(stallMs === undefined ? {} : { stallMs }),
    });
    if (!ran.ok || ran.value.exitCode === 0) return ran;
    const commandLine = [known.program, ...args].map(quote).join(' ');
    return fail(await classifyComposeFailure({ commandLine, result: ran.value, processes, env }));
  }

  async function declared(): Promise<Outcome<readonly DeclaredService[]>> {
    const ran = await compose({
      args: [...everyProfile, 'config', '--format', 'json'],
      stallMs: questionStallMs,
    });
    return ran.ok ? readDeclaredServices(ran.value.stdout) : ran;
  }

  async function containers() {
    const args = [...everyProfile, 'ps', '--all', '--no-trunc', '--format', 'json'];
    const ran = await compose({ args, stallMs: questionStallMs });
    return ran.ok ? readComposeContainers(ran.value.stdout) : ran;
  }

  async function requireKnown(names: readonly string[]): Promise<Outcome<void>> {
    const services = await declared();
    if (!services.ok) return services;
    const unknown = names.filter((name) => !services.value.some((service) => service.name === name));
    return unknown.length === 0 ? succeed(undefined) : fail(unknownService(unknown, services.value, config));
  }

  async function act(action: 'stop' | 'start', request: ServiceRequest): Promise<Outcome<void>> {
    const allKnown = await requireKnown(request.names);
    if (!allKnown.ok) return allKnown;
    const { onLine, signal } = request;
    const ran = await compose({
      args: actionArgs(action, request.names),
      onLine,
      ...(signal === undefined ? {} : { signal }),
    });
    return ran.ok ? succeed(undefined) : ran;
  }

  return {
    address: `compose file ${config.file}`,
    async probe() {
      const services = await declared();
      if (!services.ok) return services;
      // The configuration is read without Docker; the list of containers is not.
      const answered = await containers();
      if (!answered.ok) return answered;
      const names = services.value.map((service) => service.name);
      return succeed({ version: `Docker Compose ${known?.version ?? ''}`.trim(), services: names });
    },
    async status() {
      const services = await declared();
      if (!services.ok) return services;
      const found = await containers();
      return found.ok ? succeed(combineStatus(services.value, found.value)) : found;
    },
    describe(action, names) {
      const program = known ?? expectedProgram;
      const words = [program.program, ...rootArgs(program, config), ...actionArgs(action, names)];
      return words.map(quote).join(' ');
    },
    stop: (request) => act('stop', request),
    start: (request) => act('start', request),
    async followLog({ service, onLine, signal }) {
      const allKnown = await requireKnown([service]);
      if (!allKnown.ok) return allKnown;
      let from = ['--tail', '0'];
      while (!signal.aborted) {
        const args = [...everyProfile, 'logs', '--follow', '--no-color', '--no-log-prefix', ...from, service];
        const ran = await compose({ args, onLine, signal });
        if (!ran.ok && !signal.aborted) return ran;
        // Compose ends with the container. What the next one says before we look again must not be lost.
        from = ['--since', new Date().toISOString()];
        await pause(followPauseMs, undefined, { signal }).catch(() => undefined);
      }
      return succeed(undefined);
    },
  };
}

/** Without this, a service of an inactive profile is neither listed nor stopped (docker/compose#11884). */
const everyProfile = ['--profile', '*'];

function rootArgs(program: ComposeProgram, config: ComposeConfig): readonly string[] {
  return [
    ...program.leadingArgs,
    '--ansi',
    'never',
    ...(program.knowsProgress ? ['--progress', 'plain'] : []),
    '--file',
    config.file,
    ...(config.project === undefined ? [] : ['--project-name', config.project]),
    ...(config.envFile === undefined ? [] : ['--env-file', config.envFile]),
  ];
}

/** Stopping reaches every profile; starting leaves a profile that nobody named alone, as `up` does. */
function actionArgs(action: 'stop' | 'start', names: readonly string[]): readonly string[] {
  return action === 'stop' ? [...everyProfile, 'stop', ...names] : ['up', '--detach', ...names];
}

function dockerEnvironment(
  environment: Readonly<Record<string, string | undefined>>,
): Record<string, string> {
  const kept = passedOn.map((name) => [name, environment[name]] as const);
  return Object.fromEntries(kept.filter((entry): entry is [string, string] => entry[1] !== undefined));
}

function unknownService(
  unknown: readonly string[],
  services: readonly DeclaredService[],
  config: ComposeConfig,
) {
  const names = services.map((service) => service.name).join(', ');
  return {
    code: 'not-found',
    message: `There is no service ${unknown.join(', ')} in ${config.file}: it has ${names || 'none'}.`,
    remedy: 'Correct the names of the services in the runbook.',
    retry: 'after-fix',
  } as const;
}

/** For people who copy the line into a shell. */
function quote(word: string): string {
  return /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`;
}
