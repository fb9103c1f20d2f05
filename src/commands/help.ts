import { exitStatus } from '../app/exit-status.ts';
import { everywhere } from '../app/options.ts';
import { succeed } from '../base/failure.ts';
import { commandOperand, defineCommand } from './command.ts';

export const help = defineCommand({
  name: 'help',
  about: 'every command, or all about one',
  operands: { words: commandOperand },
  options: everywhere,
  examples: [
    { line: 'thaw help restore', about: 'the same as thaw restore --help' },
    { line: 'thaw help records', about: 'all commands about records' },
  ],
  statuses: { verified: 'it is printed' },
  run: async ({ stdout, pages }, { operands }) => {
    const page = pages.help(operands.words);
    if (!page.ok) return page;
    stdout.write(page.value);
    return succeed(exitStatus.verified);
  },
});
