import { everywhere } from '../app/options.ts';
import { defineCommand, runOperand } from './command.ts';

export const recordsVerify = defineCommand({
  name: 'records verify',
  about: 'whether record, journal, outputs, index and chain heads still agree',
  more: [
    'What it proves, and what it cannot, stands in docs/records.md. Whose key signed is known only with --allowed-signers. Neither that file nor the place of the anchors is taken from the run: a forged one would name its own.',
  ],
  operands: { run: runOperand },
  options: ['allowedSigners', 'anchored', ...everywhere],
  examples: [
    { line: 'thaw records verify', about: 'the newest run' },
    { line: 'thaw records verify --anchored crm --env-file .env', about: 'against the backup store, too' },
  ],
  statuses: {
    verified: 'everything that should be compared was there and agrees',
    failed: 'something that should be compared is not there',
    damaged: 'two things that should say the same do not',
    answerMissing: 'a value for the backup store is missing',
  },
  run: async (context, { operands, options }) =>
    (await import('./actions/records-verify.ts')).verifyOneRecord({ named: operands.run, options }, context),
});
