import { everywhere } from '../app/options.ts';
import { defineCommand, runOperand } from './command.ts';

export const discard = defineCommand({
  name: 'discard',
  about: 'give an unfinished run up: what it made and did not put in place is removed',
  more: [
    'Nothing that is in place is touched, and no service that was stopped is started. It says before what stays.',
  ],
  operands: { run: runOperand },
  options: ['confirm', 'inline', ...everywhere],
  examples: [
    { line: 'thaw discard', about: 'the newest unfinished run' },
    {
      line: 'thaw discard 2026-04-28T1448Z-crm-drill --confirm 2026-04-28T1448Z-crm-drill',
      about: 'where nobody can type',
    },
  ],
  statuses: {
    verified: 'its leftovers are gone',
    failed: 'something could not be removed; it says what',
    unproven: 'it could not be seen whether all of them are; it says which',
    blocked: 'the values lead elsewhere, or another process works on the run; nothing was touched',
    answerMissing: 'nobody is there to type the name',
    stopped: 'the typed name did not match; nothing was done',
    damaged: 'the journal of the run is damaged',
  },
  run: async (context, { operands, options }) =>
    (await import('./actions/discard.ts')).discard({ named: operands.run, options }, context),
});
