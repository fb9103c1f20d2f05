import { everywhere } from '../app/options.ts';
import { defineCommand, runbookOperand } from './command.ts';

export const check = defineCommand({
  name: 'check',
  about: 'every blocker at once; touches nothing',
  more: [
    'What a restore would ask of this host, of production and of the backups is looked at now; so are the permissions of the keys. It says where each value comes from, by name.',
    'Programs that are missing on this host stand together, with the exact commands that install them here. With --install they are run, after a yes; without it nothing is touched.',
  ],
  operands: { runbook: runbookOperand },
  options: ['json', 'install', 'yes', 'snapshot', 'workFolder', ...everywhere],
  examples: [
    { line: 'thaw check crm --env-file .env', about: 'before it is needed' },
    { line: 'thaw check crm --env-file .env --install', about: 'on a blank host, first of all' },
  ],
  statuses: {
    verified: 'nothing is in the way',
    failed: 'nothing is in the way, but a key may more, or less, than it should',
    unproven: 'nothing is in the way, but something that a step asks for could not be looked at',
    blocked: 'a restore would be refused; it says by what',
    answerMissing: 'a value is missing, or nobody is there to say yes to --install',
  },
  run: async (context, { operands: { runbook }, options }) =>
    (await import('./actions/check.ts')).check({ runbook, options }, context),
});
