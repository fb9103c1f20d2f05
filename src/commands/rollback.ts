import { everywhere } from '../app/options.ts';
import { defineCommand, runOperand } from './command.ts';

export const rollback = defineCommand({
  name: 'rollback',
  about: 'put the database back as it was before the swap',
  more: [
    'The old database gets its name back, and the restored one is kept under another. Folders and overwritten objects that the run kept come back, too. Stop the writers first.',
  ],
  operands: { run: runOperand },
  options: ['confirm', 'inline', ...everywhere],
  examples: [
    { line: 'thaw rollback --env-file .env', about: 'the newest run that swapped' },
    { line: 'thaw rollback --confirm crm', about: 'with the name of the database, where nobody can type' },
  ],
  statuses: {
    verified: 'the old database is in place again',
    failed: 'it could not be done, or not all of it; it says what was',
    blocked: 'the values lead elsewhere, or another process works on the run; nothing was touched',
    answerMissing: 'nobody is there to type the name',
    stopped: 'the typed name did not match; nothing was done',
    damaged: 'the journal of the run is damaged',
  },
  run: async (context, { operands, options }) =>
    (await import('./actions/rollback.ts')).rollback({ named: operands.run, options }, context),
});
