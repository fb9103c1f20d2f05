import { readFile } from 'node:fs/promises';
import { parseEnv } from 'node:util';
import { fingerprintSecret } from '../../backups/fingerprint.ts';
import { fail, type Outcome, succeed } from '../../base/failure.ts';
import { printLine, type Surroundings } from '../surroundings.ts';

/** Prints the fingerprint of one variable of an env file; the value itself goes nowhere. */
export async function fingerprint(
  operands: readonly string[],
  surroundings: Surroundings,
): Promise<Outcome<number>> {
  const [path = '', name = ''] = operands;
  const text = await readFile(path, 'utf8').catch(() => undefined);
  if (text === undefined)
    return missing(`Cannot read ${path}.`, 'Name an env file that exists and may be read.');
  const value = parseEnv(text)[name];
  if (!value) return missing(`${path} has no ${name}.`, 'Check the name of the variable.');
  printLine(surroundings, await fingerprintSecret({ name, value }));
  return succeed(0);
}

function missing(message: string, remedy: string) {
  return fail({ code: 'invalid-input', message, remedy, retry: 'after-fix' });
}
