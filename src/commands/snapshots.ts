import { everywhere } from '../app/options.ts';
import { defineCommand, runbookOperand } from './command.ts';

export const snapshots = defineCommand({
  name: 'snapshots',
  about: 'what is in the backup store, newest first',
  operands: { runbook: runbookOperand },
  options: ['json', ...everywhere],
  examples: [{ line: 'thaw snapshots crm --env-file .env', about: 'age, size, how each is encrypted' }],
  statuses: {
    verified: 'they are listed',
    failed: 'the store could not be read',
    answerMissing: 'a value is missing',
  },
  run: async (context, { operands: { runbook }, options }) =>
    (await import('./actions/snapshots.ts')).listSnapshots({ runbook, options }, context),
});
