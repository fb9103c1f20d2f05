import { walkStatuses } from '../app/exit-status.ts';
import { beginOptions } from '../app/options.ts';
import { walkApart } from '../app/run-apart.ts';
import { defineCommand, runbookOperand } from './command.ts';

export const tabletop = defineCommand({
  name: 'tabletop',
  about: 'the same walk talked through: nothing is executed, nothing is contacted',
  more: [
    'No value has to be at hand. What the runbook has as injects is thrown in; answers and notes are kept in a record that claims no times.',
  ],
  operands: { runbook: runbookOperand },
  options: beginOptions,
  examples: [
    { line: 'thaw tabletop crm', about: 'with everybody round one screen' },
    {
      line: "thaw tabletop crm --commander 'B. Stone' --observer 'C. Hall'",
      about: 'with the people of the record',
    },
  ],
  statuses: { verified: 'talked through to its end', ...walkStatuses },
  run: (context, given) =>
    walkApart({ command: 'tabletop', mode: 'tabletop', given, context }, async (own) =>
      (await import('./actions/start.ts')).start(
        { runbook: given.operands.runbook, mode: 'tabletop', options: given.options },
        own,
      ),
    ),
});
