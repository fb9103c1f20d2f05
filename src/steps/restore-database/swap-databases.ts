import { ownershipComment } from '../../base/digest.ts';
import { type Failure, fail, type Outcome, succeed } from '../../base/failure.ts';
import type { DatabaseSwap } from '../../kinds/facts.ts';
import { atTheBeginning, nobodyInTheWay, otherDatabase } from '../../operations/before-swap.ts';
import type { DatabaseDescription, DatabaseServer, Rename } from '../../ports/database-server.ts';
import type { Guard } from '../../ports/guard.ts';
import type { ServerLooks } from '../../ports/world.ts';

/**
 * Both renames are one transaction, so nobody sees one half of them; but the doors are closed before, and a server may stop at
 * any moment. After a crash the names and the doors themselves tell how far it came:
 *
 *   target  incoming   kept
 *   there   there  -      not begun, or `closed`, when a door is: begin
 *   -       there  there  half: the old one is aside, by hand or by an earlier version of thaw: bring the new one in
 *   there   -      there  done
 *   -       there  -      there never was an old one: bring the new one in
 *   there   -      -      there never was an old one: done
 *
 * Anything else was not our doing and stays as it is, and so does a database whose object id is not the one that was looked at.
 */
type SwapStage = 'not-begun' | 'closed' | 'half' | 'done' | 'foreign';

/** What a swap has to know; a roll-back is one, too: the restored database goes out, the old one comes in. */
export type PlannedSwap = DatabaseSwap & {
  /** Completes "… is another database than …"; those of a restore when left out. */
  readonly than?: { readonly outgoing: string; readonly incoming: string };
};

/** A swap that may be done: the guard knows whether its name was typed. */
export type GuardedSwap = PlannedSwap & { readonly guard: Pick<Guard, 'renameDatabases'> };

/** The question for the name of the database that goes out. */
export const swapQuestion = 'restore-database.swap';

type Found = {
  readonly stage: SwapStage;
  readonly target: DatabaseDescription | undefined;
  readonly incoming: DatabaseDescription | undefined;
  readonly kept: DatabaseDescription | undefined;
  /** Why it is foreign. */
  readonly failure?: Failure;
  /** The same, where a name leads to another database than it did. */
  readonly other?: Failure;
};

/** How far a swap came, by what is on the server. Changes nothing. */
export async function lookAtSwap(server: ServerLooks, swap: PlannedSwap): Promise<Outcome<Found>> {
  const found: (DatabaseDescription | undefined)[] = [];
  for (const name of [swap.target, swap.incoming, swap.kept]) {
    const described = await server.describeDatabase(name);
    if (!described.ok) return described;
    found.push(described.value);
  }
  const [target, incoming, kept] = found;
  const stage = stageOf({ target, incoming, kept, hadTarget: swap.hadTarget });
  const seen = { target, incoming, kept };
  if (stage === 'foreign') return succeed({ ...seen, stage, failure: foreign(found, swap) });
  const [old, fresh] = stage === 'done' ? [kept, target] : [kept ?? target, incoming];
  const than = swap.than ?? { outgoing: atTheBeginning, incoming: 'the one that this run made' };
  const other =
    otherDatabase(server, { found: old, oid: swap.targetOid, than: than.outgoing }) ??
    otherDatabase(server, { found: fresh, oid: swap.incomingOid, than: than.incoming });
  if (other === undefined) return succeed({ ...seen, stage });
  return succeed({ ...seen, stage: 'foreign', failure: other, other });
}

function stageOf(found: {
  readonly target: DatabaseDescription | undefined;
  readonly incoming: DatabaseDescription | undefined;
  readonly kept: DatabaseDescription | undefined;
  readonly hadTarget: boolean;
}): SwapStage {
  const { target, incoming, kept, hadTarget } = found;
  if (!incoming) return target && (kept !== undefined) === hadTarget ? 'done' : 'foreign';
  if (!hadTarget) return target || kept ? 'foreign' : 'not-begun';
  if (target && kept) return 'foreign';
  if (target) return target.allowsConnections && incoming.allowsConnections ? 'not-begun' : 'closed';
  return kept ? 'half' : 'foreign';
}

/** Ends with the new database in place and the old one aside, or with everything as it was, or says what it left. */
export async function swapDatabases(
  server: DatabaseServer,
  swap: GuardedSwap & {
    /**
     * The new database gets owner, settings, privileges and comment of the old one; the comment given here where there is none. A
     * roll-back needs none of that.
     */
    readonly carry?: { readonly comment: string | undefined };
  },
): Promise<Outcome<void>> {
  const found = await lookAtSwap(server, swap);
  if (!found.ok) return found;
  const { stage, failure } = found.value;
  if (failure !== undefined) return fail(failure);
  if (stage === 'done') return setDoor(server, swap.target, true);
  const oldIsAside = stage === 'half' || !swap.hadTarget;
  const comment = commentFor(swap, found.value);
  const renamed = await closeAndRename(server, { ...swap, oldIsAside, comment });
  return renamed.ok
    ? setDoor(server, swap.target, true)
    : giveBack(server, { swap, failure: renamed.failure });
}

/** The mark of a run is for what has not its name yet, and comes from no dump and no old database. */
function commentFor(
  { carry, hadTarget }: Parameters<typeof swapDatabases>[1],
  { target, kept }: Found,
): { readonly comment?: string } {
  if (carry === undefined) return {};
  const comment = (hadTarget ? (kept ?? target)?.comment : carry.comment) ?? '';
  return { comment: comment.startsWith(ownershipComment('')) ? '' : comment };
}

