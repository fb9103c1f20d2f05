import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';

/** Shown by a shell when it finds no such program. */
const notFoundStatus = 127;

export type Terminal = { readonly stdin: NodeJS.ReadStream; readonly stdout: NodeJS.WriteStream };

/**
 * Shows a file in the operator's pager until it is closed. Call it only while Ink has given the terminal away.
 *
 * @returns what went wrong, in one sentence, or undefined.
 */
export async function openFile(path: string, terminal: Terminal): Promise<string | undefined> {
  if (!existsSync(path)) return `There is no output file yet: ${path}`;
  const pager = process.env.PAGER ?? 'less';
  return new Promise((resolve) => {
    // PAGER may carry options, as in "less -R": the shell takes it apart, and the path stays one argument.
    const child = spawn('/bin/sh', ['-c', `${pager} "$1"`, 'pager', path], {
      stdio: [terminal.stdin, terminal.stdout, 'inherit'],
      env: { LESS: '-R', ...process.env },
    });
    child.once('error', (error) => resolve(`Cannot open ${path}: ${error.message}`));
    child.once('exit', (status) =>
      resolve(
        status === notFoundStatus ? `Cannot find the pager ${pager}. Set PAGER, or read ${path}` : undefined,
      ),
    );
  });
}
