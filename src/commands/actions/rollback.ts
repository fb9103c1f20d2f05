import { resolve } from 'node:path';
import { type CommandContext, printLine } from '../../app/command-context.ts';
import { type EnteredRun, enterRun } from '../../app/enter-run.ts';
import { exitStatus } from '../../app/exit-status.ts';
import { liveStores } from '../../app/live-stores.ts';
import { findWithoutRecord, lacksRecord, renderMissingRecord } from '../../app/missing-record.ts';
import type { Options } from '../../app/options.ts';
import { findRunToWork } from '../../app/run-log.ts';
import { askName, type TerminalContext } from '../../app/terminal.ts';
import { assert } from '../../base/assert.ts';
import { fail, type Outcome, succeed } from '../../base/failure.ts';
import { formatBytes } from '../../base/units.ts';
import { passed } from '../../base/verdict.ts';
import { createGuard } from '../../engine/guard.ts';
import { isUnfinished, type RunState } from '../../journal/run-state.ts';
import { readFact } from '../../kinds/fact.ts';
import { type DatabaseSwap, type Swap, swappedFact, swappingFact } from '../../kinds/facts.ts';
import { stepsGiving } from '../../kinds/handlers.ts';
import { stepId } from '../../kinds/kind.ts';
import { patienceOf, usualPatienceMs } from '../../kinds/patience.ts';
import { overwrittenObjects, rollBackObjects } from '../../operations/roll-back-objects.ts';
import type { DatabaseServer } from '../../ports/database-server.ts';
import { handlers } from '../../registry/kinds.ts';
import { checkWayBack, rollBackSwap } from '../../steps/restore-database/roll-back-swap.ts';
import { lookAtSwap, undoSwap } from '../../steps/restore-database/swap-databases.ts';
import { replacedFolders, rollBackFiles } from '../../steps/restore-files/roll-back-files.ts';

type RollbackRequest = {
  readonly named: string | undefined;
  readonly options: Options<'confirm' | 'plain' | 'inline' | 'noColor' | 'envFiles' | 'logFolder'>;
};

/** Puts the database and the folders back as they were before the swap. What was restored is kept under another name. */
export async function rollback(
  request: RollbackRequest,
  context: TerminalContext & Pick<CommandContext, 'folder'>,
): Promise<Outcome<number>> {
  const { options, named } = request;
  const logFolder = resolve(context.folder, options.logFolder);
  const found = await findRunToWork({ logFolder, named, fits: canRollBack, what: 'run with a swap to undo' });
  if (!found.ok) {
    // It may have come to its last fact, and died before the record of it was there.
    const done = named === undefined ? await findWithoutRecord(logFolder) : undefined;
    return done?.state.rolledBack === true ? renderAgain(done, { logFolder, context }) : found;
  }
  const { state } = found.value;
  const swap = swapOf(state);
  if (swap === undefined || !canRollBack(state)) {
    const isDone = state.rolledBack && (await lacksRecord(found.value, logFolder));
    return isDone ? renderAgain(found.value, { logFolder, context }) : fail(nothingToUndo(state));
  }
  return enterRun({ state, logFolder, options, byAddress: true }, context, async (entered) => {
    const { server } = entered;
    const lease = await server.lease(server.databaseName);
    if (!lease.ok) return lease;
    const found = await lookAtSwap(server, swap);
    if (!found.ok) return found;
    const back = { ...entered, swap, state, options };
    return isSwapped(state) || found.value.stage === 'done'
      ? undoSwapped(back, context)
      : undoUnfinished(back, context);
  });
}

/** It was rolled back already; what it owed was the record of it. */
async function renderAgain(...of: Parameters<typeof renderMissingRecord>): Promise<Outcome<number>> {
  const written = await renderMissingRecord(...of);
  return written.ok ? succeed(exitStatus.verified) : written;
}

type WayBack = EnteredRun & {
  readonly swap: DatabaseSwap;
  readonly state: RunState;
  readonly options: Options<'confirm'>;
};

async function undoSwapped(back: WayBack, context: TerminalContext): Promise<Outcome<number>> {
  const { swap, state, ready, server, world, options, addLater } = back;
  const whole = { ...swap, undone: undoneName(swap) };
  const folders = replacedFolders(state.facts);
  const agreed = await agree({ server, swap: whole, folders, facts: state.facts, options }, context);
  if (!agreed.ok) return agreed;
  const guard = guardOf(agreed.value, state);
  const undone = await rollBackSwap(server, { ...whole, guard });
  if (!undone.ok) return undone;
  const files = await rollBackFiles(world.trees, folders, guard);
  if (!files.ok) return files;
  const storeOf = liveStores({ filled: ready.filled, targets: ready.targets, world });
  const patience = patienceOf(world.host, {
    lastsMs: usualPatienceMs,
    signal: new AbortController().signal,
    tell: (line) => printLine(context, ready.redact(line)),
  });
  const objects = await rollBackObjects({ facts: state.facts, guard, storeOf, patience });
  if (!objects.ok) return objects;
  const database = `${swap.target} is the old database again; the restored one is kept as ${undoneName(swap)}`;
  const text = [database, ...files.value, ...objects.value].join('. ');
  const entries = [{ kind: 'rolled-back' as const, checks: [passed(text)] }];
  const written = await addLater({ text, entries });
  if (written.ok) printLine(context, text);
  return written;
}

