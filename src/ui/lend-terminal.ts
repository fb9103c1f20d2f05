import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import type { View } from '../session/view.ts';
import { meanwhileWords, modeWord } from '../session/words.ts';

export type Terminal = { readonly stdin: NodeJS.ReadStream; readonly stdout: NodeJS.WriteStream };

type Lending =
  | { readonly kind: 'ended'; readonly status: number }
  | { readonly kind: 'not-started'; readonly why: string };

/**
 * A Ctrl+C that ends the program is a signal for us, too, and may reach us after the news of that end: each takes a thread of
 * its own. Until then the terminal counts as lent.
 */
const lateSignalMs = 50;

/** Gives the operator's own terminal to a program until it ends. Call it only while Ink has given the terminal away. */
async function lendTerminal(
  terminal: Terminal,
  program: {
    readonly command: string;
    readonly args: readonly string[];
    readonly env: Readonly<Record<string, string | undefined>>;
  },
): Promise<Lending> {
  await stopReading(terminal.stdin);
  return new Promise((resolve) => {
    const child = spawn(program.command, [...program.args], {
      stdio: [terminal.stdin, terminal.stdout, 'inherit'],
      env: { ...program.env },
    });
    child.once('error', (error) => resolve({ kind: 'not-started', why: error.message }));
    child.once('exit', (status) => {
      setTimeout(() => resolve({ kind: 'ended', status: status ?? 0 }), lateSignalMs);
    });
  });
}

const untilIdle = () => new Promise<void>((resolve) => setImmediate(resolve));

/**
 * Ink lets go of the keyboard, but a read it has begun would go on: it would take keys away from the program, and a shell that
 * makes itself the foreground of the terminal would turn it into an error, as if the terminal were gone. A stream stops
 * reading only when it is paused while flowing, and it flows only once Ink's listener is out of the way.
 */
async function stopReading(stdin: NodeJS.ReadStream): Promise<void> {
  await untilIdle();
  stdin.resume();
  stdin.pause();
  await untilIdle();
}

/** Shown by a shell when it finds no such program. */
const notFoundStatus = 127;

/**
 * Shows a file in the operator's pager until it is closed.
 *
 * @returns what went wrong, in one sentence, or undefined.
 */
export async function openFile(path: string, terminal: Terminal): Promise<string | undefined> {
  if (!existsSync(path)) return `There is no output file yet: ${path}`;
  const pager = process.env.PAGER ?? 'less';
  // PAGER may carry options, as in "less -R": the shell takes it apart, and the path stays one argument.
  const lent = await lendTerminal(terminal, {
    command: '/bin/sh',
    args: ['-c', `${pager} "$1"`, 'pager', path],
    env: { LESS: '-R', ...process.env },
  });
  if (lent.kind === 'not-started') return `Cannot open ${path}: ${lent.why}`;
  return lent.status === notFoundStatus
    ? `Cannot find the pager ${pager}. Set PAGER, or read ${path}`
    : undefined;
}

/**
 * A shell of the operator's own, to mend something and come back. What runs goes on meanwhile; a question waits.
 *
 * @returns what to say when it is over, where there is something to say.
 */
export async function openShell(view: View, terminal: Terminal): Promise<string | undefined> {
  const shell = process.env.SHELL || '/bin/sh';
  terminal.stdout.write(
    `\n${modeWord(view.mode)} ${view.title}: a shell of your own, beside the run ${view.runId}.\n` +
      `${meanwhileWords(view)} Type exit to come back to thaw.\n\n`,
  );
  const lent = await lendTerminal(terminal, {
    command: shell,
    args: [],
    env: { ...process.env, THAW_RUN: view.runId },
  });
  return lent.kind === 'not-started' ? `Cannot start ${shell}: ${lent.why}` : 'Back from the shell.';
}
