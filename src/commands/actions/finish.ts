import { resolve } from 'node:path';
import { type CommandContext, printLine } from '../../app/command-context.ts';
import { type EnteredRun, enterRun } from '../../app/enter-run.ts';
import { liveStores } from '../../app/live-stores.ts';
import type { Options } from '../../app/options.ts';
import { findRunToWork } from '../../app/run-log.ts';
import { askName, type TerminalContext } from '../../app/terminal.ts';
import { type Failure, fail, type Outcome, succeed } from '../../base/failure.ts';
import { passed, resultWord } from '../../base/verdict.ts';
import { guardKept } from '../../engine/guard.ts';
import { isUnfinished, type RunState } from '../../journal/run-state.ts';
import { readFact } from '../../kinds/fact.ts';
import { swappedFact } from '../../kinds/facts.ts';
import { type KeptThing, keptDatabase, keptFolder, keptObjects } from '../../operations/kept-things.ts';
import { overwrittenObjects } from '../../operations/roll-back-objects.ts';
import { replacedFolders } from '../../steps/restore-files/roll-back-files.ts';

type FinishRequest = {
  readonly named: string | undefined;
  readonly options: Options<'confirm' | 'plain' | 'inline' | 'noColor' | 'envFiles' | 'logFolder'>;
};

/** Removes what a run kept for a roll-back, or what a roll-back put aside, each thing by its typed name. */
export async function finish(
  request: FinishRequest,
  context: TerminalContext & Pick<CommandContext, 'folder'>,
): Promise<Outcome<number>> {
  const { options, named } = request;
  const logFolder = resolve(context.folder, options.logFolder);
  const found = await findRunToWork({
    logFolder,
    named,
    fits: keepsSomething,
    what: 'run that keeps something',
  });
  if (!found.ok) return found;
  const { state } = found.value;
  if (!keepsSomething(state)) return fail(nothingKept(state));
  return enterRun({ state, logFolder, options, byAddress: true }, context, (entered) =>
    endWayBack({ ...entered, state, options }, context),
  );
}

type Ending = EnteredRun & { readonly state: RunState; readonly options: Options<'confirm'> };

async function endWayBack(ending: Ending, context: TerminalContext): Promise<Outcome<number>> {
  const { state, server, options, addLater } = ending;
  const lease = await server.lease(server.databaseName);
  if (!lease.ok) return lease;
  const inPlace = await proveInPlace(ending);
  if (!inPlace.ok) return inPlace;
  const things = await findKept(ending);
  if (!things.ok) return things;
  for (const { name, what, about } of things.value)
    printLine(context, `is dropped ${what} ${name}   ${about}`);
  for (const line of [inPlace.value, ...unproven(state), 'There is no way back after this.'])
    printLine(context, line);
  const agreed = new Set<string>();
  for (const { name, what } of things.value) {
    const typed = await askName({ name, what, verb: 'drop for good', confirm: options.confirm }, context);
    if (!typed.ok) return typed;
    agreed.add(name);
  }
  const names = things.value.map(({ name }) => name);
  // Before the first act, so that a half-done end is known to whoever comes next.
  const begun = await addLater({ text: '', entries: [{ kind: 'way-back-ending', names }] });
  if (!begun.ok) return begun;
  const guard = guardKept({
    runId: `${state.start.runId}-${state.start.mark}`,
    agreed: (name) => agreed.has(name),
  });
  const stays: string[] = [];
  for (const thing of things.value) {
    const removed = await thing.remove(guard);
    if (!removed.ok) return removed;
    printLine(context, `dropped ${thing.name}`);
    if (removed.value === undefined) continue;
    printLine(context, removed.value);
    stays.push(removed.value);
  }
  const dropped = names.length === 0 ? 'nothing was kept any more' : `dropped for good: ${names.join(', ')}`;
  const text = [dropped, ...stays].join('; ');
  const written = await addLater({
    text,
    entries: [{ kind: 'way-back-ended', checks: [passed(`${text}; there is no way back any more`)] }],
  });
  if (written.ok) printLine(context, `The way back of ${state.start.runId} is ended: ${text}.`);
  return written;
}

