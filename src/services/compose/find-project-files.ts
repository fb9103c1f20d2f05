import type { ProcessRunner } from '../../ports/process-runner.ts';
import type { ComposeProgram } from './compose-program.ts';
import { filesOfProject, namedFiles, type ProjectFiles } from './project-files.ts';
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
  },
): Promise<ProjectFiles & { readonly isSure: boolean }> {
  const { processes, env } = how;
  const named = await namedFiles(config.file);
  if (named.length > 1) return { named, all: named, isSure: true };
  const ask = async (program: string, args: readonly string[]) => {
    const ran = await processes.run({ program, args, env, stallMs: questionStallMs });
    return ran.ok && ran.value.exitCode === 0 ? ran.value.stdout : undefined;
  };
  const { program } = how.program;
  const configured =
    config.project ??
    readProjectName(
      (await ask(program, [
        ...rootArgs(how.program, { config, files: named }),
        'config',
        '--format',
        'json',
      ])) ?? '',
    );
  const label = `label=com.docker.compose.project=${configured ?? ''}`;
  const listed =
    configured === undefined
      ? undefined
      : await ask('docker', ['ps', '-aq', '--no-trunc', '--filter', label]);
  const ids = (listed ?? '').split('\n').filter((id) => id !== '');
  const labels =
    ids.length === 0 ? '' : await ask('docker', ['inspect', '--format', '{{json .Config.Labels}}', ...ids]);
  const all = await filesOfProject(config.file, labels ?? '');
  return { named, all, isSure: listed !== undefined && labels !== undefined };
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
