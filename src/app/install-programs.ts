import { createInterface } from 'node:readline/promises';
import { type Failure, fail, type Outcome, succeed } from '../base/failure.ts';
import type { MissingPrograms } from '../engine/missing-programs.ts';
import type { World } from '../ports/world.ts';
import { type CommandContext, printJson, printLine } from './command-context.ts';
import type { Options } from './options.ts';

type InstallContext = Pick<CommandContext, 'stdin' | 'stdout'>;
type InstallOptions = Options<'json' | 'yes'>;

/**
 * Runs the commands of a plan, which stand on the screen already, after a yes. What they print is shown as it comes.
 *
 * @returns undefined where nothing can be run: all of it has to be done by hand.
 */
export async function installPrograms(
  { plan }: MissingPrograms,
  request: {
    readonly options: InstallOptions;
    readonly world: Pick<World, 'hostPrograms'>;
    readonly context: InstallContext;
  },
): Promise<Outcome<'installed' | 'by hand'>> {
  const { options, world, context } = request;
  const { commands } = plan;
  if (commands.length === 0) return succeed('by hand');
  const agreed = await askToInstall(commands, { options, context });
  if (!agreed.ok) return agreed;
  const say = (line: string) => {
    if (options.json) printJson(context, JSON.stringify({ type: 'output', line }));
    else printLine(context, `  ${line}`);
  };
  for (const command of commands) {
    if (options.json) printJson(context, JSON.stringify({ type: 'command', command }));
    else printLine(context, `$ ${command}`);
    const ran = await world.hostPrograms.install({ command, onLine: say });
    if (!ran.ok) return ran;
  }
  return succeed('installed');
}

async function askToInstall(
  commands: readonly string[],
  { options, context }: { readonly options: InstallOptions; readonly context: InstallContext },
): Promise<Outcome<void>> {
  if (options.yes) return succeed(undefined);
  const { stdin, stdout } = context;
  if (stdin.isTTY !== true || options.json) return fail(nobodyThere);
  const lines = createInterface({ input: stdin, output: stdout });
  const what = commands.length === 1 ? 'this command' : `these ${commands.length} commands`;
  // Ctrl+C and the end of the input close it without an answer.
  const closed = new Promise<string>((resolve) => lines.once('close', () => resolve('')));
  const typed = await Promise.race([lines.question(`Run ${what} now? Type yes: `), closed]);
  lines.close();
  return typed.trim().toLowerCase() === 'yes' ? succeed(undefined) : fail(refused);
}

const nobodyThere: Failure = {
  code: 'answer-missing',
  message: 'Nobody is there to say yes to the commands that install what is missing. Nothing was installed.',
  remedy: 'Say it beforehand: --install --yes. Or run the commands yourself.',
  retry: 'after-fix',
};

const refused: Failure = {
  code: 'cancelled',
  message: 'Nothing was installed.',
  remedy: 'Run the commands yourself, or say yes next time.',
  retry: 'safe',
};
