import type { Session } from './session.ts';
import { quoteName } from './sql-text.ts';

/** Functions that connect to other servers, and that anybody may call as soon as the extension is there. */
const callers = ['dblink'];

const wrappersOf = `
  FROM pg_foreign_data_wrapper w
  JOIN pg_depend d ON d.classid = 'pg_foreign_data_wrapper'::regclass AND d.objid = w.oid AND d.deptype = 'e'
  JOIN pg_extension x ON d.refclassid = 'pg_extension'::regclass AND d.refobjid = x.oid`;

/** What the extension's own script took from everybody (dblink_connect_u) is no business of the fence. */
const callersOf = `
  SELECT p.oid::regprocedure::text AS routine FROM pg_proc p
  JOIN pg_depend d ON d.classid = 'pg_proc'::regclass AND d.objid = p.oid AND d.deptype = 'e'
  JOIN pg_extension x ON d.refclassid = 'pg_extension'::regclass AND d.refobjid = x.oid
  WHERE x.extname = ANY ($1::text[])
    AND NOT EXISTS (SELECT FROM pg_init_privs i WHERE i.classoid = 'pg_proc'::regclass AND i.objoid = p.oid)`;

/**
 * A dump must contact nobody while it is restored. Its foreign servers and tables can be made, since the role may use the wrapper; but a
 * wrapper without a handler connects to nothing.
 */
export async function fenceExtension(
  session: Session,
  { extension, role }: { readonly extension: string; readonly role: string },
): Promise<void> {
  const wrappers = await session.rows(`SELECT w.fdwname ${wrappersOf} WHERE x.extname = $1`, [extension]);
  for (const { fdwname } of wrappers) {
    const wrapper = quoteName(fdwname ?? '');
    await session.rows(`ALTER FOREIGN DATA WRAPPER ${wrapper} NO HANDLER`);
    await session.rows(`GRANT USAGE ON FOREIGN DATA WRAPPER ${wrapper} TO ${quoteName(role)}`);
  }
  if (!callers.includes(extension)) return;
  for (const { routine } of await session.rows(callersOf, [[extension]]))
    await session.rows(`REVOKE EXECUTE ON ROUTINE ${routine} FROM PUBLIC`);
}

/** The database is about to be put in place: what the application could reach before, it can reach again. */
export async function liftFences(session: Session): Promise<void> {
  const wrappers = await session.rows(
    `SELECT w.fdwname, (SELECT string_agg(p.oid::regprocedure::text, ' ') FROM pg_proc p
       JOIN pg_depend e ON e.classid = 'pg_proc'::regclass AND e.objid = p.oid AND e.deptype = 'e'
       WHERE e.refobjid = x.oid AND p.prorettype = 'fdw_handler'::regtype) AS handler
     ${wrappersOf} WHERE w.fdwhandler = 0`,
  );
  for (const { fdwname, handler } of wrappers) {
    // regprocedure writes handler(), and the statement takes the name alone.
    const name = handler?.replace(/\(\)$/, '');
    if (name) await session.rows(`ALTER FOREIGN DATA WRAPPER ${quoteName(fdwname ?? '')} HANDLER ${name}`);
  }
  for (const { routine } of await session.rows(callersOf, [callers]))
    await session.rows(`GRANT EXECUTE ON ROUTINE ${routine} TO PUBLIC`);
}
