import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { sha256 } from '../base/digest.ts';
import { type Failure, fail, type Outcome, succeed } from '../base/failure.ts';
import type { Mode } from '../base/mode.ts';
import { needsThrowaway, resolveTargets } from '../engine/targets.ts';
import type { EntryOf } from '../journal/entry.ts';
import type { World } from '../ports/world.ts';
import type { ReadyRunbook } from './load-runbook.ts';

/** The database of a run's cluster is named by the URL of production; where that names none, any name will do. */
const noName = 'restored';

type Choice = { readonly world: World; readonly runId: string; readonly workPath: string };

/**
 * Beside the work folder, on the disk that was chosen for what is big. PostgreSQL refuses to run as root, and its user may not be let in
 * there (/root, say): then among the temporary files.
 */
async function chooseFolder({ world, runId, workPath }: Choice): Promise<string> {
  const beside = `${workPath}.cluster`;
  const found = await world.clusters.look({ folder: beside, runId });
  if (found.ok || found.failure.code !== 'denied') return beside;
  const mark = sha256(workPath).slice(0, 12);
  return join(tmpdir(), `thaw-drill-${mark}`);
}

/** A drill that names no server gets the place for one; everything else stays as it is. */
export async function placeThrowaway(
  ready: ReadyRunbook,
  choice: Choice & { readonly mode: Mode },
): Promise<ReadyRunbook> {
  if (!needsThrowaway(ready.filled, choice.mode)) return ready;
  return putAt(ready, { ...choice, folder: await chooseFolder(choice) });
}

/** A run that goes on, or is given up, finds its cluster where it began; a run that began with another server has none. */
export function findThrowaway(
  ready: ReadyRunbook,
  { start, world }: { readonly start: EntryOf<'run-started'>; readonly world: World },
): Outcome<ReadyRunbook> {
  const { mode, runId, clusterFolder: folder } = start;
  if (needsThrowaway(ready.filled, mode) !== (folder !== undefined)) return fail(otherKind(start));
  return succeed(folder === undefined ? ready : putAt(ready, { world, mode, runId, folder }));
}

function putAt(
  ready: ReadyRunbook,
  at: { readonly world: World; readonly mode: Mode; readonly runId: string; readonly folder: string },
): ReadyRunbook {
  const { world, mode, runId, folder } = at;
  const place = { folder, runId };
  const { databaseUrl } = ready.targets.production;
  const database = world.openDatabaseServer(databaseUrl).databaseName || noName;
  const url = world.clusters.url({ place, port: 5432, user: 'postgres', database });
  return { ...ready, targets: resolveTargets(ready.filled, mode, { place, url }) };
}

function otherKind({ runId, clusterFolder, targets }: EntryOf<'run-started'>): Failure {
  const [began, now] =
    clusterFolder === undefined
      ? [`on ${targets.database ?? 'a server that the runbook named'}`, 'names none']
      : [`in a PostgreSQL of its own, in ${clusterFolder}`, 'names another server'];
  return {
    code: 'conflict',
    message: `Run ${runId} restores ${began}; drill.database now ${now}.`,
    remedy: 'Give the values that this run was made with.',
    retry: 'after-fix',
  };
}

/** A later step of a run that goes on finds the restored database up, though the process that raised it is gone. */
export async function raiseAgain({ targets }: ReadyRunbook, { clusters }: World): Promise<Outcome<void>> {
  const place = targets.target.throwaway;
  if (place === undefined) return succeed(undefined);
  const found = await clusters.look(place);
  if (!found.ok || found.value.kind !== 'own') return found.ok ? succeed(undefined) : found;
  return clusters.raise(place);
}
