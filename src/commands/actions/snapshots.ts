import { type CommandContext, printJson, printLine } from '../../app/command-context.ts';
import { exitStatus } from '../../app/exit-status.ts';
import { loadRunbook, readyRunbook, standInKit } from '../../app/load-runbook.ts';
import type { Options } from '../../app/options.ts';
import { newestComplete, sayDoubt } from '../../backups/snapshot.ts';
import { sealedWith } from '../../backups/wrapping.ts';
import { type Outcome, succeed } from '../../base/failure.ts';
import { formatBytes, formatSpan, formatTime } from '../../base/units.ts';
import { findSnapshots } from '../../operations/find-snapshots.ts';
import { createWorld } from '../../registry/wire.ts';

/** What is in the backup store, newest first. */
export async function listSnapshots(
  request: { readonly runbook: string; readonly options: Options<'json' | 'envFiles'> },
  context: Pick<CommandContext, 'environment' | 'folder' | 'stdout'>,
): Promise<Outcome<number>> {
  const loaded = await loadRunbook(request.runbook, context);
  if (!loaded.ok) return loaded;
  standInKit(loaded.value);
  const { environment } = context;
  const ready = await readyRunbook(loaded.value, {
    mode: 'live',
    environment,
    envFiles: request.options.envFiles,
    backupsOnly: true,
  });
  if (!ready.ok) return ready;
  const world = createWorld(environment);
  try {
    const found = await findSnapshots({ world, targets: ready.value.targets });
    if (!found.ok) return found;
    const newest = newestComplete(found.value);
    if (request.options.json) {
      printJson(context, JSON.stringify({ type: 'thaw', version: 1, command: 'snapshots' }));
      for (const snapshot of found.value)
        printJson(context, JSON.stringify({ type: 'snapshot', ...snapshot }));
      return succeed(exitStatus.verified);
    }
    const rows = found.value.map((snapshot) => [
      snapshot === newest ? '*' : ' ',
      snapshot.id,
      formatTime(snapshot.takenAtMs),
      formatSpan(world.host.now() - snapshot.takenAtMs),
      formatBytes(snapshot.sizeBytes),
      sealedWith(snapshot.layers),
      snapshot.manifestKey === undefined ? 'no manifest' : 'manifest',
      snapshot.incomplete !== undefined
        ? `incomplete: ${snapshot.incomplete}`
        : snapshot.doubt !== undefined
          ? `in doubt: ${sayDoubt(snapshot.doubt)}`
          : (snapshot.cold ?? ''),
    ]);
    for (const line of alignRows(rows)) printLine(context, line);
    return succeed(exitStatus.verified);
  } finally {
    await world.close();
  }
}

function alignRows(rows: readonly (readonly string[])[]): readonly string[] {
  const widths = rows.reduce<number[]>(
    (known, row) => row.map((cell, index) => Math.max(cell.length, known[index] ?? 0)),
    [],
  );
  return rows.map((row) =>
    row
      .map((cell, index) => cell.padEnd(widths[index] ?? 0))
      .join('  ')
      .trimEnd(),
  );
}
