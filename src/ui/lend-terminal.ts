import { spawn } from 'node:child_process';

export type Terminal = { readonly stdin: NodeJS.ReadStream; readonly stdout: NodeJS.WriteStream };

export type Lending =
  | { readonly kind: 'ended'; readonly status: number }
  | { readonly kind: 'not-started'; readonly why: string };

/**
 * A Ctrl+C that ends the program is a signal for us, too, and may reach us after the news of that end: each takes a thread of
 * its own. Until then the terminal counts as lent.
 */
const lateSignalMs = 50;

/** Gives the operator's own terminal to a program until it ends. Call it only while Ink has given the terminal away. */
export async function lendTerminal(
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
