import type { Outcome } from '../../base/failure.ts';
import type { ProcessRunner } from '../../ports/process-runner.ts';
import type { ComposeProgram } from './compose-program.ts';
import { filesOfProject, labels, namedFiles, type ProjectFiles, splitFiles } from './project-files.ts';
import { readProjectName } from './read-compose-status.ts';

export type ComposeConfig = {
  readonly kind: 'compose';
  /** One, or several joined by a colon as in COMPOSE_FILE. */
  readonly file: string;
  readonly project?: string;
  /** Compose's own --env-file, where the runbook names one. */
  readonly envFile?: string;
};

const questionStallMs = 30_000;

/** What was found once, per way of running programs: containers that are gone meanwhile take nothing of it away. */
const filesFound = new WeakMap<ProcessRunner, Map<string, ProjectFiles>>();

export function rememberedFiles(processes: ProcessRunner): Map<string, ProjectFiles> {
  const before = filesFound.get(processes) ?? new Map<string, ProjectFiles>();
  filesFound.set(processes, before);
  return before;
}

/** @returns not sure where Docker could not be asked: then it is asked again the next time. */
export async function findFiles(
  config: ComposeConfig,
  how: {
    readonly program: ComposeProgram;
    readonly processes: ProcessRunner;
    readonly env: Record<string, string>;
    /** What `config` says of these files. */
    readonly ask: (question: {
      readonly program: ComposeProgram;
      readonly files: readonly string[];
      readonly args: readonly string[];
    }) => Promise<Outcome<string>>;
  },
): Promise<ProjectFiles & { readonly isSure: boolean }> {
  const { program, processes, env } = how;
  const named = await namedFiles(config.file);
  if (named.length > 1) return { named, all: named, isSure: true };
  const ask = (args: readonly string[]) => how.ask({ program, files: named, args });
  // A file that only an inactive profile needs may be missing.
  const configured =
    config.project ?? (await nameOf(ask(wholeConfig))) ?? (await nameOf(ask(['config', '--format', 'json'])));
  if (configured === undefined) return { named, all: await filesOfProject(config.file, []), isSure: false };
  const format = `{{.Label "${labels.configFiles}"}}`;
  const args = ['ps', '--all', '--filter', `label=${labels.project}=${configured}`, '--format', format];
  const ran = await processes.run({ program: 'docker', args, env, stallMs: questionStallMs });
  const isSure = ran.ok && ran.value.exitCode === 0;
  const made = isSure ? ran.value.stdout.split('\n').map(splitFiles) : [];
  return { named, all: await filesOfProject(config.file, made), isSure };
}

/** Everything that the files say, whatever its profile: without that a service of an inactive one is not listed (docker/compose#11884). */
export const wholeConfig = ['--profile', '*', 'config', '--format', 'json'];

async function nameOf(asked: Promise<Outcome<string>>): Promise<string | undefined> {
  const answer = await asked;
  return answer.ok ? readProjectName(answer.value) : undefined;
}

/** Before every verb of Compose: its files, the project and the environment file. */
export function rootArgs(
  program: ComposeProgram,
  { config, files }: { readonly config: ComposeConfig; readonly files: readonly string[] },
): readonly string[] {
  return [
    ...program.leadingArgs,
    '--ansi',
    'never',
    ...(program.knowsProgress ? ['--progress', 'plain'] : []),
    ...files.flatMap((file) => ['--file', file]),
    ...(config.project === undefined ? [] : ['--project-name', config.project]),
    ...(config.envFile === undefined ? [] : ['--env-file', config.envFile]),
  ];
}
