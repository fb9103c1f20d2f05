import { walkStatuses } from '../app/exit-status.ts';
import { everywhere, walkOptions } from '../app/options.ts';
import { withSplash } from '../app/splash.ts';
import { defineCommand, runOperand } from './command.ts';

export const resume = defineCommand({
  name: 'resume',
  about: 'go on where a run stopped, whoever killed it',
  more: [
    'It looks at what was really done before it goes on. A run that another process still drives is shown as it goes on, and can be taken over.',
    'A run that ended without its record gets its record.',
  ],
  operands: { run: runOperand },
  options: [...walkOptions, ...everywhere],
  examples: [
    { line: 'thaw resume', about: 'the newest unfinished run' },
    {
      line: 'thaw resume 2026-04-28T1448Z-crm-live --env-file .env',
      about: 'one by its name, with the values it began with',
    },
  ],
  statuses: { verified: 'finished, and all that was asked for is proven', ...walkStatuses },
  run: (context, { operands, options }) =>
    withSplash(
      {
        title: operands.run ?? 'the newest unfinished run',
        words: 'Looking at the run …',
        options,
        context,
      },
      async (shown) => (await import('./actions/resume.ts')).resume({ named: operands.run, options }, shown),
    ),
});
