import { hostname } from 'node:os';
import { resolve } from 'node:path';
import { anchorPlace } from '../../app/anchors.ts';
import { type CommandContext, printLine } from '../../app/command-context.ts';
import { type EnteredRun, enterRun } from '../../app/enter-run.ts';
import { statusOfVerdict } from '../../app/exit-status.ts';
import type { Options } from '../../app/options.ts';
import { findRunToWork, openRunToWork } from '../../app/run-log.ts';
import { askName, type TerminalContext } from '../../app/terminal.ts';
import { writeRecord } from '../../app/write-record.ts';
import { type Failure, fail, type Outcome, succeed } from '../../base/failure.ts';
import { verdictWord, worstVerdict } from '../../base/verdict.ts';
import { guardJournal } from '../../engine/journal-writer.ts';
import { isUnfinished, leftSomething, type RunState } from '../../journal/run-state.ts';
import { readFact, readFacts } from '../../kinds/fact.ts';
import { mirroredFact, swappedFact, writersDownFact } from '../../kinds/facts.ts';
import { wayBack } from '../../operations/overwrite-objects.ts';
import { overwrittenObjects } from '../../operations/roll-back-objects.ts';
import { handlers } from '../../registry/kinds.ts';
import { discardRun } from '../../session/discard-run.ts';

type DiscardRequest = {
  readonly named: string | undefined;
  readonly options: Options<'confirm' | 'plain' | 'inline' | 'noColor' | 'envFiles' | 'logFolder'>;
};

/**
 * Gives an unfinished run up: the database and the folders it made beside production, what it fetched and decrypted, are removed.
 * Nothing that is in place is touched, and no service that was stopped is started.
 */
export async function discard(
  request: DiscardRequest,
  context: TerminalContext & Pick<CommandContext, 'folder'>,
): Promise<Outcome<number>> {
  const { options, named } = request;
  const logFolder = resolve(context.folder, options.logFolder);
  const found = await findRunToWork({ logFolder, named, fits: mayBeDiscarded, what: 'unfinished run' });
  if (!found.ok) return found;
  const { state } = found.value;
  const { start } = state;
  const refusal = refuse(state, hostname());
  if (refusal !== undefined) return fail(refusal);
  return enterRun({ state, logFolder, options, byAddress: true }, context, async (entered) => {
    for (const line of whatStays(state)) printLine(context, line);
    const asked = { name: start.runId, what: 'run', verb: 'discard', confirm: options.confirm };
    const agreed = await askName(asked, context);
    if (!agreed.ok) return agreed;
    return guardJournal(() => takeAway({ ...entered, logFolder, start }, context));
  });
}

async function takeAway(
  run: EnteredRun & { readonly logFolder: string; readonly start: RunState['start'] },
  context: Pick<CommandContext, 'stdout'>,
): Promise<Outcome<number>> {
  const { logFolder, start, ready, world, stillOurs } = run;
  const opened = await openRunToWork({ logFolder, runId: start.runId, stillOurs });
  if (!opened.ok) return opened;
  const { reading, folder } = opened.value;
  const { filled, targets, redact, mask } = ready;
  const { mode } = start;
  const parts = { mode, steps: filled.steps, handlers, targets, world, folder, redact, mask, reading, start };
  const discarded = await discardRun(parts, new AbortController().signal);
  if (!discarded.ok) return discarded;
  for (const { verdict, text } of discarded.value)
    printLine(context, redact(verdict === 'passed' ? text : `${verdictWord(verdict)}: ${text}`));
  const record = await writeRecord({ folder, logFolder, ...anchorPlace({ mode, ready, world }) });
  if (!record.ok) return record;
  for (const warning of record.value.warnings) printLine(context, redact(warning));
  return succeed(statusOfVerdict(worstVerdict(discarded.value.map(({ verdict }) => verdict))));
}

/** Before the question: what this does not undo. */
function whatStays(state: RunState): readonly string[] {
  const { start, facts } = state;
  if (leftSomething(state))
    return [
      `Run ${start.runId} is over: what it could not take away then is taken away now. Its result stays.`,
    ];
  const swap = readFact(swappedFact, facts);
  const down = readFacts(writersDownFact, facts).flatMap(({ value }) => value.services);
  return [
    `Run ${start.runId}: what it made and did not put in place is removed. It cannot be resumed.`,
    ...(swap === undefined
      ? []
      : [`${swap.target} stays the restored database; \`thaw rollback\` puts back the one before.`]),
    ...(readFact(mirroredFact, facts) === undefined ? [] : ['Objects that were mirrored stay.']),
    ...overwrittenObjects(facts).map(
      ({ overwriting }) =>
        `Objects that were overwritten in ${overwriting.address} are kept below ${overwriting.keptBelow}; ${wayBack(facts)}.`,
    ),
    ...(down.length === 0
      ? []
      : [`Services that were stopped stay stopped; start them by hand: ${down.join(', ')}.`]),
  ];
}

function mayBeDiscarded(state: RunState): boolean {
  return isUnfinished(state) || leftSomething(state);
}

function refuse(state: RunState, host: string): Failure | undefined {
  const { start } = state;
  if (!mayBeDiscarded(state)) {
    return {
      code: 'invalid-input',
      message: `Run ${start.runId} is over already.`,
      remedy: `Read it with \`thaw records show ${start.runId}\`.`,
      retry: 'never',
    };
  }
  if (start.host.name === host) return undefined;
  return {
    code: 'conflict',
    message: `Run ${start.runId} began on host ${start.host.name}; this is ${host}.`,
    remedy: `Discard it on ${start.host.name}: its files are there.`,
    retry: 'after-fix',
  };
}
