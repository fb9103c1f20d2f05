import { everywhere } from '../app/options.ts';
import { defineCommand, runOperand } from './command.ts';

export const recordsExport = defineCommand({
  name: 'records export',
  about: 'the record of a run, to be given away',
  operands: { run: runOperand },
  options: ['format', 'redact', ...everywhere],
  examples: [
    { line: 'thaw records export --format html', about: 'one page without anything beside it' },
    { line: 'thaw records export --redact', about: 'hosts, people and places masked' },
  ],
  statuses: { verified: 'it is printed', damaged: 'its journal is damaged' },
  run: async (context, { operands, options }) =>
    (await import('./actions/records-show.ts')).showRecord({ named: operands.run, options }, context),
});
