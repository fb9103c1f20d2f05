import { spawn } from 'node:child_process';

export type Terminal = { readonly stdin: NodeJS.ReadStream; readonly stdout: NodeJS.WriteStream };

export type Lending =
  | { readonly kind: 'ended'; readonly status: number }
  | { readonly kind: 'not-started'; readonly why: string };

/** Gives the operator's own terminal to a program until it ends. Call it only while Ink has given the terminal away. */
export function lendTerminal(
  terminal: Terminal,
  program: {
    readonly command: string;
    readonly args: readonly string[];
    readonly env: Readonly<Record<string, string | undefined>>;
  },
): Promise<Lending> {
  return new Promise((resolve) => {
    const child = spawn(program.command, [...program.args], {
      stdio: [terminal.stdin, terminal.stdout, 'inherit'],
      env: { ...program.env },
    });
    child.once('error', (error) => resolve({ kind: 'not-started', why: error.message }));
    child.once('exit', (status) => resolve({ kind: 'ended', status: status ?? 0 }));
  });
}
