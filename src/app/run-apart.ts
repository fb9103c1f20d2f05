import type { Outcome } from '../base/failure.ts';
import type { Mode } from '../base/mode.ts';
import type { ApartRequest } from './begin-apart.ts';
import type { CommandContext } from './command-context.ts';
import { withSplash } from './splash.ts';
import { chooseAttendance } from './terminal.ts';

/**
 * A run that somebody looks at is a process of its own, and this one becomes the first that looks. Where nobody does, and in the process of
 * the run itself, `work` is done here.
 */
export async function runApart<Context extends CommandContext>(
  request: ApartRequest & {
    /** Left out where nothing has to be loaded before there is something to see. */
    readonly splash?: { readonly mode: Mode; readonly title: string; readonly words: string };
    readonly context: Context;
  },
  work: (context: Context) => Promise<Outcome<number>>,
): Promise<Outcome<number>> {
  const { context, splash, given } = request;
  const { options } = given;
  const attendance = chooseAttendance(options, context);
  if (attendance === 'unattended' || attendance === 'elsewhere') return work(context);
  const { beginApart } = await import('./begin-apart.ts');
  const begun = await beginApart(request, context);
  if (!begun.ok) return begun;
  const look = begun.value;
  return splash === undefined ? look(context) : withSplash({ ...splash, options, context }, look);
}

/** The walk of a runbook, which goes on when everybody has left it. */
export function walkApart<Context extends CommandContext>(
  request: {
    readonly command: string;
    readonly mode: Mode;
    readonly given: ApartRequest['given'] & { readonly operands: { readonly runbook: string } };
    readonly context: Context;
  },
  work: (context: Context) => Promise<Outcome<number>>,
): Promise<Outcome<number>> {
  const { mode, ...apart } = request;
  const splash = { mode, title: request.given.operands.runbook, words: 'Reading the runbook …' };
  return runApart({ ...apart, whenAlone: 'waits', splash }, work);
}
