import { walkStatuses } from '../app/exit-status.ts';
import { beginOptions } from '../app/options.ts';
import { runApart } from '../app/run-apart.ts';
import { defineCommand } from './command.ts';

export const rehearse = defineCommand({
  name: 'rehearse',
  about: 'a whole disaster and its recovery in a sandbox on this host',
  more: [
    'A small company is built in a temporary folder, loses its production, and you restore it. Everything but the record is removed at the end.',
    'Where nobody is there to ask, it answers for itself.',
  ],
  operands: {},
  options: ['mode', ...beginOptions],
  examples: [
    { line: 'thaw rehearse', about: 'on the screen' },
    { line: 'thaw rehearse --mode drill --plain', about: 'a drill of the same company, in lines' },
  ],
  statuses: { verified: 'recovered and verified', ...walkStatuses },
  run: (context, given) =>
    // Its sandbox must not stay behind a terminal that was closed and forgotten.
    runApart({ command: 'rehearse', given, whenAlone: 'stops', context }, async (own) =>
      (await import('./actions/rehearse.ts')).rehearse(given.options, own),
    ),
});
