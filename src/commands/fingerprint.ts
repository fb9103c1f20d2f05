import { type CommandContext, printLine } from '../app/command-context.ts';
import { exitStatus } from '../app/exit-status.ts';
import { everywhere } from '../app/options.ts';
import { cleanText } from '../base/clean-text.ts';
import { fail, type Outcome, succeed } from '../base/failure.ts';
import { defineCommand, required } from './command.ts';

export const fingerprint = defineCommand({
  name: 'fingerprint',
  about: 'the fingerprint of one secret in an env file; never the secret',
  more: ['For the runbook, so that a restore can tell whether an env file belongs to the data.'],
  operands: {
    file: required({ word: 'FILE', about: 'an env file', completes: 'file' }),
    name: required({ word: 'NAME', about: 'the variable that holds the secret' }),
  },
  options: everywhere,
  examples: [
    {
      line: 'thaw fingerprint .env ENCRYPTION_KEY',
      about: 'a text to keep; the key cannot be read out of it',
    },
  ],
  statuses: { verified: 'it is printed' },
  run: (context, { operands }) => print(operands, context),
});

async function print(
  { file, name }: { readonly file: string; readonly name: string },
  context: Pick<CommandContext, 'stdout' | 'stderr'>,
): Promise<Outcome<number>> {
  const { fingerprintSecret } = await import('../backups/fingerprint.ts');
  const { readEnvNames } = await import('../backups/read-otherwise.ts');
  const { readWhole } = await import('../platform/read-whole.ts');
  const text = await readWhole(file).then(String, () => undefined);
  if (text === undefined)
    return missing(`Cannot read ${file}.`, 'Name an env file that exists and may be read.');
  const read = readEnvNames(text, { path: file, names: [name] });
  if (!read.ok) return read;
  const value = read.value.values.get(name);
  if (!value) return missing(`${file} has no ${name}.`, 'Check the name of the variable.');
  printLine(context, await fingerprintSecret({ name, value }));
  if (read.value.note !== undefined) context.stderr.write(`${cleanText(read.value.note)}\n`);
  return succeed(exitStatus.verified);
}

function missing(message: string, remedy: string) {
  return fail({ code: 'invalid-input', message, remedy, retry: 'after-fix' });
}
