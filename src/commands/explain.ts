import { exitStatus } from '../app/exit-status.ts';
import { everywhere } from '../app/options.ts';
import { failureCodes, succeed } from '../base/failure.ts';
import { defineCommand, optional } from './command.ts';

export const explain = defineCommand({
  name: 'explain',
  about: 'what a failure means, its usual causes, and what to do',
  more: ['Every failure names its code below the remedy; docs/troubleshooting.md holds the same.'],
  operands: {
    code: optional({
      word: 'CODE',
      about: 'the code of a failure; all of them when left out',
      among: failureCodes,
    }),
  },
  options: everywhere,
  examples: [
    { line: 'thaw explain', about: 'all codes, one a line' },
    { line: 'thaw explain wrong-key', about: 'all about one' },
  ],
  statuses: { verified: 'it is printed' },
  run: async ({ stdout }, { operands }) => {
    const page = (await import('./actions/explain.ts')).explain(operands.code);
    if (!page.ok) return page;
    stdout.write(page.value);
    return succeed(exitStatus.verified);
  },
});
