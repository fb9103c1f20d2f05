import { everywhere } from '../app/options.ts';
import { defineCommand, optional } from './command.ts';

export const init = defineCommand({
  name: 'init',
  about: 'a runbook for what is in this folder, drafted from what is found',
  more: [
    'It reads compose files and env files here, finds the store of their backup containers (or the one that --store names), and looks at the names and the first bytes of what lies there. It knows the layouts of many backup programs; docs/reference.md lists them.',
    'The runbook holds together as it is. What could not be known stands in it as a comment that begins with TO DO:, which `thaw lint` and `thaw check` name until it is removed. No secret is written into it.',
  ],
  operands: {
    name: optional({
      word: 'NAME',
      about: 'how the runbook is called: runbooks/NAME.yaml; after this folder when left out',
    }),
  },
  options: ['store', 'print', 'overwrite', ...everywhere],
  either: [['print', 'overwrite']],
  examples: [
    { line: 'thaw init', about: 'in the folder with the compose file' },
    { line: 'thaw init crm --store s3://crm-backups/pg --env-file .env', about: 'with the bucket by name' },
    { line: 'thaw init --store /srv/backups --print', about: 'to look at it first' },
  ],
  statuses: {
    verified: 'the runbook is written; what is open in it was named',
    failed: 'the store that was named does not answer, or the file could not be written',
    blocked: 'there is a runbook of that name',
  },
  run: async (context, { operands: { name }, options }) =>
    (await import('./actions/init.ts')).init({ name, options }, context),
});
