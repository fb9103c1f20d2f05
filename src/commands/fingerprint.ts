import { readFile } from 'node:fs/promises';
import { type CommandContext, printLine } from '../app/command-context.ts';
import { fingerprintSecret } from '../backups/fingerprint.ts';
import { readEnvNames } from '../backups/read-otherwise.ts';
import { fail, type Outcome, succeed } from '../base/failure.ts';

/** Prints the fingerprint of one variable of an env file; the value itself goes nowhere. */
export async function fingerprint(
  operands: readonly string[],
  context: CommandContext,
): Promise<Outcome<number>> {
  const [path = '', name = ''] = operands;
  const text = await readFile(path, 'utf8').catch(() => undefined);
  if (text === undefined)
    return missing(`Cannot read ${path}.`, 'Name an env file that exists and may be read.');
  const read = readEnvNames(text, { path, names: [name] });
  if (!read.ok) return read;
  const value = read.value.values.get(name);
  if (!value) return missing(`${path} has no ${name}.`, 'Check the name of the variable.');
  printLine(context, await fingerprintSecret({ name, value }));
  if (read.value.note !== undefined) context.stderr.write(`${read.value.note}\n`);
  return succeed(0);
}

function missing(message: string, remedy: string) {
  return fail({ code: 'invalid-input', message, remedy, retry: 'after-fix' });
}
