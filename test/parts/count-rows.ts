import { withConnection } from '../../src/sandbox/crm/database.ts';

export type RowCounts = Readonly<Record<string, number>>;

/**
 * Exact counts of every table, by schema.table. With a moment, only rows that came to be before it, where a table says
 * when a row came to be: so a restored table can be counted while everybody writes again.
 */
export function countRows(databaseUrl: string, before?: Date): Promise<RowCounts> {
  return withConnection(databaseUrl, async (client) => {
    const tables = await client.query<{ schema: string; name: string; dated: boolean }>(
      `select n.nspname as schema, c.relname as name, exists (select from pg_attribute a
         where a.attrelid = c.oid and a.attname = 'created_at' and not a.attisdropped) as dated
       from pg_class c join pg_namespace n on n.oid = c.relnamespace
       where c.relkind = 'r' and n.nspname <> 'information_schema' and n.nspname not like 'pg\\_%' order by 1, 2`,
    );
    const counts: Record<string, number> = {};
    for (const { schema, name, dated } of tables.rows) {
      const table = `${client.escapeIdentifier(schema)}.${client.escapeIdentifier(name)}`;
      const limited = before !== undefined && dated;
      const { rows } = await client.query<{ rows: string }>(
        `select count(*) as rows from ${table}${limited ? ' where created_at < $1' : ''}`,
        limited ? [before] : [],
      );
      counts[`${schema}.${name}`] = Number(rows[0]?.rows);
    }
    return counts;
  });
}

/** Every database of a server with its object id: a rename, a swap or a leftover shows. */
export function listDatabases(url: string): Promise<readonly string[]> {
  return withConnection(url, async (client) => {
    const { rows } = await client.query<{ name: string }>(
      `select datname || ' ' || oid as name from pg_database order by datname`,
    );
    return rows.map(({ name }) => name);
  });
}

/** One value of one row, as text. */
export function readValue(url: string, sql: string): Promise<string> {
  return withConnection(url, async (client) => {
    const { rows } = await client.query<{ value: unknown }>(sql);
    const value = rows[0]?.value;
    return value instanceof Date ? value.toISOString() : String(value);
  });
}
