import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Outcome } from '../base/failure.ts';
import { takeBackup } from '../producer/take-backup.ts';
import { createWorld } from '../registry/wire.ts';
import type { Sandbox } from '../sandbox/build-sandbox.ts';
import type { CommandContext } from './command-context.ts';
import { loadRunbook, readyRunbook } from './load-runbook.ts';
import { thawVersion } from './version.ts';

/**
 * The old scripts write nothing down, and so nothing they backed up can be proven. The rehearsal shows what a restore is worth when
 * the producer counted: the newest snapshot is one of `thaw backup`, in the place of the old one of the same hour.
 */
export async function backUpAnew(
  request: { readonly sandbox: Sandbox; readonly onLine: (line: string) => void },
  context: CommandContext,
): Promise<Outcome<void>> {
  const { sandbox, onLine } = request;
  const loaded = await loadRunbook('rehearsal', context.folder);
  if (!loaded.ok) return loaded;
  const { environment } = sandbox;
  const ready = await readyRunbook(loaded.value, { mode: 'live', environment, envFiles: [] });
  if (!ready.ok) return ready;
  await rm(join(sandbox.backupDirectory, sandbox.truth.key));
  const world = createWorld(environment);
  try {
    const taken = await takeBackup({
      world,
      targets: ready.value.targets,
      settings: {
        host: environment.BACKUP_HOST,
        tier: undefined,
        compression: 'gzip',
        sealing: { kind: 'openpgp', ...sandbox.backupKey },
        fingerprints: ['ENCRYPTION_KEY'],
        newestColumns: ['updated_at', 'created_at'],
        workers: 4,
        stallMs: 60_000,
      },
      thawVersion,
      onLine: (line) => onLine(`thaw backup: ${line}`),
      signal: new AbortController().signal,
    });
    return taken.ok ? { ok: true, value: undefined } : taken;
  } finally {
    await world.close();
  }
}
