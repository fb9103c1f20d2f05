import { fail, type Outcome, succeed } from '../base/failure.ts';
import type { DatabaseServer } from '../ports/database-server.ts';
import type { Swap } from './facts.ts';

/**
 * Two renames that look like one: nobody can connect to either database in between. PostgreSQL has no transaction around
 * them, so after a crash the names themselves tell how far it came:
 *
 *   target  side  kept
 *   there   there  -      not begun, or only the doors are closed: begin
 *   -       there  there  the old one is aside: bring the new one in
 *   there   -      there  done
 *   -       there  -      there never was an old one: bring the new one in
 *   there   -      -      there never was an old one: done
 *
 * Anything else was not our doing and stays as it is.
 */
export async function swapDatabases(
  server: DatabaseServer,
  swap: Swap & {
    /** Owner, settings and privileges of the old database given to the new one; a roll-back needs none of that. */
    readonly carrySettings: boolean;
  },
): Promise<Outcome<void>> {
  const names = await lookAtNames(server, swap);
  if (!names.ok) return names;
  const { target, side, kept } = names.value;
  if (!side && target && kept === swap.hadTarget) return openDoors(server, swap.target);
  if (side && !target && kept === swap.hadTarget) return bringIn(server, swap);
  if (side && target && !kept && swap.hadTarget) {
    // Whoever cannot be sent away from the new database is found while production still has its name.
    const free = await server.terminateSessions(swap.side);
    if (!free.ok) return free;
    const aside = await putAside(server, swap);
    return aside.ok ? bringIn(server, swap) : aside;
  }
  const there =
    [target && swap.target, side && swap.side, kept && swap.kept].filter(Boolean).join(', ') ||
    'none of them';
  return fail({
    code: 'conflict',
    message: `The databases are not as the swap left them: of ${swap.target}, ${swap.side} and ${swap.kept}, ${there} exist.`,
    remedy: 'Find out who renamed or dropped one of them; put the names right by hand, then retry.',
    retry: 'after-fix',
  });
}

/** Whether a database carries another name already than before the swap. */
export async function hasSwapBegun(server: DatabaseServer, swap: Swap): Promise<Outcome<boolean>> {
  const names = await lookAtNames(server, swap);
  if (!names.ok) return names;
  const { target, side, kept } = names.value;
  return succeed(!(side && !kept && target === swap.hadTarget));
}

async function lookAtNames(server: DatabaseServer, swap: Swap) {
  const found: boolean[] = [];
  for (const name of [swap.target, swap.side, swap.kept]) {
    const described = await server.describeDatabase(name);
    if (!described.ok) return described;
    found.push(described.value !== undefined);
  }
  const [target = false, side = false, kept = false] = found;
  return succeed({ target, side, kept });
}

async function putAside(
  server: DatabaseServer,
  swap: Parameters<typeof swapDatabases>[1],
): Promise<Outcome<void>> {
  if (swap.carrySettings) {
    const carried = await server.carryOverSettings({ from: swap.target, to: swap.side });
    if (!carried.ok) return carried;
  }
  const closed = await server.setConnectionsAllowed({ database: swap.target, allowed: false });
  const renamed = closed.ok
    ? await renameAfterDisconnecting(server, { from: swap.target, to: swap.kept })
    : closed;
  if (renamed.ok) return renamed;
  // Production must not stay locked out because the swap did not come about; a door that would not close may be closed.
  const opened = await openDoors(server, swap.target);
  return opened.ok ? renamed : opened;
}

async function bringIn(server: DatabaseServer, swap: Swap): Promise<Outcome<void>> {
  const renamed = await renameAfterDisconnecting(server, { from: swap.side, to: swap.target });
  return renamed.ok ? openDoors(server, swap.target) : renamed;
}

function openDoors(server: DatabaseServer, database: string): Promise<Outcome<void>> {
  return server.setConnectionsAllowed({ database, allowed: true });
}

/** A database with a client on it cannot be renamed. */
async function renameAfterDisconnecting(
  server: DatabaseServer,
  names: { readonly from: string; readonly to: string },
): Promise<Outcome<void>> {
  const ended = await server.terminateSessions(names.from);
  if (!ended.ok) return ended;
  return server.renameDatabase(names);
}
