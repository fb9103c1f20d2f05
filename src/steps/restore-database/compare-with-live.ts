import {
  describeDifference,
  shorten,
  type TableDifference,
  tableDifferences,
} from '../../backups/compare-inventories.ts';
import { type Outcome, succeed } from '../../base/failure.ts';
import { sqlName } from '../../base/quoting.ts';
import { formatCount } from '../../base/units.ts';
import { type Check, couldNotVerify, failed, passed } from '../../base/verdict.ts';
import type { StepContext } from '../../kinds/kind.ts';
import { restoredServer } from '../../operations/cell.ts';
import { productionServer } from '../../operations/open-targets.ts';
import type { DatabaseServer, Inventory } from '../../ports/database-server.ts';

/** Rows of transactions that were under way when the dump began may be older than the newest row it holds. */
const settledForMs = 60_000;

/**
 * A drill compares the restored counts with the live database, which has gone on since. Equal counts are equal. Where they
 * differ and the table says when a row came to be, only rows older than the newest restored one are compared: then
 * the difference must be zero. Where nothing tells old rows from new ones, the difference is shown and not judged.
 */
export async function compareWithLive(
  context: StepContext<'databases'>,
  restored: {
    readonly database: string;
    readonly inventory: Inventory;
    readonly createdColumn: string;
    /** When the store took the backup at the latest: it holds no row that was made later. */
    readonly notAfterMs: number;
  },
): Promise<Outcome<readonly Check[]>> {
  const live = productionServer(context);
  const inventory = await live.inventory(live.databaseName);
  if (!inventory.ok) {
    return succeed([
      couldNotVerify(
        `not compared with the live database: ${inventory.failure.message}`,
        inventory.failure.remedy,
      ),
    ]);
  }
  const differences = tableDifferences(inventory.value.tables, restored.inventory.tables);
  const equal =
    inventory.value.tables.length - differences.filter((one) => one.expectedRows !== undefined).length;
  const dated = await datedTables(live, restored.createdColumn);
  if (!dated.ok) return dated;
  const server = await restoredServer(context);
  if (!server.ok) return server;
  const cutoff = await newestRestored(server.value, restored, dated.value);
  if (!cutoff.ok) return cutoff;
  const judged = await Promise.all(
    differences.map((difference) =>
      judge({ difference, cutoff: cutoff.value, dated: dated.value, live, server: server.value, restored }),
    ),
  );
  const bad = judged.find((one) => !one.ok);
  if (bad !== undefined && !bad.ok) return bad;
  const checks = judged.flatMap((one) => (one.ok ? [one.value] : []));
  return succeed(summarise(checks, equal, inventory.value.tables.length, cutoff.value));
}

type Judged = { readonly kind: 'explained' | 'lost' | 'unclear'; readonly text: string };

type ToJudge = {
  readonly difference: TableDifference;
  readonly cutoff: string | undefined;
  readonly dated: ReadonlySet<string>;
  readonly live: DatabaseServer;
  readonly server: DatabaseServer;
  readonly restored: { readonly database: string; readonly createdColumn: string };
};

/** A table that the dump lacks may have been made after it: then nothing in it is older. */
async function judgeMissing(
  { difference, cutoff, dated, live, restored }: ToJudge,
  text: string,
): Promise<Outcome<Judged>> {
  if (difference.expectedRows === 0) return succeed({ kind: 'unclear', text });
  if (cutoff === undefined || !dated.has(difference.table)) return succeed({ kind: 'lost', text });
  const older = await countUpTo(live, { database: live.databaseName, cutoff, difference, restored });
  if (!older.ok) return older;
  if (older.value > 0) return succeed({ kind: 'lost', text });
  return succeed({ kind: 'unclear', text: `${text}, none of them from before ${cutoff}` });
}

async function countUpTo(
  server: DatabaseServer,
  of: Pick<ToJudge, 'difference' | 'restored'> & { readonly database: string; readonly cutoff: string },
): Promise<Outcome<number>> {
  const rows = await server.query({
    database: of.database,
    sql: `SELECT count(*) AS rows FROM ${tableName(of.difference.table)} WHERE ${sqlName(of.restored.createdColumn)} <= $1::timestamptz`,
    values: [of.cutoff],
  });
  return rows.ok ? succeed(Number(rows.value[0]?.rows)) : rows;
}