/** One name is typed for the whole of a roll-back: that of its database. */
function guardOf(typed: string, { start }: RunState) {
  return createGuard({ runId: start.runId, agreed: () => typed !== '' });
}

/** Nobody else works on the target, and a person typed its name with both databases before their eyes. */
async function agree(
  request: {
    readonly server: DatabaseServer;
    readonly swap: DatabaseSwap & { readonly undone: string };
    readonly folders: readonly Swap[];
    readonly facts: RunState['facts'];
    readonly options: Options<'confirm'>;
  },
  context: TerminalContext,
): Promise<Outcome<string>> {
  const { server, swap, folders, facts, options } = request;
  const may = await checkWayBack(server, swap);
  if (!may.ok) return may;
  const kept = await server.describeDatabase(swap.kept);
  if (!kept.ok) return kept;
  printLine(context, `goes out   ${swap.target}   (kept as ${swap.undone})`);
  printLine(context, `comes back ${swap.kept}   ${formatBytes(kept.value?.sizeBytes ?? 0)}`);
  for (const { target, kept: old } of folders) {
    printLine(context, `goes out   ${target}`);
    printLine(context, `comes back ${old}`);
  }
  for (const { overwriting } of overwrittenObjects(facts))
    printLine(context, `comes back ${overwriting.address} ${overwriting.keptBelow}…`);
  printLine(context, 'Objects that were missing and came from the backup stay. Stop the writers first.');
  return askName(
    { name: swap.target, what: 'database', verb: 'roll back', confirm: options.confirm },
    context,
  );
}

/**
 * The swap was cut short: the old database gets its name and its door back. What was restored stays beside it and the run can
 * be gone on with, so that nothing is left which no command takes away.
 */
async function undoUnfinished(back: WayBack, context: TerminalContext): Promise<Outcome<number>> {
  const { server, swap, state, ready, options, addLater } = back;
  const { target, incoming, kept } = swap;
  printLine(context, `The swap of ${target} was begun and has not ended.`);
  printLine(context, `comes back ${target}   (where it is called ${kept}, by its old name)`);
  printLine(context, `stays      ${incoming}   (the restored one)`);
  const asked = { name: target, what: 'database', verb: 'roll back', confirm: options.confirm };
  const agreed = await askName(asked, context);
  if (!agreed.ok) return agreed;
  const undone = await undoSwap(server, { ...swap, guard: guardOf(agreed.value, state) });
  if (!undone.ok) return undone;
  const text = `${target} is the old database and takes connections; the restored one is still beside it as ${incoming}`;
  const [swapping] = stepsGiving(swappingFact, { steps: ready.filled.steps, handlers });
  assert(swapping !== undefined, 'a walk that has begun to swap has the step that swaps');
  const written = await addLater({
    text,
    entries: [
      { kind: 'fact-recorded', stepId: stepId(swapping), name: swappingFact.name, value: null },
      { kind: 'note-added', text: `The swap that was begun is undone: ${text}.` },
    ],
  });
  if (!written.ok) return written;
  printLine(context, text);
  printLine(
    context,
    `\`thaw resume ${state.start.runId}\` asks for the swap again; \`thaw discard ${state.start.runId}\` takes the restored one away.`,
  );
  return written;
}

/** Also one that was begun and never ended: killed, or refused, with the old database aside or its door closed. */
function swapOf(state: RunState): DatabaseSwap | undefined {
  const facts = state.facts;
  return readFact(swappedFact, facts) ?? readFact(swappingFact, facts);
}

function isSwapped(state: RunState): boolean {
  return readFact(swappedFact, state.facts) !== undefined;
}

function canRollBack(state: RunState): boolean {
  if (state.rolledBack || state.wayBackEnded || swapOf(state)?.hadTarget !== true) return false;
  // What is swapped stays so when the run is given up; a swap that was only begun is undone by then.
  return isSwapped(state) || isUnfinished(state);
}

function undoneName(swap: Swap): string {
  return swap.kept.replace('__before_', '__undone_');
}

function nothingToUndo(state: RunState) {
  return {
    code: 'invalid-input' as const,
    message: `Run ${state.start.runId} has nothing to undo: ${state.rolledBack ? 'it was rolled back already' : state.wayBackEnded ? 'its way back was ended' : 'it swapped no database, or there was none before'}.`,
    remedy: 'Look at its record with `thaw records show`.',
    retry: 'never' as const,
  };
}
