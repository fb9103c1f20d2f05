import { fail, type Outcome } from '../base/failure.ts';
import type { DatabaseServer } from '../ports/database-server.ts';
import type { Swap } from './facts.ts';
import { swapDatabases } from './swap-databases.ts';

/**
 * The swap the other way round: the restored database steps aside, the old one comes back. It is the same pair of renames, so it
 * survives a crash the same way.
 */
export async function rollBackSwap(
  server: DatabaseServer,
  swap: Swap & { readonly undone: string },
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
  const { target, kept: side, undone } = swap;
  return swapDatabases(server, { target, side, kept: undone, hadTarget: true, carrySettings: false });
}
