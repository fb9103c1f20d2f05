import { qualifiedName } from '../../backups/compare-inventories.ts';
import { type Outcome, succeed } from '../../base/failure.ts';
import { formatCount } from '../../base/units.ts';
import { needFact, readFact } from '../../kinds/fact.ts';
import { cellFact, manifestFact, restoredFact, snapshotFact } from '../../kinds/facts.ts';
import type { StepContext } from '../../kinds/kind.ts';
import { dumpRightsFact, rightsFact } from '../../kinds/rights-facts.ts';
import { type Application, findLogins, judgeLogins } from '../../operations/application-rights.ts';
import { restoredServer } from '../../operations/cell.ts';
import { tryAndCompare } from '../../operations/compare-catalogue.ts';
import { settledMark } from '../../operations/still-as-counted.ts';
import type { ArchiveContents } from '../../ports/dump-tools.ts';
import { findEntries } from './entries-there.ts';

/** Everything that was restored is counted, and what comes back right before the swap is tried. */
export async function countRestored(
  context: StepContext<'host' | 'databases'>,
  restored: {
    readonly contents: ArchiveContents;
    readonly searchPath: readonly string[] | undefined;
    readonly application: Application | undefined;
    readonly database: string;
    readonly accepted: readonly string[];
    readonly harmless: number;
  },
): Promise<Outcome<void>> {
  const opened = await restoredServer(context);
  if (!opened.ok) return opened;
  const server = opened.value;
  if (restored.searchPath === undefined) {
    context.output('updating planner statistics (ANALYZE)');
    const analyzed = await server.analyze(restored.database);
    if (!analyzed.ok) return analyzed;
  }
  const newestColumns = readFact(manifestFact, context)?.newestColumns ?? [];
  const countedIn = restored.searchPath ?? restored.contents.database?.searchPath;
  const inventory = await server.inventory(restored.database, {
    newestColumns,
    asOwner: readFact(cellFact, context) !== undefined,
    searchPath: countedIn,
  });
  if (!inventory.ok) return inventory;
  const { entries } = restored.contents;
  const there = await findEntries(server, { database: restored.database, entries });
  if (!there.ok) return there;
  const rows = inventory.value.tables.reduce((sum, table) => sum + table.rows, 0);
  context.output(`counted ${formatCount(rows)} rows in ${inventory.value.tables.length} tables`);
  await context.record(dumpRightsFact, restored.contents.rights ?? null);
  await context.record(rightsFact, null);
  const tried = await tryAndJudge(context, restored);
  if (!tried.ok) return tried;
  const mark = await settledMark(context, { database: restored.database, rows });
  if (!mark.ok) return mark;
  await context.record(restoredFact, {
    mark: mark.value,
    snapshotKey: needFact(snapshotFact, context).key,
    database: restored.database,
    inventory: inventory.value,
    entries: { ...there.value, lacking: [...there.value.lacking] },
    archiveTables: entries
      .filter(({ type }) => type === (context.targets.backups.contents === 'schema' ? 'TABLE' : 'TABLE DATA'))
      .map((entry) => qualifiedName({ schema: entry.schema ?? 'public', name: entry.name })),
    acceptedMessages: restored.accepted,
    harmlessMessages: restored.harmless,
    ...(restored.searchPath === undefined ? {} : { searchPath: [...restored.searchPath] }),
    ...(countedIn === undefined ? {} : { countedIn: [...countedIn] }),
  });
  return succeed(undefined);
}

/** Owners, grants and settings as they would be, and with them what the application could do. */
async function tryAndJudge(
  context: StepContext<'databases'>,
  {
    database,
    contents,
    application,
  }: {
    readonly database: string;
    readonly contents: ArchiveContents;
    readonly application: Application | undefined;
  },
): Promise<Outcome<void>> {
  const logins = await findLogins(context, application);
  const tried = await tryAndCompare(context, { database, dumped: contents.database, logins: logins.roles });
  return tried.ok ? judgeLogins(context, { database, logins, tried: tried.value }) : tried;
}
