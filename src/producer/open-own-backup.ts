import { isEncrypted, namesKeyFor } from '../backups/wrapping.ts';
import { type Failure, fail, type Outcome, succeed } from '../base/failure.ts';
import { peekDump } from '../operations/open-snapshot.ts';
import type { Layer } from '../ports/unpacker.ts';
import type { BackupRequest } from './backup-request.ts';

type Stored = { readonly key: string; readonly layers: readonly Layer[] };

/**
 * Opens the dump as it stands in the store, the way a restore will: what does not open now will not open then. A producer
 * need not have the secret key; then it says that nobody tried.
 *
 * @returns a sentence about what was found.
 */
export async function openOwnBackup(request: BackupRequest, stored: Stored): Promise<Outcome<string>> {
  const { world, targets } = request;
  if (isEncrypted(stored.layers)) {
    const described = await world.openUnpacker(targets.backups.key).describeKey();
    if (!described.ok) return succeed(notTried(stored, described.failure));
  }
  const opened = await peekDump({ world, targets }, stored);
  if (opened.ok) return succeed(`${stored.key} opens, as a restore will open it`);
  // A key in the keyring of this host may be for anything; one that the runbook names is the one of the restore.
  if (opened.failure.code === 'wrong-key' && !namesKeyFor(stored.layers, targets.backups.key))
    return succeed(notTried(stored, opened.failure));
  return fail(doesNotOpen(stored, opened.failure));
}

function notTried({ key }: Stored, { message }: Failure): string {
  return `could not be tried whether ${key} opens, since the secret key is not at hand here: ${message}`;
}

function doesNotOpen({ key }: Stored, failure: Failure): Failure {
  const remedy =
    failure.code === 'wrong-key'
      ? 'Encrypt for the key that backups.key names, or name there the key that restores will have.'
      : 'Take the backup again; if that does not open either, try another compression or encryption.';
  return {
    ...failure,
    message: `The dump was stored as ${key}, and does not open. ${failure.message} It counts as incomplete.`,
    remedy,
    retry: 'safe',
  };
}
