import { walkStatuses } from '../app/exit-status.ts';
import { beginOptions } from '../app/options.ts';
import { walkApart } from '../app/run-apart.ts';
import { defineCommand, runbookOperand } from './command.ts';

export const restore = defineCommand({
  name: 'restore',
  about: 'restore production, step by step',
  more: [
    'Every step shows what it will do, does it, and checks what it promised. The old database is kept until you remove it, and is replaced only after you typed its exact name.',
    'Everything is written to a restore log first, so that a run that stopped, for whatever reason, goes on with `thaw resume`.',
  ],
  operands: { runbook: runbookOperand },
  options: beginOptions,
  examples: [
    { line: 'thaw restore crm --env-file .env', about: 'walk it on the screen' },
    {
      line: "thaw restore crm --snapshot latest --lost-at '2026-04-28 14:43Z' --operator 'A. Reed'",
      about: 'with what is known already',
    },
  ],
  statuses: { verified: 'restored and verified', ...walkStatuses },
  run: (context, given) =>
    walkApart({ command: 'restore', mode: 'live', given, context }, async (own) =>
      (await import('./actions/start.ts')).start(
        { runbook: given.operands.runbook, mode: 'live', options: given.options },
        own,
      ),
    ),
});
