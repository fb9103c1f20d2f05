import { everywhere } from '../app/options.ts';
import { defineCommand, runbookOperand } from './command.ts';

export const verify = defineCommand({
  name: 'verify',
  about: 'prove the newest snapshot, all, or one, without restoring production',
  more: [
    'Its digest, that the key opens it, that it holds what its manifest says. With --restore it is restored into a throwaway database and counted.',
    'What fails is told to the channels of monitor.alerts, once.',
  ],
  operands: { runbook: runbookOperand },
  options: ['json', 'snapshot', 'all', 'latest', 'restore', 'workFolder', ...everywhere],
  either: [['snapshot', 'all', 'latest']],
  examples: [
    { line: 'thaw verify crm --env-file .env', about: 'the newest one' },
    { line: 'thaw verify crm --all --restore', about: 'each of them, as far as it can be proven' },
  ],
  statuses: {
    verified: 'every check passed that `proof:` asks for',
    failed: 'a check failed',
    unproven: 'nothing failed, but something that was asked for could not be verified',
    answerMissing: 'a value is missing',
    stopped: 'stopped before every snapshot was looked at',
  },
  run: async (context, { operands: { runbook }, options }) =>
    (await import('./actions/verify.ts')).verify({ runbook, options }, context),
});
