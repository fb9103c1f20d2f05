import { nameBeside, ownershipComment, runMark } from '../base/digest.ts';
import { type Outcome, succeed } from '../base/failure.ts';
import { readFact } from '../kinds/fact.ts';
import { incomingDatabaseFact } from '../kinds/facts.ts';
import type { StepContext } from '../kinds/kind.ts';
import type { ArchiveContents } from '../ports/dump-tools.ts';
import { nobodyInTheWay } from './before-swap.ts';
import { targetServer } from './open-targets.ts';

/** What a run makes and keeps beside the database it replaces. `cell` is the role that restores (cell.ts). */
export function incomingNames(runId: string, target: string) {
  return {
    incoming: nameBeside(target, { role: 'restore', runId }),
    kept: nameBeside(target, { role: 'before', runId }),
    rolledBack: nameBeside(target, { role: 'undone', runId }),
    cell: `thaw_cell_${runMark(runId)}`,
  };
}

/**
 * An empty database beside the target, made as the archive's own was. What an earlier attempt of this run left is dropped;
 * anything else of that name is somebody's, and stays.
 */
export async function makeIncomingDatabase(
  context: StepContext<'databases'>,
  contents: ArchiveContents,
): Promise<Outcome<string>> {
  const server = targetServer(context);
  const { incoming } = incomingNames(context.runId, server.databaseName);
  const dropped = await dropOwn(context, incoming);
  if (!dropped.ok) return dropped;
  const places = await server.tablespaces();
  if (!places.ok) return places;
  const isThere = (name: string) => places.value.includes(name);
  const { tablespace, tablespaces = [] } = contents;
  const movedFrom = [...(tablespace === undefined ? [] : [{ name: tablespace }]), ...tablespaces].filter(
    ({ name }) => !isThere(name),
  );
  await context.record(incomingDatabaseFact, {
    name: incoming,
    ...(movedFrom.length === 0 ? {} : { movedFrom }),
  });
  await context.recordCommand(`CREATE DATABASE ${incoming} TEMPLATE template0`);
  const created = await server.createDatabase({
    name: incoming,
    ...(contents.locale === undefined ? {} : { locale: contents.locale }),
    ...(tablespace !== undefined && isThere(tablespace) ? { tablespace } : {}),
    comment: ownershipComment(context.runId),
  });
  return created.ok ? succeed(incoming) : created;
}

/** Drops a database that this run made. Not being there is fine; being somebody else's is a conflict. */
export async function dropOwn(context: StepContext<'databases'>, name: string): Promise<Outcome<boolean>> {
  const server = targetServer(context);
  const begun = readFact(incomingDatabaseFact, context)?.name === name;
  const permit = await context.guard.dropDatabase(server, { name, begun });
  if (!permit.ok) return permit;
  if (permit.value === undefined) return succeed(false);
  context.output(`dropping ${name}, which this run made`);
  await context.recordCommand(`DROP DATABASE ${name} WITH (FORCE)`);
  const dropped = await server.dropDatabase(permit.value);
  if (dropped.ok) return succeed(true);
  // Where somebody is in the way, who that is leads on; the server only says that it may not.
  const free = await nobodyInTheWay(server, [name]);
  return free.ok ? dropped : free;
}
