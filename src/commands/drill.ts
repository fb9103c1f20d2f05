import { walkStatuses } from '../app/exit-status.ts';
import { beginOptions } from '../app/options.ts';
import { walkApart } from '../app/run-apart.ts';
import { defineCommand, runbookOperand } from './command.ts';

export const drill = defineCommand({
  name: 'drill',
  about: 'the same walk on throwaway targets; for cron too',
  more: [
    'Production is left alone: the database goes into a throwaway PostgreSQL of this host, or where drill.database leads. What was made is removed at the end; the record stays.',
    'A drill that fails is told to the channels of monitor.alerts, once.',
  ],
  operands: { runbook: runbookOperand },
  options: beginOptions,
  examples: [
    { line: 'thaw drill crm --env-file drill.env', about: 'walk it on the screen' },
    { line: 'thaw drill crm --plain --yes --snapshot latest', about: 'as cron does, with nobody there' },
  ],
  statuses: { verified: 'drilled and verified', ...walkStatuses },
  run: (context, given) =>
    walkApart({ command: 'drill', mode: 'drill', given, context }, async (own) =>
      (await import('./actions/start.ts')).drill(
        { runbook: given.operands.runbook, options: given.options },
        own,
      ),
    ),
});
