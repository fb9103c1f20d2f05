import { everywhere } from '../app/options.ts';
import { defineCommand, required, several } from './command.ts';

export const ageKeyJoin = defineCommand({
  name: 'age-key join',
  about: 'the key back out of its shares',
  more: ['It is written only where it is an age key: its own checksum says whether every share was right.'],
  operands: {
    key: required({
      word: 'KEY',
      about: 'the file to write; one that is there is never replaced',
      completes: 'file',
    }),
    shares: several({ word: 'SHARE', about: 'the file of a share', completes: 'file', count: [2, 19] }),
  },
  options: everywhere,
  examples: [
    {
      line: 'thaw age-key join backup.agekey backup.agekey.share-1 backup.agekey.share-3',
      about: 'from two of three shares',
    },
  ],
  statuses: {
    verified: 'the key is written',
    failed: 'the shares do not make a key, or a file could not be read or written',
  },
  run: async (context, { operands }) => (await import('./actions/age-key.ts')).joinKey(operands, context),
});
