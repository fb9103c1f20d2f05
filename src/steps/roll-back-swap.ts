import { type Outcome, fail, succeed } from '../base/failure.ts';
import type { DatabaseServer } from '../ports/database-server.ts';
import type { Swap } from './facts.ts';
import { swapDatabases } from './swap-databases.ts';

/**
 * The swap the other way round: the restored database steps aside, the old one comes back. It is the same pair of renames, so it
 * survives a crash the same way.
 */
export async function rollBackSwap(server: DatabaseServer, swap: Swap & { readonly undone: string }): Promise<Outcome<void>> {
  const kept = await server.describeDatabase(swap.kept);
  if (!kept.ok) return kept;
  const undone = await server.describeDatabase(swap.undone);
  if (!undone.ok) return undone;
  if (kept.value === undefined && undone.value === undefined) {
    return fail({
      code: 'not-found',
      message: `The old database ${swap.kept} is no longer on ${server.address}.`,
      remedy: 'Somebody dropped or renamed it; restore it from a backup.',
      retry: 'never',
    });
  }
  const swapped = await swapDatabases(server, { target: swap.target, side: swap.kept, kept: swap.undone, hadTarget: true });
  return swapped.ok ? succeed(undefined) : swapped;
}
