import { exitStatus } from '../app/exit-status.ts';
import { everywhere, peopleAndTimes } from '../app/options.ts';
import { chooseAttendance } from '../app/terminal.ts';
import { succeed } from '../base/failure.ts';
import { defineCommand, firstCommand } from './command.ts';

export const home = defineCommand({
  name: firstCommand,
  about: 'the first page: what is unfinished, what can be begun, what was; choose with keys',
  more: [
    'Without a terminal it names the commands instead. What is chosen runs as if it had been typed, with the options given here.',
  ],
  operands: {},
  options: ['inline', 'workFolder', ...peopleAndTimes, ...everywhere, 'version'],
  examples: [
    { line: 'thaw', about: 'look around, and begin with keys' },
    { line: 'thaw --env-file .env', about: 'the same, with the values of a file for what is begun' },
  ],
  statuses: { verified: 'left without a choice; otherwise the status of what was chosen' },
  run: async (context, { options }) => {
    if (chooseAttendance(options, context) === 'screen')
      return (await import('./actions/home.ts')).openFirstPage(options, context);
    const overview = context.pages.help([]);
    if (!overview.ok) return overview;
    context.stdout.write(overview.value);
    return succeed(exitStatus.verified);
  },
});