/** What takes its place is there, is the very one, and takes connections. */
async function proveInPlace({ state, server }: Ending): Promise<Outcome<string>> {
  const swap = readFact(swappedFact, state.facts);
  if (swap === undefined) return succeed('No database was swapped.');
  const { target, targetOid, incomingOid } = swap;
  const wanted = state.rolledBack ? targetOid : incomingOid;
  const found = await server.describeDatabase(target);
  if (!found.ok) return found;
  const isThere =
    found.value?.allowsConnections === true && (wanted === undefined || found.value.oid === wanted);
  if (!isThere) return fail(notInPlace({ target, address: server.address, rolledBack: state.rolledBack }));
  return succeed(
    `${target} on ${server.address} is the ${state.rolledBack ? 'old' : 'restored'} database and stays.`,
  );
}

async function findKept(ending: Ending): Promise<Outcome<readonly KeptThing[]>> {
  const { state, server, world, ready } = ending;
  const { facts, rolledBack } = state;
  const aside = (kept: string) => (rolledBack ? kept.replace(/([._-])before([_-])/, '$1undone$2') : kept);
  const swap = readFact(swappedFact, facts);
  const storeOf = liveStores({ filled: ready.filled, targets: ready.targets, world });
  const looks = [
    ...(swap?.hadTarget === true
      ? [
          keptDatabase(server, {
            name: aside(swap.kept),
            oid: rolledBack ? swap.incomingOid : swap.targetOid,
          }),
        ]
      : []),
    ...replacedFolders(facts).map(({ target, kept }) =>
      keptFolder(world.trees, { path: aside(kept), inPlace: target }),
    ),
    ...overwrittenObjects(facts).flatMap(({ id, overwriting: { keptBelow } }) => {
      const store = storeOf(id);
      // A roll-back copies the former ones back and keeps both.
      const prefixes = rolledBack ? [keptBelow, aside(keptBelow)] : [keptBelow];
      return store === undefined ? [] : prefixes.map((prefix) => keptObjects(store, prefix));
    }),
  ];
  const things: KeptThing[] = [];
  for (const look of looks) {
    const found = await look;
    if (!found.ok) return found;
    if (found.value !== undefined) things.push(found.value);
  }
  return succeed(things);
}

function unproven({ ended, rolledBack }: RunState): readonly string[] {
  if (rolledBack || ended?.verdict === 'passed') return [];
  return [
    `The run ended ${ended === undefined ? 'unfinished' : resultWord(ended.verdict, [])}: look at what is in place before you drop the old one.`,
  ];
}

function keepsSomething(state: RunState): boolean {
  if (isUnfinished(state) || state.wayBackEnded) return false;
  const { facts } = state;
  const isSwapped = readFact(swappedFact, facts)?.hadTarget === true;
  return isSwapped || replacedFolders(facts).length > 0 || overwrittenObjects(facts).length > 0;
}

function nothingKept(state: RunState): Failure {
  const { runId } = state.start;
  const why = isUnfinished(state)
    ? 'has not come to an end'
    : state.wayBackEnded
      ? 'keeps nothing any more: its way back was ended'
      : 'replaced nothing, and so keeps nothing';
  return {
    code: 'invalid-input',
    message: `Run ${runId} ${why}.`,
    remedy: isUnfinished(state)
      ? `Go on with \`thaw resume ${runId}\`, or give it up with \`thaw discard ${runId}\`.`
      : `Read it with \`thaw records show ${runId}\`.`,
    retry: 'never',
  };
}

function notInPlace(of: {
  readonly target: string;
  readonly address: string;
  readonly rolledBack: boolean;
}): Failure {
  const { target, address, rolledBack } = of;
  return {
    code: 'conflict',
    message: `${target} on ${address} is not the ${rolledBack ? 'old database that came back' : 'database that this run put there'}, or takes no connections. Nothing was dropped.`,
    remedy: `Look at ${target} first; what is kept may be the only whole one.`,
    retry: 'after-fix',
  };
}
