import { fail, type Outcome, succeed } from '../../base/failure.ts';
import { sqlName, sqlText } from '../../base/quoting.ts';
import type { Inventory, InventoryOptions, TableCount } from '../../ports/database-server.ts';
import { withReadSession } from './read-session.ts';
import type { Row, ServerContext, Session } from './session.ts';

/** Counting reads every page of every table; the limit is for one batch of them. */
const countLimitMs = 6 * 3_600_000;
const tablesPerStatement = 40;

const notOfTheSystem = `
  n.nspname NOT IN ('pg_catalog', 'information_schema', 'pg_toast') AND n.nspname !~ '^pg_(toast_)?temp_'`;

/**
 * Ordinary tables and partitions. A partitioned parent (relkind p) holds no rows of its own: its partitions do. Beside each the
 * first of the columns asked for that says a time.
 */
const tablesSql = `
  SELECT n.nspname AS schema, c.relname AS name, newest.attname::text AS newest_column,
    newest.atttypid = 'timestamptz'::regtype AS newest_has_zone
  FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
  LEFT JOIN LATERAL (
    SELECT a.attname, a.atttypid FROM pg_attribute a
    WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped AND a.attname::text = ANY ($1::text[])
      AND a.atttypid IN ('timestamptz'::regtype, 'timestamp'::regtype, 'date'::regtype)
    ORDER BY array_position($1::text[], a.attname::text) LIMIT 1
  ) newest ON true
  WHERE c.relkind = 'r' AND ${notOfTheSystem} ORDER BY 1, 2`;

/** Since 17 a sequence one may not read has no last value instead of being refused: so the right is asked for. */
const sequencesSql = `
  SELECT n.nspname AS schema, c.relname AS name,
    CASE WHEN r.readable THEN pg_sequence_last_value(c.oid)::text END AS last_value, r.readable
  FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
  CROSS JOIN LATERAL (SELECT has_sequence_privilege(c.oid, 'USAGE, SELECT') AS readable) r
  WHERE c.relkind = 'S' AND ${notOfTheSystem} ORDER BY 1, 2`;

/** Exact counts in one snapshot: two tables are seen at the same moment, and estimates would prove nothing. */
export function takeInventory(
  context: ServerContext,
  request: { readonly database: string; readonly options?: InventoryOptions | undefined },
): Promise<Outcome<Inventory>> {
  const { database, options } = request;
  return withReadSession(context, {
    database,
    doing: `count the rows of database ${database}`,
    limitMs: countLimitMs,
    work: async (session) => {
      await beginSnapshot(session, { mayWrite: options?.asOwner === true });
      if (options?.asOwner === true) await unforcePolicies(session);
      const inventory = await readInventory(session, { database, options });
      await session.rows('ROLLBACK');
      return inventory;
    },
  });
}

/** From here on this session sees one moment. */
export async function beginSnapshot(
  session: Session,
  { mayWrite = false }: { readonly mayWrite?: boolean } = {},
): Promise<void> {
  await session.rows(`BEGIN ISOLATION LEVEL REPEATABLE READ${mayWrite ? '' : ', READ ONLY'}`);
  // Policies would hide rows from the count in silence; so they are refused instead.
  await session.rows("SELECT set_config('row_security', 'off', true)");
  await session.rows("SELECT set_config('idle_in_transaction_session_timeout', '0', true)");
}

/** Until the transaction is rolled back: nobody else sees it. */
async function unforcePolicies(session: Session): Promise<void> {
  const forced = await session.rows(
    'SELECT oid::regclass::text AS name FROM pg_class WHERE relforcerowsecurity AND pg_get_userbyid(relowner) = current_user',
  );
  for (const { name } of forced) await session.rows(`ALTER TABLE ${name} NO FORCE ROW LEVEL SECURITY`);
}

/** Throws what the session throws. */
export async function readInventory(
  session: Session,
  request: { readonly database: string; readonly options?: InventoryOptions | undefined },
): Promise<Outcome<Inventory>> {
  const columns = [...(request.options?.newestColumns ?? [])];
  const found = await session.rows(tablesSql, [columns]);
  await lookBesides(session, request.options?.searchPath);
  const tables = await countTables(session, found);
  await lookBesides(session, []);
  const sequences = await session.rows(sequencesSql);
  const extensions = await session.rows(
    'SELECT extname AS name, extversion AS version FROM pg_extension ORDER BY 1',
  );
  const hidden = sequences.find((row) => row.readable !== 't');
  if (hidden !== undefined) return fail(hiddenSequence(`${hidden.schema}.${hidden.name}`, request.database));
  return succeed({
    tables,
    sequences: sequences.map((row) => ({ ...named(row), lastValue: row.last_value ?? null })),
    extensions: extensions.map((row) => ({ name: row.name ?? '', version: row.version ?? '' })),
  });
}

/**
 * Even a count is planned with the expressions of the table's indexes, whose functions look where the application does. The system's own
 * names come first all the same.
 *
 * @param places left out: those of this user in this database.
 */
async function lookBesides(session: Session, places: readonly string[] | undefined): Promise<void> {
  const own = "SELECT reset_val FROM pg_settings WHERE name = 'search_path' AND reset_val <> ''";
  const besides = places?.map(sqlName).join(', ') ?? (await session.rows(own))[0]?.reset_val ?? '';
  const searchPath = ['pg_catalog', ...(besides === '' ? [] : [besides])].join(', ');
  await session.rows("SELECT set_config('search_path', $1, true)", [searchPath]);
}

async function countTables(session: Session, tables: readonly Row[]): Promise<readonly TableCount[]> {
  const counts: TableCount[] = [];
  for (let start = 0; start < tables.length; start += tablesPerStatement) {
    const some = tables.slice(start, start + tablesPerStatement);
    const rows = await session.rows(some.map(countSql).join('\nUNION ALL\n'));
    counts.push(...rows.map((row) => ({ ...named(row), rows: Number(row.rows), ...newestOf(row) })));
  }
  return counts.sort((a, b) => compare(a.schema, b.schema) || compare(a.name, b.name));
}

/** One scan gives the count and the newest row. */
function countSql(row: Row): string {
  const { schema, name } = named(row);
  const column = row.newest_column;
  const format = 'YYYY-MM-DD"T"HH24:MI:SS.US';
  const newest =
    column == null
      ? 'NULL::text'
      : row.newest_has_zone === 't'
        ? `to_char(max(${sqlName(column)}) AT TIME ZONE 'UTC', '${format}"Z"')`
        : `to_char(max(${sqlName(column)})::timestamp, '${format}')`;
  // ONLY: the children of an inheritance parent are counted by themselves.
  return `SELECT ${sqlText(schema)} AS schema, ${sqlText(name)} AS name, count(*) AS rows, ${newest} AS newest,
      ${column == null ? 'NULL::text' : sqlText(column)} AS newest_column
    FROM ONLY ${sqlName(schema)}.${sqlName(name)}`;
}

function newestOf(counted: Row) {
  const column = counted.newest_column;
  return column == null ? {} : { newest: { column, at: counted.newest ?? null } };
}

function named(row: Row): { readonly schema: string; readonly name: string } {
  return { schema: row.schema ?? '', name: row.name ?? '' };
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

function hiddenSequence(sequence: string, database: string) {
  return {
    code: 'denied',
    message: `Cannot read sequence ${sequence} of database ${database}: this user lacks the privilege.`,
    remedy: 'Use the owner of the database in the database URL.',
    retry: 'after-fix',
  } as const;
}
