import { compareSchemas, type SchemaPart } from '../../backups/compare-schemas.ts';
import { type Outcome, succeed } from '../../base/failure.ts';
import type { Check } from '../../base/verdict.ts';
import type { StepContext } from '../../kinds/kind.ts';
import { restoredServer } from '../../operations/cell.ts';
import { productionServer, unanswered } from '../../operations/open-targets.ts';
import type { DatabaseServer } from '../../ports/database-server.ts';

/**
 * Names alone, and types qualified by ourselves: how PostgreSQL writes a definition depends on the search path of the session and
 * on its version. What belongs to an extension comes with the extension. NOT NULL stands with its column; since PostgreSQL 18
 * it is a constraint, too.
 */
const partsSql = `
  WITH namespace AS (
    SELECT oid, nspname::text AS name FROM pg_namespace
    WHERE nspname NOT IN ('pg_catalog', 'information_schema', 'pg_toast') AND nspname !~ '^pg_(toast_)?temp_'
  ), relation AS (
    SELECT c.oid, c.relkind, n.name || '.' || c.relname AS name FROM pg_class c JOIN namespace n ON n.oid = c.relnamespace
    WHERE NOT EXISTS (SELECT 1 FROM pg_depend d
      WHERE d.classid = 'pg_class'::regclass AND d.objid = c.oid AND d.deptype = 'e')
  )
  SELECT 1 AS place, 'schema' AS kind, name, '' AS definition FROM namespace
  UNION ALL
  SELECT 2, CASE relkind WHEN 'v' THEN 'view' WHEN 'm' THEN 'materialized view' WHEN 'f' THEN 'foreign table'
      WHEN 'S' THEN 'sequence' ELSE 'table' END, name, ''
  FROM relation WHERE relkind IN ('r', 'p', 'v', 'm', 'f', 'S')
  UNION ALL
  SELECT 3, 'column', r.name || '.' || a.attname,
    CASE tn.nspname WHEN 'pg_catalog' THEN format_type(a.atttypid, a.atttypmod)
      ELSE tn.nspname || '.' || t.typname || CASE WHEN a.atttypmod < 0 THEN '' ELSE ' ' || a.atttypmod END END
    || CASE WHEN a.attnotnull THEN ' not null' ELSE '' END
  FROM relation r JOIN pg_attribute a ON a.attrelid = r.oid AND a.attnum > 0 AND NOT a.attisdropped
    JOIN pg_type t ON t.oid = a.atttypid JOIN pg_namespace tn ON tn.oid = t.typnamespace
  WHERE r.relkind IN ('r', 'p', 'v', 'm', 'f')
  UNION ALL
  SELECT 4, 'index', i.name, t.name || CASE WHEN x.indisunique THEN ' unique' ELSE '' END || ' (' ||
    (SELECT string_agg(COALESCE(a.attname::text, 'an expression'), ', ' ORDER BY k.place)
      FROM unnest(x.indkey::int2[]) WITH ORDINALITY AS k (attnum, place)
      LEFT JOIN pg_attribute a ON a.attrelid = x.indrelid AND a.attnum = k.attnum AND k.attnum > 0) || ')'
  FROM pg_index x JOIN relation i ON i.oid = x.indexrelid JOIN relation t ON t.oid = x.indrelid
  UNION ALL
  SELECT 5, 'constraint', r.name || '.' || c.conname,
    CASE c.contype WHEN 'p' THEN 'primary key' WHEN 'f' THEN 'foreign key' WHEN 'u' THEN 'unique'
      WHEN 'c' THEN 'check' ELSE c.contype::text END
  FROM pg_constraint c JOIN relation r ON r.oid = c.conrelid WHERE c.contype <> 'n'
  ORDER BY 1, 3`;

/** Where there is a live database: what the dump would make against what is there. */
export async function compareWithLiveSchema(
  context: StepContext<'databases'>,
  restored: { readonly database: string },
): Promise<Outcome<readonly Check[]>> {
  const live = productionServer(context);
  const expected = await readParts(live, live.databaseName);
  if (!expected.ok) {
    const { message } = expected.failure;
    return succeed([
      unanswered({ ...expected.failure, message: `not compared with the live database: ${message}` }),
    ]);
  }
  const server = await restoredServer(context);
  if (!server.ok) return server;
  const found = await readParts(server.value, restored.database);
  return found.ok ? succeed(compareSchemas(expected.value, found.value)) : found;
}

async function readParts(server: DatabaseServer, database: string): Promise<Outcome<readonly SchemaPart[]>> {
  const rows = await server.query({ database, sql: partsSql });
  if (!rows.ok) return rows;
  return succeed(
    rows.value.map(({ kind, name, definition }) => ({
      kind: kind ?? '',
      name: name ?? '',
      definition: definition ?? '',
    })),
  );
}
