import { fail, type Outcome } from '../base/failure.ts';
import type { Mode } from '../base/mode.ts';
import { askForInputs } from './ask-for-inputs.ts';
import { type LoadedRunbook, listMissingInputs, type ReadyRunbook, readyRunbook } from './load-runbook.ts';
import type { Options } from './options.ts';
import { chooseAttendance, type TerminalContext, type TerminalOptions } from './terminal.ts';

/**
 * Fills the placeholders of a runbook. What nothing around the program gives, a person is asked for, where there is one;
 * what was typed is kept nowhere. Where nobody is there, the failure names everything that is missing.
 */
export async function readyOrAsk(
  loaded: LoadedRunbook,
  request: {
    readonly mode: Mode;
    readonly options: TerminalOptions & Options<'envFiles'>;
    readonly context: TerminalContext;
    /** The sections that are filled; all that the walk needs when left out. */
    readonly needs?: Parameters<typeof readyRunbook>[1]['needs'];
  },
): Promise<Outcome<ReadyRunbook>> {
  const { mode, options, context, needs } = request;
  const given = {
    ...{ mode, environment: context.environment, envFiles: options.envFiles },
    ...(needs === undefined ? {} : { needs }),
  };
  const ready = await readyRunbook(loaded, given);
  if (!ready.ok && ready.failure.code !== 'answer-missing') return ready;
  const missing = await listMissingInputs(loaded, given);
  const isThere = chooseAttendance(options, context) !== 'unattended';
  if (missing.length === 0 || (ready.ok && !isThere)) return ready;
  const typed = await askForInputs({ mode, title: loaded.runbook.title, missing }, { options, context });
  if (typed === undefined) return fail(ready.ok ? givenUp : ready.failure);
  return readyRunbook(loaded, { ...given, typed });
}

const givenUp = {
  code: 'answer-missing',
  message: 'Given up before the run began. Nothing was touched.',
  remedy: 'Begin again when what is asked for is at hand; what may stay empty is said.',
  retry: 'safe',
} as const;
