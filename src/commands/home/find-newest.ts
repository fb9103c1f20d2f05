import type { Options } from '../../app/arguments.ts';
import type { CommandContext } from '../../app/command-context.ts';
import { type LoadedRunbook, readyRunbook } from '../../app/load-runbook.ts';
import { newestComplete } from '../../backups/snapshot.ts';
import { formatSpan } from '../../base/units.ts';
import { findReferences, listMissing } from '../../kinds/references.ts';

/** How long the first page waits for a backup store before it says that it did not answer. */
const patienceMs = 15_000;

/** What is known about the newest snapshot of a runbook, in few words. Contacts the backup store, and nothing else. */
export async function findNewest(
  loaded: LoadedRunbook,
  { options, context }: { readonly options: Options; readonly context: CommandContext },
): Promise<string> {
  const { environment } = context;
  const ready = await readyRunbook(loaded, {
    mode: 'live',
    environment,
    envFiles: options.envFiles,
    backupsOnly: true,
  });
  if (!ready.ok) return whyNotLooked(loaded, environment);
  // The drivers of the stores are big: they are loaded when a store is really looked into.
  const { createWorld } = await import('../../registry/wire.ts');
  const { findSnapshots } = await import('../../operations/find-snapshots.ts');
  const world = createWorld(environment);
  try {
    const late = Promise.withResolvers<undefined>();
    const timer = setTimeout(() => late.resolve(undefined), patienceMs);
    const found = await Promise.race([findSnapshots({ world, targets: ready.value.targets }), late.promise]);
    clearTimeout(timer);
    if (found === undefined) return 'its store does not answer';
    if (!found.ok)
      return found.failure.code === 'not-found' ? 'no snapshot found' : `store ${found.failure.code}`;
    const newest = newestComplete(found.value);
    if (newest === undefined) return `none of ${found.value.length} snapshots is complete`;
    return `newest ${formatSpan(Date.now() - newest.takenAtMs)} old`;
  } finally {
    await world.close();
  }
}

function whyNotLooked(loaded: LoadedRunbook, environment: CommandContext['environment']): string {
  const { inputs, backups } = loaded.runbook;
  const missing = listMissing({ inputs, needed: findReferences(backups), environment });
  return missing.length === 0
    ? 'not looked for'
    : `${missing.length} value${missing.length === 1 ? '' : 's'} missing`;
}
