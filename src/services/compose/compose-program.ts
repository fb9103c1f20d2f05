import { fail, type Outcome, succeed } from '../../base/failure.ts';
import { sayInstall } from '../../platform/plan-install.ts';
import type { ProcessRunner } from '../../ports/process-runner.ts';

/** How Compose is called on this host. */
export type ComposeProgram = {
  readonly program: string;
  /** Stand before every other argument: `compose` for the plugin. */
  readonly leadingArgs: readonly string[];
  /** For example 2.26.1-4. */
  readonly version: string;
  readonly knowsProgress: boolean;
};

/** The root option --progress came with 2.20; an older Compose refuses it. */
const progressSince = [2, 20] as const;

/** What `describe` shows before anybody asked this host: the plugin of a current Compose. */
export const expectedProgram: ComposeProgram = {
  program: 'docker',
  leadingArgs: ['compose'],
  version: '',
  knowsProgress: true,
};

const candidates = [
  { program: 'docker', leadingArgs: ['compose'] },
  { program: 'docker-compose', leadingArgs: [] },
] as const;

/** What was found once, per way of running programs and environment: each question costs a tenth of a second. */
const found = new WeakMap<ProcessRunner, Map<string, ComposeProgram>>();

/** The plugin, or the program of its own; version 1 cannot print its state as JSON and is refused by name. */
export async function findComposeProgram(
  processes: ProcessRunner,
  env: Readonly<Record<string, string>>,
): Promise<Outcome<ComposeProgram>> {
  const known = found.get(processes) ?? new Map<string, ComposeProgram>();
  found.set(processes, known);
  const key = JSON.stringify(env);
  const before = known.get(key);
  if (before !== undefined) return succeed(before);
  const asked = await askForCompose(processes, env);
  if (asked.ok) known.set(key, asked.value);
  return asked;
}

async function askForCompose(
  processes: ProcessRunner,
  env: Readonly<Record<string, string>>,
): Promise<Outcome<ComposeProgram>> {
  let tooOld: string | undefined;
  for (const { program, leadingArgs } of candidates) {
    const args = [...leadingArgs, 'version', '--short'];
    const ran = await processes.run({ program, args, env, stallMs: 30_000 });
    if (!ran.ok) {
      if (ran.failure.code === 'tool-missing') continue;
      return ran;
    }
    // A docker without the plugin answers with an exit status or with its help text.
    const version = ran.value.stdout.trim().replace(/^v/, '');
    const numbers = /^(\d+)\.(\d+)\./.exec(version);
    if (ran.value.exitCode !== 0 || numbers === null) continue;
    const [major, minor] = [Number(numbers[1]), Number(numbers[2])];
    if (major < 2) {
      tooOld = `${program} ${version}`;
      continue;
    }
    const knowsProgress = major > progressSince[0] || minor >= progressSince[1];
    return succeed({ program, leadingArgs, version, knowsProgress });
  }
  return tooOld === undefined ? fail(missing()) : fail(tooOldFailure(tooOld));
}

const lacks = { program: 'docker compose' } as const;

const missing = () =>
  ({
    code: 'tool-missing',
    message: 'Neither docker compose nor docker-compose is on this host.',
    remedy: sayInstall(lacks),
    retry: 'after-fix',
    lacks,
  }) as const;

function tooOldFailure(found: string) {
  return {
    code: 'tool-too-old',
    message: `${found} is Compose version 1, which cannot report its services as JSON; version 2 is needed.`,
    remedy: sayInstall(lacks),
    retry: 'after-fix',
    lacks,
  } as const;
}
