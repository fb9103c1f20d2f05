import { everywhere } from '../app/options.ts';
import { defineCommand, runOperand } from './command.ts';

export const stop = defineCommand({
  name: 'stop',
  about: 'ask a run that another process works on to stop at its next safe point',
  more: [
    'It ends what it has in hand as far as that is safe, writes down where it stands, and lets go of the run; `thaw resume` goes on. Waits until it has let go.',
  ],
  operands: { run: runOperand },
  options: [...everywhere],
  examples: [{ line: 'thaw stop', about: 'the run that is under way on this host' }],
  statuses: {
    verified: 'the run is stopped, or came to its end meanwhile',
    failed: 'it has not let go after ten minutes; it is still at work',
    blocked: 'it is worked on from another host',
  },
  run: async (context, { operands, options }) =>
    (await import('./actions/stop.ts')).stop({ named: operands.run, options }, context),
});
