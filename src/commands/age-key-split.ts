import { everywhere } from '../app/options.ts';
import { defineCommand, required } from './command.ts';

export const ageKeySplit = defineCommand({
  name: 'age-key split',
  about: 'a key in shares for several people',
  more: [
    'The shares stand beside the key, one file each. Nothing secret is printed. Give each to another person.',
  ],
  operands: {
    key: required({ word: 'KEY', about: 'the file of an age key', completes: 'file' }),
    how: required({ word: '2/3', about: 'how many shares are needed, and how many are made' }),
  },
  options: everywhere,
  examples: [{ line: 'thaw age-key split backup.agekey 2/3', about: 'any two of three people have the key' }],
  statuses: { verified: 'the shares are written', failed: 'a file could not be read or written' },
  run: async (context, { operands }) => (await import('./actions/age-key.ts')).splitKey(operands, context),
});
