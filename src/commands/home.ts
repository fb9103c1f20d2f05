import { everywhere, peopleAndTimes } from '../app/options.ts';
import { chooseAttendance } from '../app/terminal.ts';
import { defineCommand, firstCommand } from './command.ts';

export const home = defineCommand({
  name: firstCommand,
  about: 'the first page: what is unfinished, what can be begun, what was; choose with keys',
  more: [
    'Your runbooks stand first: those of runbooks/, of the folder you stand in, of ~/.config/thaw and of /etc/thaw. Without a terminal the same is printed as lines. What is chosen runs as if it had been typed, with the options given here.',
  ],
  operands: {},
  options: ['inline', 'workFolder', ...peopleAndTimes, ...everywhere, 'version'],
  examples: [
    { line: 'thaw', about: 'look around, and begin with keys' },
    { line: 'thaw --env-file .env', about: 'the same, with the values of a file for what is begun' },
  ],
  statuses: { verified: 'left without a choice; otherwise the status of what was chosen' },
  run: async (context, { options }) => {
    const { openFirstPage, printFirstPage } = await import('./actions/home.ts');
    const isScreen = chooseAttendance(options, context) === 'screen';
    return isScreen ? openFirstPage(options, context) : printFirstPage(options, context);
  },
});
