import { type Outcome, succeed } from '../../base/failure.ts';
import { sqlName } from '../../base/quoting.ts';
import { errorWords } from '../../base/thrown.ts';
import type { TablesRead } from '../../ports/login-rights.ts';
import { ownSchema } from './catalogue/pieces.ts';
import { sqlStateOf } from './postgres-failure.ts';
import { withReadSession } from './read-session.ts';
import type { Row, ServerContext, Session } from './session.ts';

/** Of each statement; of all of them; and of how many tables and views. */
const limitMs = 5_000;
const allLimitMs = 60_000;
const mostTables = 200;
/** CREATEROLE without SUPERUSER could hand out every role but a superuser's before 16. */
const boundedSince = 160_000;
/** By the statement's own limit. */
const canceled = '57014';

const mayRead = `has_schema_privilege(n.oid, 'USAGE') AND has_table_privilege(c.oid, 'SELECT')`;
/** Foreign tables are left out: reading one contacts another server. */
const readable = `FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
  WHERE c.relkind IN ('r', 'p', 'm', 'v') AND c.relpersistence <> 't' AND ${ownSchema('n')}`;

/** One row of each table and view that this user may read, in transactions that may only read. Tables come first. */
export function readTables(context: ServerContext, database: string): Promise<Outcome<TablesRead>> {
  return withReadSession(context, {
    database,
    doing: `read in ${database} as ${context.target.user}`,
    limitMs,
    work: async (session) => {
      const [rights] = await session.rows(
        `SELECT current_user AS name, bool_or(r.rolsuper OR (r.rolcreaterole AND $1::bool)) AS mighty
         FROM pg_roles r WHERE pg_has_role(current_user, r.oid, 'MEMBER')`,
        [session.versionNumber < boundedSince],
      );
      const [counted] = await session.rows(
        `SELECT count(*) AS of, count(*) FILTER (WHERE ${mayRead}) AS may ${readable}`,
      );
      const isTooMighty = rights?.mighty === 't';
      const rows = isTooMighty
        ? []
        : await session.rows(
            `SELECT n.nspname AS schema, c.relname AS name, row_security_active(c.oid) AS policies,
               i.type || ' ' || i.identity AS what
             ${readable.replace('WHERE', `CROSS JOIN LATERAL pg_identify_object('pg_class'::regclass, c.oid, 0) i WHERE`)} AND ${mayRead}
             ORDER BY c.relkind = 'v', i.identity COLLATE "C" LIMIT ${mostTables}`,
          );
      // Functions of views look where they do for the application.
      await session.rows('RESET search_path');
      return succeed({
        user: rights?.name ?? '',
        isTooMighty,
        of: Number(counted?.of),
        mayRead: Number(counted?.may),
        tables: await readEach(session, rows),
      });
    },
  });
}

async function readEach(session: Session, rows: readonly Row[]): Promise<TablesRead['tables']> {
  const startedMs = performance.now();
  const read: TablesRead['tables'][number][] = [];
  for (const { what, schema, name, policies } of rows) {
    if (performance.now() - startedMs >= allLimitMs) return read;
    const table = { what: what ?? '', schema: schema ?? '', name: name ?? '' };
    read.push({ ...table, ...(await readOne(session, table)), underPolicies: policies === 't' });
  }
  return read;
}

/** All columns are worked out on the server, and only the number of rows comes from there. */
async function readOne(
  session: Session,
  { schema, name }: { readonly schema: string; readonly name: string },
): Promise<Pick<TablesRead['tables'][number], 'saw' | 'why'>> {
  await session.rows('BEGIN READ ONLY');
  try {
    const [row] = await session.rows(
      `SELECT pg_catalog.count(thaw_row) AS seen FROM (SELECT * FROM ${sqlName(schema)}.${sqlName(name)} LIMIT 1) thaw_row`,
    );
    return { saw: row?.seen === '0' ? 'nothing' : 'row' };
  } catch (error) {
    const state = sqlStateOf(error);
    if (state === undefined) throw error;
    return state === canceled ? { saw: 'not in time' } : { saw: 'refused', why: errorWords(error) };
  } finally {
    await session.rows('ROLLBACK');
  }
}
