import { printLine } from '../app/command-context.ts';
import { exitStatus } from '../app/exit-status.ts';
import { thawVersion } from '../app/installed.ts';
import { everywhere } from '../app/options.ts';
import { succeed } from '../base/failure.ts';
import { defineCommand } from './command.ts';

export const version = defineCommand({
  name: 'version',
  about: 'the version of thaw',
  operands: {},
  options: everywhere,
  examples: [{ line: 'thaw version', about: 'the same as thaw --version' }],
  statuses: { verified: 'it is printed' },
  run: async (context) => {
    printLine(context, `thaw ${thawVersion}`);
    return succeed(exitStatus.verified);
  },
});
