import { dirname, join } from 'node:path';
import { stripVTControlCharacters } from 'node:util';
import { type Failure, fail, type Outcome, succeed } from '../../base/failure.ts';
import { shellLine } from '../../base/quoting.ts';
import type { ContainerCall } from '../../ports/container.ts';
import type { ProcessRequest, ProcessResult, ProcessRunner } from '../../ports/process-runner.ts';
import { checkReadable, classifyComposeFailure, dockerAnswers } from './compose-failure.ts';
import { type ComposeProgram, expectedProgram, findComposeProgram } from './compose-program.ts';
import { type ComposeConfig, findFiles, rememberedFiles, rootArgs } from './find-project-files.ts';
import { keepAnswers } from './keep-answers.ts';
import { namedFiles, type ProjectFiles } from './project-files.ts';

type ComposeCall = {
  readonly args: readonly string[];
  readonly onLine?: (line: string) => void;
  readonly signal?: AbortSignal;
  /** Left out, silence ends it only where Docker itself does not answer any more: a container may take minutes to stop. */
  readonly stallMs?: ProcessRequest['stallMs'];
};

/** Compose for one project: every call names its files, the project and the environment file. */
export type ComposeCommand = {
  /** Any exit status but 0 is a failure, classified. */
  run(call: ComposeCall): Promise<Outcome<ProcessResult>>;
  /**
   * What `config` prints with these options, of all files of the project or of those that the runbook names. It is read from the files alone, so that it is asked once and kept for a while, until
   * `forget`.
   */
  config(args: readonly string[], onlyNamed?: true): Promise<Outcome<string>>;
  /** After an act, and before whatever has to be looked at afresh. */
  forget(): void;
  /** Docker itself, by the same way. Any exit status is a success. */
  docker(args: readonly string[]): Promise<Outcome<ProcessResult>>;
  /** Docker itself, at something that takes long: only where it does not answer any more, that is ended. */
  work(call: Pick<ProcessRequest, 'args' | 'outputTo'>): Promise<Outcome<ProcessResult>>;
  /** Docker itself: what it printed. Any exit status but 0 is a failure, classified. */
  ask(args: readonly string[]): Promise<Outcome<string>>;
  /** Whether Compose is a plugin of docker, which is there then, and answers in a fifth of Compose's time. Known after the first call. */
  hasDocker(): boolean;
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

/** A question to a healthy Docker takes a second; silence for that long means that it hangs. */
export const questionStallMs = 60_000;

const silentDocker =
  'Docker does not answer any more: look at it (systemctl status docker), restart it (systemctl restart docker), then retry.';

type Surroundings = {
  readonly config: ComposeConfig;
  readonly processes: ProcessRunner;
  readonly env: Record<string, string>;
};

export function createComposeCommand(options: {
  readonly config: ComposeConfig;
  readonly processes: ProcessRunner;
  readonly environment: Readonly<Record<string, string | undefined>>;
}): ComposeCommand {
  const { config, processes } = options;
  const env = dockerEnvironment(options.environment);
  const at = { config, processes, env };
  const files = createFilesReader(at);
  const finder = createFinder(at, files);
  const { find } = finder;

  async function exec(call: ContainerCall): Promise<Outcome<ProcessResult>> {
    const found = await find();
    if (!found.ok) return found;
    const args = [...rootArgs(found.value.program, { config, files: found.value.files.all }), ...call.args];
    return processes.run({ ...call, program: found.value.program.program, args, env });
  }

  async function run({ onLine, signal, stallMs, ...call }: ComposeCall): Promise<Outcome<ProcessResult>> {
    const found = await find();
    if (!found.ok) return found;
    const { program } = found.value.program;
    const args = [...rootArgs(found.value.program, { config, files: found.value.files.all }), ...call.args];
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
    return judge(ran, { ...at, commandLine: [program, ...args] });
  }

  return {
    run,
    exec,
    ...createDocker(at),
    async config(args, onlyNamed) {
      const found = await find();
      if (!found.ok) return found;
      const { program, files: project } = found.value;
      return files.ask({ program, files: onlyNamed ? project.named : project.all, args });
    },
    forget: files.forget,
    hasDocker: () => finder.known().program.program === 'docker',
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

function createDocker(at: Surroundings): Pick<ComposeCommand, 'docker' | 'ask' | 'work'> {
  const docker: ComposeCommand['docker'] = (args) =>
    at.processes.run({ program: 'docker', args, env: at.env, stallMs: questionStallMs });
  return {
    docker,
    async work(call) {
      const { processes, env } = at;
      const stillWorking = () => dockerAnswers(processes, env);
      const ran = await processes.run({ program: 'docker', ...call, env, stallMs: silenceMs, stillWorking });
      return judge(ran, { ...at, commandLine: ['docker', ...call.args] });
    },
    async ask(args) {
      const ran = await judge(await docker(args), { ...at, commandLine: ['docker', ...args] });
      return ran.ok ? succeed(ran.value.stdout) : ran;
    },
  };
}

/** Any exit status but 0 is a failure. */
async function judge(
  ran: Outcome<ProcessResult>,
  { commandLine, processes, env }: Surroundings & { readonly commandLine: readonly string[] },
): Promise<Outcome<ProcessResult>> {
  if (!ran.ok && ran.failure.code === 'stalled') return fail({ ...ran.failure, remedy: silentDocker });
  if (!ran.ok || ran.value.exitCode === 0) return ran;
  const request = { commandLine: shellLine(commandLine), result: ran.value, processes, env };
  return fail(await classifyComposeFailure(request));
}

type FilesReader = ReturnType<typeof createFilesReader>;

/** `config` and its options, of these files. */
function createFilesReader(at: Surroundings) {
  const { config, processes, env } = at;
  const answers = keepAnswers<string>();
  return {
    forget: answers.forget,
    ask(question: {
      readonly program: ComposeProgram;
      readonly files: readonly string[];
      readonly args: readonly string[];
    }): Promise<Outcome<string>> {
      const { program, files } = question;
      const args = [...rootArgs(program, { config, files }), ...question.args];
      const variables = config.envFile ?? join(dirname(files[0] ?? config.file), '.env');
      return answers.once({ key: JSON.stringify(args), files: [...files, variables] }, async () => {
        const ran = await processes.run({ program: program.program, args, env, stallMs: questionStallMs });
        const judged = await judge(ran, { ...at, commandLine: [program.program, ...args] });
        return judged.ok ? succeed(judged.value.stdout) : judged;
      });
    },
  };
}

type Found = { readonly program: ComposeProgram; readonly files: ProjectFiles };

function createFinder({ config, processes, env }: Surroundings, reader: FilesReader) {
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
      const files = await findFiles(config, { program: found.value, processes, env, ask: reader.ask });
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
