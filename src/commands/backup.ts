import { everywhere } from '../app/options.ts';
import { defineCommand, runbookOperand } from './command.ts';

export const backup = defineCommand({
  name: 'backup',
  about: 'take a snapshot now: dump, encrypt, upload, mirror, manifest',
  more: [
    'The manifest holds exact counts, so that a restore can prove what came back. Only a public key is needed; with the secret one at hand it tries what it made.',
    'A backup that fails is told to the channels of monitor.alerts, once.',
  ],
  operands: { runbook: runbookOperand },
  options: ['json', ...everywhere],
  examples: [{ line: 'thaw backup crm --env-file .env', about: 'for cron, too: see `thaw schedule`' }],
  statuses: {
    verified: 'the snapshot is in the store',
    failed: 'no snapshot was taken, or not all of it',
    answerMissing: 'a value is missing',
  },
  run: async (context, { operands: { runbook }, options }) =>
    (await import('./actions/backup.ts')).backUp({ runbook, options }, context),
});
