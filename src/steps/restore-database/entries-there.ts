import { shorten } from '../../backups/compare-inventories.ts';
import { type Outcome, succeed } from '../../base/failure.ts';
import { formatCount } from '../../base/units.ts';
import { against, type Check, couldNotVerify, passed } from '../../base/verdict.ts';
import type { DatabaseServer } from '../../ports/database-server.ts';
import type { ArchiveEntry } from '../../ports/dump-tools.ts';

/** How many entries the archive has, how many of them have a name to be looked for, and which of those are not there. */
type EntriesThere = {
  readonly of: number;
  readonly looked: number;
  readonly lacking: readonly string[];
};

/** By the names that pg_dump gives in a table of contents (pg_dump.c): `table constraint`, `function(types)`. */
const namesSql = `
  WITH relation AS (
    SELECT c.oid, c.relkind, c.relrowsecurity, n.nspname::text AS schema, c.relname::text AS name
    FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
  )
  SELECT 'SCHEMA' AS type, '' AS schema, nspname::text AS name FROM pg_namespace
  UNION ALL SELECT 'EXTENSION', '', extname::text FROM pg_extension
  UNION ALL
  SELECT CASE relkind WHEN 'v' THEN 'VIEW' WHEN 'm' THEN 'MATERIALIZED VIEW' WHEN 'f' THEN 'FOREIGN TABLE'
      WHEN 'S' THEN 'SEQUENCE' WHEN 'i' THEN 'INDEX' WHEN 'I' THEN 'INDEX' WHEN 'c' THEN 'TYPE' ELSE 'TABLE' END, schema, name
  FROM relation WHERE relkind IN ('r', 'p', 'v', 'm', 'f', 'S', 'i', 'I', 'c')
  UNION ALL SELECT 'ROW SECURITY', schema, name FROM relation WHERE relrowsecurity
  UNION ALL
  SELECT CASE t.typtype WHEN 'd' THEN 'DOMAIN' ELSE 'TYPE' END, n.nspname, t.typname
  FROM pg_type t JOIN pg_namespace n ON n.oid = t.typnamespace WHERE t.typtype IN ('b', 'd', 'e', 'r')
  UNION ALL
  SELECT CASE p.prokind WHEN 'p' THEN 'PROCEDURE' WHEN 'a' THEN 'AGGREGATE' ELSE 'FUNCTION' END, n.nspname, p.proname
  FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace
  UNION ALL
  SELECT 'CONSTRAINT', r.schema, r.name || ' ' || c.conname FROM pg_constraint c JOIN relation r ON r.oid = c.conrelid
  UNION ALL
  SELECT 'CONSTRAINT', n.nspname, t.typname || ' ' || c.conname
  FROM pg_constraint c JOIN pg_type t ON t.oid = c.contypid JOIN pg_namespace n ON n.oid = t.typnamespace
  UNION ALL
  SELECT 'TRIGGER', r.schema, r.name || ' ' || t.tgname FROM pg_trigger t JOIN relation r ON r.oid = t.tgrelid
  UNION ALL
  SELECT 'RULE', r.schema, r.name || ' ' || w.rulename FROM pg_rewrite w JOIN relation r ON r.oid = w.ev_class
  UNION ALL
  SELECT 'POLICY', r.schema, r.name || ' ' || p.polname FROM pg_policy p JOIN relation r ON r.oid = p.polrelid
  UNION ALL
  SELECT 'DEFAULT', r.schema, r.name || ' ' || a.attname
  FROM pg_attrdef d JOIN relation r ON r.oid = d.adrelid JOIN pg_attribute a ON a.attrelid = d.adrelid AND a.attnum = d.adnum
  UNION ALL
  SELECT 'STATISTICS', n.nspname, s.stxname FROM pg_statistic_ext s JOIN pg_namespace n ON n.oid = s.stxnamespace`;

const looked: ReadonlySet<string> = new Set([
  ...[
    'SCHEMA',
    'EXTENSION',
    'TABLE',
    'VIEW',
    'MATERIALIZED VIEW',
    'FOREIGN TABLE',
    'SEQUENCE',
    'INDEX',
    'TYPE',
  ],
  ...[
    'DOMAIN',
    'ROW SECURITY',
    'FUNCTION',
    'PROCEDURE',
    'AGGREGATE',
    'CONSTRAINT',
    'TRIGGER',
    'RULE',
    'POLICY',
  ],
  ...['DEFAULT', 'STATISTICS'],
]);
const overloaded: ReadonlySet<string> = new Set(['FUNCTION', 'PROCEDURE', 'AGGREGATE']);

type Named = { readonly type: string; readonly schema?: string | undefined; readonly name: string };

/**
 * Each entry of the archive, looked for in the catalogue of what was restored. Entries without a name of their own there (comments,
 * grants, rows) are proven by the messages of the program and by the counts.
 */
export async function findEntries(
  server: Pick<DatabaseServer, 'query'>,
  from: { readonly database: string; readonly entries: readonly ArchiveEntry[] },
): Promise<Outcome<EntriesThere>> {
  const rows = await server.query({ database: from.database, sql: namesSql });
  if (!rows.ok) return rows;
  const there = countNames(
    rows.value.map(({ type, schema, name }) => ({
      type: type ?? '',
      schema: schema ?? '',
      name: name ?? '',
    })),
  );
  const wanted = from.entries
    .map((entry) => ({ ...entry, type: entry.type.endsWith(' CONSTRAINT') ? 'CONSTRAINT' : entry.type }))
    .filter(({ type }) => looked.has(type));
  const lacking = [...countNames(wanted)].flatMap(([name, times]) => {
    const found = there.get(name) ?? 0;
    // The same name twice is one thing, written in two parts; of functions it is as many.
    const enough = found >= (overloaded.has(name.slice(0, name.indexOf(' '))) ? times : 1);
    return enough ? [] : [name];
  });
  return succeed({ of: from.entries.length, looked: wanted.length, lacking });
}

function countNames(all: readonly Named[]): ReadonlyMap<string, number> {
  const counts = new Map<string, number>();
  for (const one of all) {
    const name = sayName(one);
    counts.set(name, (counts.get(name) ?? 0) + 1);
  }
  return counts;
}

/** TABLE public.clients; a function without its types, which pg_dump writes in the search path of its own session. */
function sayName({ type, schema = '', name }: Named): string {
  const own = overloaded.has(type) ? name.replace(/\(.*$/s, '') : name;
  return `${type} ${schema === '' ? '' : `${schema}.`}${own}`;
}

/** What a person accepted is told by itself; what nobody said a word about is not there. */
export function judgeEntries(
  found: EntriesThere,
  { harmless }: { readonly harmless: number },
): readonly Check[] {
  const { of, looked: named, lacking } = found;
  const messages = harmless === 0 ? '' : `; ${formatCount(harmless)} messages are harmless`;
  const silent = of - named;
  return against('dump', [
    lacking.length === 0
      ? passed(
          `${formatCount(of)} of ${formatCount(of)} entries of the archive went in: ${formatCount(named)} are in the catalogue by name${silent === 0 ? '' : `, ${formatCount(silent)} have none there and no error`}${messages}`,
        )
      : couldNotVerify(
          `${formatCount(lacking.length)} of ${formatCount(of)} entries of the archive are not in the restored database: ${shorten(lacking)}`,
          'Look for them there; read the output of this step for what it said about them.',
        ),
  ]);
}
