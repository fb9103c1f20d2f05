import { exitStatus } from '../app/exit-status.ts';
import { everywhere } from '../app/options.ts';
import { succeed } from '../base/failure.ts';
import { choice, defineCommand, shells } from './command.ts';

export const completions = defineCommand({
  name: 'completions',
  about: 'what makes the tab key of bash, zsh or fish know commands, options, runbooks and runs',
  more: [
    'bash: put `source <(thaw completions bash)` into ~/.bashrc.',
    'zsh: put `source <(thaw completions zsh)` into ~/.zshrc, behind compinit; or save it as _thaw in a folder of $fpath.',
    'fish: `thaw completions fish > ~/.config/fish/completions/thaw.fish`.',
  ],
  operands: { shell: choice({ word: shells.join('|'), about: 'for which shell', among: shells }) },
  options: everywhere,
  examples: [{ line: 'thaw completions bash', about: 'a script for bash, on standard output' }],
  statuses: { verified: 'the script is printed' },
  run: async ({ stdout, pages }, { operands }) => {
    stdout.write(pages.completions(operands.shell));
    return succeed(exitStatus.verified);
  },
});
