import type { View } from '../session/view.ts';
import { modeWord } from '../session/words.ts';
import { lendTerminal, type Terminal } from './lend-terminal.ts';

/**
 * A shell of the operator's own, to mend something and come back. What runs goes on meanwhile; a question waits.
 *
 * @returns what to say when it is over, where there is something to say.
 */
export async function openShell(view: View, terminal: Terminal): Promise<string | undefined> {
  const shell = process.env.SHELL || '/bin/sh';
  const running = view.steps.filter((step) => step.status === 'running').map((step) => step.title);
  const meanwhile =
    view.question !== undefined
      ? 'The question waits.'
      : running.length > 0
        ? `Meanwhile this goes on: ${running.join(', ')}.`
        : 'The run goes on.';
  terminal.stdout.write(
    `\n${modeWord(view.mode)} ${view.title}: a shell of your own, beside the run ${view.runId}.\n` +
      `${meanwhile} Type exit to come back to thaw.\n\n`,
  );
  const lent = await lendTerminal(terminal, {
    command: shell,
    args: [],
    env: { ...process.env, THAW_RUN: view.runId },
  });
  return lent.kind === 'not-started' ? `Cannot start ${shell}: ${lent.why}` : 'Back from the shell.';
}
