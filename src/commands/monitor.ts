import { everywhere } from '../app/options.ts';
import { defineCommand, runbookOperand } from './command.ts';

export const monitor = defineCommand({
  name: 'monitor',
  about: 'age, size, success rate, disk, mirror; metrics, alerts, exit status',
  more: [
    'For cron. It notices a backup that never ran, too. Each channel of monitor.alerts hears once when something is wrong, and once when all is well again.',
  ],
  operands: { runbook: runbookOperand },
  options: ['json', ...everywhere],
  examples: [{ line: 'thaw monitor crm --env-file .env', about: 'look, write the metrics, tell' }],
  statuses: {
    verified: 'the backups are healthy',
    failed: 'something is wrong, or could not be told or written',
    unproven: 'nothing is known to be wrong, but not all could be seen, or a drill proved not everything',
    answerMissing: 'a value is missing',
  },
  run: async (context, { operands: { runbook }, options }) =>
    (await import('./actions/monitor.ts')).monitor({ runbook, options }, context),
});