async function judge(request: ToJudge): Promise<Outcome<Judged>> {
  const { difference, cutoff, dated, live, server: drill, restored } = request;
  const text = describeDifference(difference);
  if (difference.foundRows === undefined) return judgeMissing(request, text);
  if (difference.expectedRows === undefined) return succeed({ kind: 'unclear', text });
  if (cutoff === undefined || !dated.has(difference.table)) return succeed({ kind: 'unclear', text });
  const [before, after] = await Promise.all([
    countUpTo(live, { database: live.databaseName, cutoff, difference, restored }),
    countUpTo(drill, { database: restored.database, cutoff, difference, restored }),
  ]);
  if (!before.ok) return before;
  if (!after.ok) return after;
  const liveRows = before.value;
  const restoredRows = after.value;
  if (liveRows === restoredRows) return succeed({ kind: 'explained', text: difference.table });
  const kind = restoredRows < liveRows ? 'lost' : 'unclear';
  return succeed({
    kind,
    text: `${difference.table}: of the rows up to ${cutoff}, ${formatCount(liveRows)} are live and ${formatCount(restoredRows)} restored`,
  });
}

function summarise(
  judged: readonly Judged[],
  ...[equal, total, cutoff]: [number, number, string | undefined]
): readonly Check[] {
  const of = (kind: Judged['kind']) => judged.filter((one) => one.kind === kind).map((one) => one.text);
  const explained = of('explained');
  const lost = of('lost');
  const unclear = of('unclear');
  const checks: Check[] = [];
  const later =
    explained.length === 0
      ? ''
      : `; ${explained.length} more equal up to ${cutoff ?? ''}, where live went on`;
  checks.push(passed(`${equal} of ${total} tables equal to the live database${later}`));
  if (lost.length > 0) {
    checks.push(
      failed(
        `the backup lacks what is live: ${shorten(lost)}`,
        'Find out why the dump leaves it out before you trust this backup.',
      ),
    );
  }
  if (unclear.length > 0) {
    checks.push(
      couldNotVerify(
        `differences that writes since the snapshot may explain: ${shorten(unclear)}`,
        'Repeat the drill in a quiet hour, or take snapshots with a manifest.',
      ),
    );
  }
  return checks;
}

/** Tables that have the column which says when a row came to be. */
async function datedTables(live: DatabaseServer, column: string): Promise<Outcome<ReadonlySet<string>>> {
  const found = await live.query({
    database: live.databaseName,
    sql: `SELECT n.nspname || '.' || c.relname AS name FROM pg_attribute a
          JOIN pg_class c ON c.oid = a.attrelid JOIN pg_namespace n ON n.oid = c.relnamespace
          WHERE a.attname = $1 AND NOT a.attisdropped AND c.relkind IN ('r', 'p')
            AND a.atttypid IN ('timestamptz'::regtype, 'timestamp'::regtype)`,
    values: [column],
  });
  if (!found.ok) return found;
  return succeed(new Set(found.value.map((row) => row.name ?? '')));
}

/**
 * The newest row the backup holds, less a minute: everything older than that must be in both. A row may be dated in the future (a
 * wrong clock, an appointment): what is later than the backup tells nothing about it.
 */
async function newestRestored(
  server: DatabaseServer,
  ...[restored, dated]: [
    { database: string; inventory: Inventory; createdColumn: string; notAfterMs: number },
    ReadonlySet<string>,
  ]
): Promise<Outcome<string | undefined>> {
  const tables = restored.inventory.tables
    .map((table) => `${table.schema}.${table.name}`)
    .filter((name) => dated.has(name));
  if (tables.length === 0) return succeed(undefined);
  const each = tables.map(
    (name) =>
      `SELECT max(${sqlName(restored.createdColumn)}::timestamptz) FILTER (WHERE ${sqlName(restored.createdColumn)}::timestamptz <= $1::timestamptz) AS newest FROM ${tableName(name)}`,
  );
  const found = await server.query({
    database: restored.database,
    sql: `SELECT to_char((max(newest) - interval '${settledForMs} milliseconds') AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"') AS cutoff FROM (${each.join(' UNION ALL ')}) AS all_tables`,
    values: [new Date(restored.notAfterMs).toISOString()],
  });
  if (!found.ok) return found;
  return succeed(found.value[0]?.cutoff ?? undefined);
}

/** schema.table; neither part of a name that pg_class gave us can hold a dot unquoted, so the first one parts them. */
function tableName(qualified: string): string {
  const dot = qualified.indexOf('.');
  return `${sqlName(qualified.slice(0, dot))}.${sqlName(qualified.slice(dot + 1))}`;
}
