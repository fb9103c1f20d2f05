import { newestComplete, sealedWith } from '../../backups/snapshot.ts';
import { type Outcome, succeed } from '../../base/failure.ts';
import { formatBytes, formatSpan, formatTime } from '../../base/units.ts';
import { findSnapshots } from '../../steps/find-snapshots.ts';
import type { Options } from '../arguments.ts';
import { loadRunbook, readyRunbook } from '../load-runbook.ts';
import { printLine, type Surroundings } from '../surroundings.ts';
import { createWorld } from '../wire.ts';

/** What is in the backup store, newest first. */
export async function snapshots(
  request: { readonly name: string; readonly options: Options },
  surroundings: Surroundings,
): Promise<Outcome<number>> {
  const loaded = await loadRunbook(request.name, surroundings.folder);
  if (!loaded.ok) return loaded;
  const { environment } = surroundings;
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
      printLine(surroundings, JSON.stringify({ type: 'thaw', version: 1, command: 'snapshots' }));
      for (const snapshot of found.value)
        printLine(surroundings, JSON.stringify({ type: 'snapshot', ...snapshot }));
      return succeed(0);
    }
    const rows = found.value.map((snapshot) => [
      snapshot === newest ? '*' : ' ',
      snapshot.id,
      formatTime(snapshot.takenAtMs),
      formatSpan(world.host.now() - snapshot.takenAtMs),
      formatBytes(snapshot.sizeBytes),
      sealedWith(snapshot.layers),
      snapshot.manifestKey === undefined ? 'no manifest' : 'manifest',
      snapshot.incomplete === undefined ? '' : `incomplete: ${snapshot.incomplete}`,
    ]);
    for (const line of alignRows(rows)) printLine(surroundings, line);
    return succeed(0);
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
