import { fail, type Outcome, succeed } from '../../base/failure.ts';
import type { DatabaseSwap } from '../../kinds/facts.ts';
import type { DatabaseServer } from '../../ports/database-server.ts';
import { type GuardedSwap, lookAtSwap, type PlannedSwap, swapDatabases } from './swap-databases.ts';

/**
 * The swap the other way round: the restored database steps aside, the old one comes back. It is the same pair of renames, so it
 * survives a crash the same way. What this run did not put there is never swapped out.
 */
export async function rollBackSwap(
  server: DatabaseServer,
  swap: DatabaseSwap & { readonly undone: string } & Pick<GuardedSwap, 'guard'>,
): Promise<Outcome<void>> {
  const kept = await server.describeDatabase(swap.kept);
  if (!kept.ok) return kept;
  const aside = await server.describeDatabase(swap.undone);
  if (!aside.ok) return aside;
  if (kept.value === undefined && aside.value === undefined) {
    return fail({
      code: 'not-found',
      message: `The old database ${swap.kept} is no longer on ${server.address}.`,
      remedy: 'Somebody dropped or renamed it; restore it from a backup.',
      retry: 'never',
    });
  }
  return swapDatabases(server, { ...wayBack(swap), guard: swap.guard });
}

/** Whether the two databases are still those that this run left: nothing is asked about what cannot be rolled back. */
export async function checkWayBack(
  server: DatabaseServer,
  swap: DatabaseSwap & { readonly undone: string },
): Promise<Outcome<void>> {
  const found = await lookAtSwap(server, wayBack(swap));
  if (!found.ok) return found;
  return found.value.other === undefined ? succeed(undefined) : fail(found.value.other);
}

function wayBack(swap: DatabaseSwap & { readonly undone: string }): PlannedSwap {
  const { target, kept: incoming, undone, targetOid, incomingOid } = swap;
  return {
    target,
    incoming,
    kept: undone,
    hadTarget: true,
    ...(incomingOid === undefined ? {} : { targetOid: incomingOid }),
    ...(targetOid === undefined ? {} : { incomingOid: targetOid }),
    than: { outgoing: 'the one that this run put there', incoming: 'the one that this run put aside' },
  };
}
