import { everywhere } from '../app/options.ts';
import { scheduleFormats } from '../backups/schedules/list.ts';
import { defineCommand, runbookOperand } from './command.ts';

export const schedule = defineCommand({
  name: 'schedule',
  about: `entries for ${scheduleFormats.map(({ kind }) => kind).join(' or ')}: backup, verify, drill, monitor, prune`,
  more: ['Often enough for the RPO of the runbook. It prints them to be copied, and installs nothing.'],
  operands: { runbook: runbookOperand },
  options: ['scheduler', ...everywhere],
  examples: [
    { line: 'thaw schedule crm --env-file .env', about: 'lines for crontab -e' },
    { line: 'thaw schedule crm --for systemd', about: 'services and timers, with the paths they go to' },
  ],
  statuses: { verified: 'the entries are printed' },
  run: async (context, { operands: { runbook }, options }) =>
    (await import('./actions/schedule.ts')).printSchedule({ runbook, options }, context),
});
