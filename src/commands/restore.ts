import type { CommandContext } from '../app/command-context.ts';
import { walkStatuses } from '../app/exit-status.ts';
import { type Options, restoreOptions } from '../app/options.ts';
import { walkApart } from '../app/run-apart.ts';
import { type Outcome, succeed } from '../base/failure.ts';
import { defineCommand, required } from './command.ts';

export const restore = defineCommand({
  name: 'restore',
  about: 'restore production, step by step',
  more: [
    'Every step shows what it will do, does it, and checks what it promised. The old database is kept until you remove it, and is replaced only after you typed its exact name.',
    'Everything is written to a restore log first, so that a run that stopped, for whatever reason, goes on with `thaw resume`.',
  ],
  operands: {
    runbook: required({
      word: 'RUNBOOK|ADDRESS',
      about:
        'a name under runbooks/ or the path of a file; or where a kit lies: s3://BUCKET/PREFIX, rclone:REMOTE:PATH, or a folder',
      completes: 'runbook',
    }),
  },
  options: restoreOptions,
  examples: [
    { line: 'thaw restore crm --env-file .env', about: 'walk it on the screen' },
    {
      line: "thaw restore crm --snapshot latest --lost-at '2026-04-28 14:43Z' --operator 'A. Reed'",
      about: 'with what is known already',
    },
    {
      line: 'thaw restore s3://offsite/crm --endpoint https://s3.example.org --env-file .env',
      about: 'on a blank host: the kit that lies beside the backups has the runbook and what it needs',
    },
  ],
  statuses: { verified: 'restored and verified', ...walkStatuses },
  run: async (context, given) => {
    const begun = await fromKit(given.operands.runbook, given.options, context);
    if (!begun.ok) return begun;
    const { runbook, environment, envFiles } = begun.value;
    const own = { ...context, environment };
    const options = { ...given.options, envFiles };
    return walkApart(
      { command: 'restore', mode: 'live', given: { operands: { runbook }, options }, context: own },
      async (inside) =>
        (await import('./actions/start.ts')).start({ runbook, mode: 'live', options }, inside),
    );
  },
});

type Named = {
  readonly runbook: string;
  readonly environment: CommandContext['environment'];
} & Options<'envFiles'>;

/** A runbook by its name goes its way; one that lies in a kit is fetched first, and nothing but this is loaded for it. */
async function fromKit(
  runbook: string,
  ...[options, context]: [Options<(typeof restoreOptions)[number]>, CommandContext]
): Promise<Outcome<Named>> {
  const named = { runbook, environment: context.environment, envFiles: options.envFiles };
  const mayBeKit = runbook.includes(':') || runbook.includes('/') || runbook === '.';
  if (!mayBeKit) return succeed(named);
  const { kitPlaceOf, takeFromKit } = await import('../app/kit-place.ts');
  const place = await kitPlaceOf(runbook, context.folder);
  return place === undefined ? succeed(named) : takeFromKit(place, { options, context });
}
