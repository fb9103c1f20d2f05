import { createInterface } from 'node:readline/promises';
import { fail, type Outcome, succeed } from '../base/failure.ts';
import type { CommandContext } from './command-context.ts';

/** The exact name, typed by a person or given with --confirm; nothing else goes on. */
export async function askName(
  request: {
    readonly name: string;
    readonly what: string;
    readonly verb: string;
    readonly confirm: readonly string[];
  },
  context: CommandContext,
): Promise<Outcome<void>> {
  const { name, what, verb, confirm } = request;
  if (confirm.includes(name)) return succeed(undefined);
  if (context.stdin.isTTY !== true) {
    return fail({
      code: 'answer-missing',
      message: `Nobody is there to type the name of the ${what}: ${name}.`,
      remedy: `Answer it beforehand: --confirm ${name}`,
      retry: 'after-fix',
    });
  }
  const lines = createInterface({ input: context.stdin, output: context.stdout });
  const typed = await lines.question(`Type the name of the ${what} to ${verb}: `);
  lines.close();
  if (typed.trim() === name) return succeed(undefined);
  return fail({
    code: 'cancelled',
    message: 'The name does not match. Nothing was done.',
    remedy: 'Try again.',
    retry: 'safe',
  });
}
