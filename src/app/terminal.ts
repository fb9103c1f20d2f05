import { createInterface } from 'node:readline/promises';
import { fail, type Outcome, succeed } from '../base/failure.ts';
import type { Attendants } from './attendants.ts';
import type { CommandContext } from './command-context.ts';
import type { Options } from './options.ts';

/** How a command talks; some have no --json. */
export type TerminalOptions = Options<'plain' | 'inline' | 'noColor'> & Partial<Options<'json'>>;

/** What is needed to show something to a person and to ask. */
export type TerminalContext = Pick<
  CommandContext,
  'stdin' | 'stdout' | 'environment' | 'splash' | 'attendants'
>;

/**
 * How a run is attended: on the screen, by lines with a person answering, by lines with nobody there, or, where this process was
 * begun for the run alone, from the terminals of others.
 */
type Attendance = 'screen' | 'lines-with-person' | 'unattended' | 'elsewhere';

export function chooseAttendance(
  options: Pick<TerminalOptions, 'plain' | 'json'>,
  { stdin, stdout, environment, attendants }: TerminalContext,
): Attendance {
  if (attendants !== undefined) return 'elsewhere';
  const person = stdin.isTTY === true;
  if (options.json) return 'unattended';
  const lines = options.plain || environment.TERM === 'dumb' || Boolean(environment.INK_SCREEN_READER);
  if (person && stdout.isTTY === true && !lines) return 'screen';
  return person ? 'lines-with-person' : 'unattended';
}

/** How a picture is drawn on this terminal. */
export function screenOptions(
  options: Options<'inline' | 'noColor'>,
  { environment }: Pick<CommandContext, 'environment'>,
) {
  return {
    inline: options.inline,
    color: !options.noColor && !environment.NO_COLOR,
    ascii: !/utf-?8/i.test(environment.LC_ALL || environment.LC_CTYPE || environment.LANG || ''),
  };
}

/** The two ends of the terminal, where both are one. */
export function screenStreams({ stdin, stdout }: Pick<CommandContext, 'stdin' | 'stdout'>) {
  return { stdin, stdout } as never;
}

/** A dropped SSH connection takes the screen with it, and not the run. */
export function adviseOn(
  { whenAlone }: Pick<Attendants, 'whenAlone'>,
  { environment }: Pick<CommandContext, 'environment'>,
): readonly string[] {
  const remote = environment.SSH_CONNECTION || environment.SSH_TTY;
  if (!remote || environment.TMUX || environment.STY) return [];
  const then =
    whenAlone === 'waits'
      ? 'the run goes on to its next question and waits there; `thaw resume` comes back to it'
      : 'the run stops at its next question; `thaw resume` goes on';
  return [`This SSH session is not inside tmux or screen. If it drops, ${then}.`];
}

/** The exact name, typed by a person or given with --confirm; nothing else goes on. */
export async function askName(
  request: {
    readonly name: string;
    readonly what: string;
    readonly verb: string;
    readonly confirm: readonly string[];
  },
  { stdin, stdout }: Pick<CommandContext, 'stdin' | 'stdout'>,
): Promise<Outcome<string>> {
  const { name, what, verb, confirm } = request;
  if (confirm.includes(name)) return succeed(name);
  if (stdin.isTTY !== true) {
    return fail({
      code: 'answer-missing',
      message: `Nobody is there to type the name of the ${what}: ${name}.`,
      remedy: `Answer it beforehand: --confirm ${name}`,
      retry: 'after-fix',
    });
  }
  const lines = createInterface({ input: stdin, output: stdout });
  const typed = await lines.question(`Type the name of the ${what} to ${verb}: `);
  lines.close();
  if (typed.trim() === name) return succeed(name);
  return fail({
    code: 'cancelled',
    message: 'The name does not match. Nothing was done.',
    remedy: 'Try again.',
    retry: 'safe',
  });
}
