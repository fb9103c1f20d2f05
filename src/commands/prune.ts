import { everywhere } from '../app/options.ts';
import { defineCommand, runbookOperand } from './command.ts';

export const prune = defineCommand({
  name: 'prune',
  about: 'remove what retention does not keep; --dry-run shows it',
  more: [
    'With a dump goes what belongs to it: archives and folders of its time, roles, metadata. What belongs to no dump is left alone, and named.',
  ],
  operands: { runbook: runbookOperand },
  options: ['json', 'dryRun', ...everywhere],
  examples: [
    { line: 'thaw prune crm --dry-run', about: 'each key that would go, with its size and why' },
    { line: 'thaw prune crm --env-file .env', about: 'remove it' },
  ],
  statuses: {
    verified: 'what should go is gone',
    failed: 'the store keeps something that should go',
    answerMissing: 'a value is missing',
    stopped: 'stopped before everything was removed',
  },
  run: async (context, { operands: { runbook }, options }) =>
    (await import('./actions/prune.ts')).prune({ runbook, options }, context),
});
