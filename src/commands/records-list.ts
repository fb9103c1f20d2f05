import { resolve } from 'node:path';
import { everywhere } from '../app/options.ts';
import { fail } from '../base/failure.ts';
import { defineCommand, optional } from './command.ts';

export const recordsList = defineCommand({
  name: 'records list',
  about: 'every run and how it ended; of one runbook with --trend',
  operands: {
    runbook: optional({
      word: 'RUNBOOK',
      about: 'with --trend: whose runs',
      completes: 'runbook',
    }),
  },
  options: ['json', 'trend', ...everywhere],
  examples: [{ line: 'thaw records list', about: 'newest first' }],
  statuses: {
    verified: 'they are listed',
    blocked: 'a run among them may not be read by this account',
    damaged: 'a journal among them is damaged',
  },
  run: async (context, { operands: { runbook }, options }) => {
    const logFolder = resolve(context.folder, options.logFolder);
    const { json } = options;
    if (options.trend) {
      if (runbook === undefined) return fail(whoseTrend());
      return (await import('./actions/records-trend.ts')).showTrend({ runbook, logFolder, json }, context);
    }
    if (runbook !== undefined) return fail(listOfOne(runbook));
    return (await import('./actions/records-list.ts')).listRecords({ logFolder, json }, context);
  },
});

function whoseTrend() {
  return {
    code: 'invalid-input',
    message: 'A trend is of one runbook.',
    remedy: 'Name it: thaw records trend RUNBOOK.',
    retry: 'after-fix',
  } as const;
}

function listOfOne(named: string) {
  return {
    code: 'invalid-input',
    message: `thaw records list lists every run; ${named} stands behind it.`,
    remedy: `Leave it out, or write thaw records trend ${named}.`,
    retry: 'after-fix',
  } as const;
}