/** Whoever cannot be sent away from either database is found before a door of production is touched. */
async function closeAndRename(
  server: DatabaseServer,
  swap: Parameters<typeof swapDatabases>[1] & {
    readonly oldIsAside: boolean;
    readonly comment: { readonly comment?: string };
  },
): Promise<Outcome<void>> {
  const { target, incoming, kept } = swap;
  const free = await nobodyInTheWay(server, swap.oldIsAside ? [incoming] : [incoming, target]);
  if (!free.ok) return free;
  const emptied = await closeAndEmpty(server, incoming);
  if (!emptied.ok) return emptied;
  const bringIn = { from: incoming, to: target, oid: swap.incomingOid, ...swap.comment };
  if (swap.oldIsAside) return rename(server, { swap, renames: [bringIn] });
  if (swap.carry !== undefined) {
    const carried = await server.carryOverSettings({ from: target, to: incoming });
    if (!carried.ok) return carried;
  }
  const out = await closeAndEmpty(server, target);
  const takeOut = { from: target, to: kept, oid: swap.targetOid };
  return out.ok ? rename(server, { swap, renames: [takeOut, bringIn] }) : out;
}

async function rename(
  server: DatabaseServer,
  { swap, renames }: { readonly swap: GuardedSwap; readonly renames: readonly Rename[] },
): Promise<Outcome<void>> {
  const permit = await swap.guard.renameDatabases(server, { renames, agreedIn: swapQuestion });
  return permit.ok ? server.renameDatabases(permit.value) : permit;
}

/** A database with a client on it cannot be renamed, and one whose door is open has a new client at once. */
async function closeAndEmpty(server: DatabaseServer, database: string): Promise<Outcome<void>> {
  const closed = await setDoor(server, database, false);
  if (!closed.ok) return closed;
  const ended = await server.terminateSessions(database);
  return ended.ok ? succeed(undefined) : ended;
}

function setDoor(server: DatabaseServer, ...[database, allowed]: [string, boolean]): Promise<Outcome<void>> {
  return server.setConnectionsAllowed({ database, allowed });
}

/** Production must neither stay without its name nor locked out because the swap did not come about. */
export async function giveBack(
  server: DatabaseServer,
  { swap, failure }: { readonly swap: GuardedSwap; readonly failure: Failure },
): Promise<Outcome<void>> {
  const found = await lookAtSwap(server, swap);
  // A server may do what it was told and fall silent before it says so.
  if (found.ok && found.value.stage === 'done') return setDoor(server, swap.target, true);
  // Another database has the name: its door is not ours to open.
  if (found.ok && found.value.other !== undefined) return fail(found.value.other);
  const undone = await undoSwap(server, swap);
  if (!undone.ok) {
    return fail({
      ...failure,
      message: `${failure.message} Undoing what was begun did not work either, so that ${swap.target} may be closed, or be called ${swap.kept}: ${undone.failure.message}`,
      remedy: `${failure.remedy} Then \`thaw resume\` ends the swap, and \`thaw rollback\` undoes it.`,
    });
  }
  if (undone.value !== 'renamed') return fail(failure);
  return fail({
    ...failure,
    message: `${failure.message} The half that was done is undone: ${swap.target} is the old database again.`,
  });
}

/**
 * Back to where nothing was begun: the old database under its name, and the doors of both open. Says what it did. Refuses what is
 * done (that is rolled back) and what is not ours.
 */
export async function undoSwap(
  server: DatabaseServer,
  swap: GuardedSwap,
): Promise<Outcome<'nothing' | 'opened' | 'renamed'>> {
  const found = await lookAtSwap(server, swap);
  if (!found.ok) return found;
  const { stage, failure, target, incoming } = found.value;
  if (failure !== undefined) return fail(failure);
  if (stage === 'done') {
    return fail({
      code: 'conflict',
      message: `The swap of ${swap.target} has ended: it is the restored database.`,
      remedy: 'Undo it with `thaw rollback`.',
      retry: 'never',
    });
  }
  if (stage === 'half') {
    const emptied = await closeAndEmpty(server, swap.kept);
    const renamed = emptied.ok
      ? await rename(server, {
          swap,
          renames: [{ from: swap.kept, to: swap.target, oid: swap.targetOid }],
        })
      : emptied;
    if (!renamed.ok) return renamed;
  }
  const closed = [stage === 'half' ? undefined : target, incoming].filter(
    (one) => one?.allowsConnections === false,
  );
  for (const name of [
    ...(stage === 'half' ? [swap.target] : []),
    ...closed.flatMap((one) => one?.name ?? []),
  ]) {
    const opened = await setDoor(server, name, true);
    if (!opened.ok) return opened;
  }
  if (stage === 'half') return succeed('renamed');
  return succeed(stage === 'closed' ? 'opened' : 'nothing');
}

function foreign(found: readonly (DatabaseDescription | undefined)[], swap: DatabaseSwap): Failure {
  const there = found.flatMap((one) => one?.name ?? []).join(', ') || 'none of them';
  return {
    code: 'conflict',
    message: `The databases are not as the swap left them: of ${swap.target}, ${swap.incoming} and ${swap.kept}, ${there} exist.`,
    remedy: 'Find out who renamed or dropped one of them; put the names right by hand, then retry.',
    retry: 'after-fix',
  };
}
