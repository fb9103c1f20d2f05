import { everywhere } from '../app/options.ts';
import { defineCommand, runOperand } from './command.ts';

export const recordsShow = defineCommand({
  name: 'records show',
  about: 'the record of a run',
  operands: { run: runOperand },
  options: ['json', 'format', 'redact', ...everywhere],
  either: [['json', 'format']],
  examples: [
    { line: 'thaw records show', about: 'the newest run, as Markdown' },
    { line: 'thaw records show 2026-04-28T1448Z-crm-live --json', about: 'one by its name, for programs' },
  ],
  statuses: { verified: 'it is printed', damaged: 'its journal is damaged' },
  run: async (context, { operands, options }) =>
    (await import('./actions/records-show.ts')).showRecord({ named: operands.run, options }, context),
});
