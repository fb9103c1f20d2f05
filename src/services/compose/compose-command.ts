import { stripVTControlCharacters } from 'node:util';
import { type Failure, fail, type Outcome, succeed } from '../../base/failure.ts';
import { shellLine } from '../../base/quoting.ts';
import type { ContainerCall } from '../../ports/container.ts';
import type { ProcessRequest, ProcessResult, ProcessRunner } from '../../ports/process-runner.ts';
import { checkReadable, classifyComposeFailure, dockerAnswers } from './compose-failure.ts';
import { type ComposeProgram, expectedProgram, findComposeProgram } from './compose-program.ts';
import { type ComposeConfig, findFiles, rememberedFiles, rootArgs } from './find-project-files.ts';
import { namedFiles, type ProjectFiles } from './project-files.ts';

type ComposeCall = {
  readonly args: readonly string[];
  readonly onLine?: (line: string) => void;
  readonly signal?: AbortSignal;
  /** Left out, silence ends it only where Docker itself does not answer any more: a container may take minutes to stop. */
  readonly stallMs?: ProcessRequest['stallMs'];
  /** With the files of the runbook alone, and not all of the project. */
  readonly onlyNamed?: true;
};

/** Compose for one project: every call names its files, the project and the environment file. */
export type ComposeCommand = {
  /** Any exit status but 0 is a failure, classified. */
  run(call: ComposeCall): Promise<Outcome<ProcessResult>>;
  /** Docker itself, by the same way. Any exit status is a success. */
  docker(call: Pick<ProcessRequest, 'args' | 'stallMs'>): Promise<Outcome<ProcessResult>>;
  /** Any exit status is a success: it is that of the program in the container, or of Compose itself. */
  exec(call: ContainerCall): Promise<Outcome<ProcessResult>>;
  /** What it means when Compose itself ended like this. */
  classify(result: ProcessResult): Promise<Failure>;
  /** The command line, for people. */
  describe(args: readonly string[]): string;
  /** For example 2.26.1-4; empty before the first call. */
  version(): string;
  files(): Promise<Outcome<ProjectFiles>>;
};

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

/** So long it may say nothing before Docker is asked whether it is there. */
const silenceMs = 30_000;

const silentDocker =
  'Docker does not answer any more: look at it (systemctl status docker), restart it (systemctl restart docker), then retry.';

export function createComposeCommand(options: {
  readonly config: ComposeConfig;
  readonly processes: ProcessRunner;
  readonly environment: Readonly<Record<string, string | undefined>>;
}): ComposeCommand {
  const { config, processes } = options;
  const env = dockerEnvironment(options.environment);
  const finder = createFinder({ config, processes, env });
  const { find } = finder;

  async function exec(call: ContainerCall): Promise<Outcome<ProcessResult>> {
    const found = await find();
    if (!found.ok) return found;
    const { program, files } = found.value;
    const args = [...rootArgs(program, { config, files: files.all }), ...call.args];
    return processes.run({ ...call, program: program.program, args, env });
  }

  async function run(call: ComposeCall): Promise<Outcome<ProcessResult>> {
    const found = await find();
    if (!found.ok) return found;
    const { program } = found.value.program;
    const files = call.onlyNamed === true ? found.value.files.named : found.value.files.all;
    const args = [...rootArgs(found.value.program, { config, files }), ...call.args];
    const { onLine, signal, stallMs } = call;
    const patience =
      stallMs === undefined
        ? { stallMs: silenceMs, stillWorking: () => dockerAnswers(processes, env) }
        : { stallMs };
    const ran = await processes.run({
      program,
      args,
      env,
      // Compose 2.26 clears the line before each line of a log, whatever --ansi and --no-color say.
      ...(onLine === undefined ? {} : { onLine: (line: string) => onLine(stripVTControlCharacters(line)) }),
      ...(signal === undefined ? {} : { signal }),
      ...patience,
    });
    if (!ran.ok && ran.failure.code === 'stalled') return fail({ ...ran.failure, remedy: silentDocker });
    if (!ran.ok || ran.value.exitCode === 0) return ran;
    const commandLine = shellLine([program, ...args]);
    return fail(await classifyComposeFailure({ commandLine, result: ran.value, processes, env }));
  }

  return {
    run,
    exec,
    docker: (call) => processes.run({ ...call, program: 'docker', env }),
    classify: (result) =>
      classifyComposeFailure({
        commandLine: shellLine(['docker', 'compose', '--file', config.file]),
        result,
        processes,
        env,
      }),
    describe(args) {
      const { program, files } = finder.known();
      return shellLine([program.program, ...rootArgs(program, { config, files }), ...args]);
    },
    version: () => finder.known().program.version,
    async files() {
      const found = await find();
      return found.ok ? succeed(found.value.files) : found;
    },
  };
}

type Found = { readonly program: ComposeProgram; readonly files: ProjectFiles };

function createFinder(of: {
  readonly config: ComposeConfig;
  readonly processes: ProcessRunner;
  readonly env: Record<string, string>;
}) {
  const { config, processes, env } = of;
  const remembered = rememberedFiles(processes);
  const key = JSON.stringify([config, env]);
  let known: ComposeProgram | undefined;
  return {
    async find(): Promise<Outcome<Found>> {
      const readable = await checkFiles(config);
      if (!readable.ok) return readable;
      const found = await findComposeProgram(processes, env);
      if (!found.ok) return found;
      known = found.value;
      const before = remembered.get(key);
      if (before !== undefined) return succeed({ program: found.value, files: before });
      const files = await findFiles(config, { program: found.value, processes, env });
      if (files.isSure) remembered.set(key, files);
      return succeed({ program: found.value, files });
    },
    /** For `describe`, which cannot wait. */
    known: () => ({
      program: known ?? expectedProgram,
      files: remembered.get(key)?.all ?? [config.file],
    }),
  };
}

async function checkFiles(config: ComposeConfig): Promise<Outcome<void>> {
  for (const file of await namedFiles(config.file)) {
    const readable = await checkReadable(file, 'compose');
    if (!readable.ok) return readable;
  }
  return config.envFile === undefined ? succeed(undefined) : checkReadable(config.envFile, 'environment');
}

function dockerEnvironment(
  environment: Readonly<Record<string, string | undefined>>,
): Record<string, string> {
  const kept = passedOn.map((name) => [name, environment[name]] as const);
  return Object.fromEntries(kept.filter((entry): entry is [string, string] => entry[1] !== undefined));
}
