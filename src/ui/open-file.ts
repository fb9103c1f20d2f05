import { existsSync } from 'node:fs';
import { lendTerminal, type Terminal } from './lend-terminal.ts';

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
