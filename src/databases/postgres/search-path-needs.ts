import { sqlName } from '../../base/quoting.ts';
import type { SearchPathNeeds } from '../../ports/database-server.ts';
import { sqlStateOf } from './postgres-failure.ts';
import type { Row, Session } from './session.ts';

/** Of a statement that tries one expression on some rows, or one materialised view on its first. */
const tryLimitMs = 60_000;
const rowsTried = 200;

/**
 * What a restore computes anew from rows, by functions that name no search path: pg_dump restores with an empty one (since 10.3,
 * CVE-2018-1058). Functions of C, those with a body that was parsed when they were made, and those with a search path of their own find
 * what they need. `trusted` are code of this user or of an administrator: only that is run here, since a backup often has all rights.
 */
const expressionsSql = `
  WITH RECURSIVE suspect AS (
    SELECT p.oid, p.proowner = (SELECT oid FROM pg_roles WHERE rolname = current_user) OR o.rolsuper AS trusted
    FROM pg_proc p JOIN pg_language l ON l.oid = p.prolang JOIN pg_roles o ON o.oid = p.proowner
    WHERE p.prokind IN ('f', 'w') AND l.lanname NOT IN ('internal', 'c')
      AND p.pronamespace NOT IN ('pg_catalog'::regnamespace, 'information_schema'::regnamespace)
      AND to_jsonb(p) ->> 'prosqlbody' IS NULL
      AND NOT EXISTS (SELECT FROM unnest(p.proconfig) c WHERE c LIKE 'search_path=%')
  ), direct AS (
    SELECT d.classid, d.objid, bool_and(s.trusted) AS trusted
    FROM pg_depend d
    LEFT JOIN pg_operator o ON d.refclassid = 'pg_operator'::regclass AND o.oid = d.refobjid
    JOIN suspect s ON s.oid = CASE WHEN d.refclassid = 'pg_proc'::regclass THEN d.refobjid ELSE o.oprcode END
    WHERE d.refclassid IN ('pg_proc'::regclass, 'pg_operator'::regclass) GROUP BY 1, 2
  ), views AS (
    SELECT r.ev_class AS view, w.trusted FROM direct w JOIN pg_rewrite r ON w.classid = 'pg_rewrite'::regclass AND r.oid = w.objid
    UNION
    SELECT r.ev_class, v.trusted FROM views v
    JOIN pg_depend d ON d.refclassid = 'pg_class'::regclass AND d.refobjid = v.view AND d.classid = 'pg_rewrite'::regclass
    JOIN pg_rewrite r ON r.oid = d.objid AND r.ev_class <> v.view
  ), expressions AS (
    SELECT 'generated column ' || quote_ident(a.attname) AS what, a.attrelid AS relation,
      pg_get_expr(v.adbin, v.adrelid) AS expression, w.trusted
    FROM pg_attrdef v JOIN pg_attribute a ON a.attrelid = v.adrelid AND a.attnum = v.adnum AND a.attgenerated = 's'
    JOIN direct w ON w.classid = 'pg_attrdef'::regclass AND w.objid = v.oid
    UNION ALL
    SELECT 'check ' || quote_ident(c.conname), c.conrelid, pg_get_expr(c.conbin, c.conrelid), w.trusted
    FROM pg_constraint c JOIN direct w ON w.classid = 'pg_constraint'::regclass AND w.objid = c.oid
    WHERE c.contype = 'c' AND c.conrelid <> 0
    UNION ALL
    SELECT 'index ' || quote_ident(n.relname), i.indrelid, e.expression, w.trusted
    FROM pg_index i JOIN pg_class n ON n.oid = i.indexrelid
    JOIN direct w ON w.classid = 'pg_class'::regclass AND w.objid = i.indexrelid
    CROSS JOIN LATERAL (
      SELECT pg_get_indexdef(i.indexrelid, k, false) AS expression
      FROM generate_series(1, i.indnatts) k WHERE i.indkey[k - 1] = 0
      UNION ALL SELECT pg_get_expr(i.indpred, i.indrelid) WHERE i.indpred IS NOT NULL
    ) e
  )
  SELECT e.what || ' of ' || e.relation::regclass::text AS what, n.nspname AS schema, c.relname AS name, e.expression, NULL AS query, e.trusted
  FROM expressions e JOIN pg_class c ON c.oid = e.relation JOIN pg_namespace n ON n.oid = c.relnamespace
  WHERE c.relkind IN ('r', 'm')
  UNION ALL
  SELECT 'materialised view ' || c.oid::regclass::text, NULL, NULL, NULL, rtrim(pg_get_viewdef(c.oid), ';'), bool_and(v.trusted)
  FROM views v JOIN pg_class c ON c.oid = v.view WHERE c.relkind = 'm' AND c.relispopulated GROUP BY c.oid
  ORDER BY 1`;

/** Undefined function, table, object, column; no such schema: what a name that is not found ends with. */
const notFoundStates = new Set(['42883', '42P01', '42704', '42703', '3F000']);

/** Tries each on rows that are there, as a restore will compute it. In the open transaction, which it leaves usable. Throws what the session throws. */
export async function readSearchPathNeeds(session: Session): Promise<SearchPathNeeds> {
  const lost = new Map<string, string>();
  const untried = new Set<string>();
  await session.rows(
    "SELECT set_config('search_path', '', true), set_config('statement_timeout', $1, true)",
    [String(tryLimitMs)],
  );
  for (const row of await session.rows(expressionsSql)) {
    const what = row.what ?? '';
    if (row.trusted !== 't') {
      untried.add(what);
      continue;
    }
    const refused = await refusal(session, row);
    if (refused === undefined) continue;
    if (notFoundStates.has(refused.state)) lost.set(what, lost.get(what) ?? refused.message);
    else untried.add(what);
  }
  await session.rows(
    "SELECT set_config('search_path', 'pg_catalog', true), set_config('statement_timeout', '0', true)",
  );
  return {
    lost: [...lost].map(([what, why]) => ({ what, why })),
    untried: [...untried].filter((what) => !lost.has(what)),
  };
}

async function refusal(
  session: Session,
  row: Row,
): Promise<{ readonly state: string; readonly message: string } | undefined> {
  await session.rows('SAVEPOINT thaw_try');
  try {
    await session.rows(tryStatement(row));
    return undefined;
  } catch (error) {
    const state = sqlStateOf(error);
    if (state === undefined || !(error instanceof Error)) throw error;
    return { state, message: error.message };
  } finally {
    await session.rows('ROLLBACK TO SAVEPOINT thaw_try').catch(() => {});
  }
}

/** An expression that nobody reads is not computed: so it is counted. Its columns are those of the one table beside it. */
function tryStatement({ schema, name, expression, query }: Row): string {
  if (query != null) return `SELECT count(v) FROM (${query}\nLIMIT 1) AS v`;
  const table = `${sqlName(schema ?? '')}.${sqlName(name ?? '')}`;
  return `SELECT pg_catalog.count(ROW(${expression})) FROM (SELECT * FROM ONLY ${table} LIMIT ${rowsTried}) AS ${sqlName(name ?? '')}`;
}
