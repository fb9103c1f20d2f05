import { type Outcome, succeed } from '../../base/failure.ts';
import { saySetting } from './say-rights.ts';
import { type ServerContext, withSession } from './session.ts';

/**
 * pg_dump restores with an empty search path, so a function that names things without their schema finds nothing: not while rows of a generated
 * column, a check, an index or a materialised view are made by it. While they are, each function that says no search path of its own has this one.
 *
 * @returns to be called in the end: makes the statistics, which calls functions of indexes as well, and takes the search path back.
 */
export async function lendSearchPath(
  context: ServerContext,
  { database, searchPath }: { readonly database: string; readonly searchPath: readonly string[] },
): Promise<Outcome<() => Promise<Outcome<void>>>> {
  const functions = await withSession(context, {
    database,
    doing: `list the functions of database ${database}`,
    work: async (session) => {
      const rows = await session.rows(
        `SELECT p.oid::regprocedure::text AS name FROM pg_proc p JOIN pg_language l ON l.oid = p.prolang
         WHERE p.proowner = (SELECT oid FROM pg_roles WHERE rolname = current_user)
           AND p.prokind IN ('f', 'w') AND l.lanname NOT IN ('internal', 'c')
           AND NOT EXISTS (SELECT FROM unnest(p.proconfig) c WHERE c LIKE 'search_path=%')`,
      );
      return succeed(rows.map(({ name }) => name ?? ''));
    },
  });
  if (!functions.ok) return functions;
  const alterAll = (...[change, first = []]: [string, (readonly string[])?]) =>
    withSession(context, {
      database,
      doing: `change where functions of database ${database} look`,
      limitMs: 0,
      work: async (session) => {
        for (const statement of first) await session.rows(statement);
        await session.rows('BEGIN');
        for (const name of functions.value) await session.rows(`ALTER FUNCTION ${name} ${change}`);
        await session.rows('COMMIT');
        return succeed(undefined);
      },
    });
  const lent = await alterAll(`SET ${saySetting('search_path', searchPath)}`);
  return lent.ok ? succeed(() => alterAll('RESET search_path', ['ANALYZE'])) : lent;
}
