import { resolve } from 'node:path';
import { everywhere } from '../app/options.ts';
import { defineCommand, runbookOperand } from './command.ts';

export const recordsTrend = defineCommand({
  name: 'records trend',
  about: 'the last runs side by side, step by step',
  more: ['Work alone, without waiting for answers. A tabletop measures nothing, so none is among them.'],
  operands: { runbook: runbookOperand },
  options: ['json', ...everywhere],
  examples: [{ line: 'thaw records trend crm', about: 'what became slower, and whether the RTO holds' }],
  statuses: { verified: 'they are printed' },
  run: async (context, { operands: { runbook }, options }) =>
    (await import('./actions/records-trend.ts')).showTrend(
      { runbook, logFolder: resolve(context.folder, options.logFolder), json: options.json },
      context,
    ),
});
