import type { Failure } from '../../base/failure.ts';
import type { Answered, Session } from './session.ts';

/**
 * Which of the answer's columns must not come out. An alias, a subquery or a join hides nothing, since the server itself says which
 * column of which table each one is. It says so of no expression; then nobody can tell what is in it.
 */
export async function findForbidden(
  session: Session,
  ...[columns, never]: [Answered['columns'], readonly string[]]
): Promise<Failure | undefined> {
  if (never.length === 0) return undefined;
  const origins = await session.rows(
    `SELECT a.attrelid::text AS table_id, a.attnum::text AS column_id, a.attname AS name, c.relkind::text AS kind,
        pg_catalog.format('%I.%I', n.nspname, c.relname) AS relation
      FROM pg_catalog.pg_attribute a
      JOIN pg_catalog.pg_class c ON c.oid OPERATOR(pg_catalog.=) a.attrelid
      JOIN pg_catalog.pg_namespace n ON n.oid OPERATOR(pg_catalog.=) c.relnamespace
      WHERE a.attrelid OPERATOR(pg_catalog.=) ANY ($1::pg_catalog.oid[])`,
    [columns.map(({ tableID }) => tableID)],
  );
  const shown: string[] = [];
  const untold: string[] = [];
  for (const { name, tableID, columnID } of columns) {
    const origin = origins.find(
      (one) => one.table_id === String(tableID) && one.column_id === String(columnID),
    );
    if (never.includes(name)) shown.push(name);
    else if (origin === undefined) untold.push(name);
    else if (never.includes(origin.name ?? ''))
      shown.push(`${name}, which is ${origin.name} of ${origin.relation}`);
    // What stands behind a column of a view is not told.
    else if (!['r', 'p', 'f'].includes(origin.kind ?? ''))
      untold.push(`${name} of the view ${origin.relation}`);
  }
  const forbidden = never.join(', ');
  if (shown.length > 0)
    return refusal(
      `The query shows ${shown.join('; ')}, and ${forbidden} must never be written into a file.`,
    );
  if (untold.length === 0) return undefined;
  return refusal(
    `Whether ${forbidden}, which must never be written into a file, is in ${untold.join(', ')} cannot be told: that is computed, and no column of a table.`,
  );
}

function refusal(message: string): Failure {
  return {
    code: 'invalid-input',
    message,
    remedy:
      'Name in the query the columns that may be written, one by one, as they stand in their tables; compute nothing, and ask no view.',
    retry: 'after-fix',
  };
}
