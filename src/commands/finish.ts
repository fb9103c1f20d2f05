import { everywhere } from '../app/options.ts';
import { defineCommand, runOperand } from './command.ts';

export const finish = defineCommand({
  name: 'finish',
  about: 'end the way back of a run: drop what it kept of before',
  more: [
    'The old database, old folders and overwritten objects that a run keeps for a roll-back are removed, each by its exact name. First it looks that what is in place is still what the run left there. There is no way back after this.',
  ],
  operands: { run: runOperand },
  options: ['confirm', 'inline', ...everywhere],
  examples: [
    { line: 'thaw finish --env-file .env', about: 'the newest run that keeps something' },
    {
      line: 'thaw finish --confirm crm__before_a41f09',
      about: 'with the name of what is dropped, where nobody can type',
    },
  ],
  statuses: {
    verified: 'nothing of before is kept any more',
    failed: 'something could not be removed; it says what',
    blocked: 'the values lead elsewhere, or another process works on the run; nothing was touched',
    answerMissing: 'nobody is there to type a name',
    stopped: 'a typed name did not match; what was not agreed to stays',
    damaged: 'the journal of the run is damaged',
  },
  run: async (context, { operands, options }) =>
    (await import('./actions/finish.ts')).finish({ named: operands.run, options }, context),
});
