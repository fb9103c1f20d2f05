import { sqlName } from '../../base/quoting.ts';
import type { CellExtension } from '../../ports/database-server.ts';
import type { Session } from './session.ts';

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

/** What only an administrator may make is there before the role of the restore logs in. */
export async function makeExtensions(
  session: Session,
  wanted: { readonly extensions: readonly CellExtension[]; readonly role: string },
): Promise<void> {
  const { extensions, role } = wanted;
  for (const extension of await onlyForAdministrators(session, extensions))
    await makeExtension(session, { extension, role });
}

/** What is not there at all is for pg_restore to say; what is trusted the cell makes by itself. */
async function onlyForAdministrators(
  session: Session,
  wanted: readonly CellExtension[],
): Promise<readonly CellExtension[]> {
  const rows = await session.rows(
    `SELECT x.name FROM pg_available_extensions x JOIN pg_available_extension_versions v
       ON v.name = x.name AND v.version = x.default_version
     WHERE NOT v.trusted AND x.installed_version IS NULL AND x.name::text = ANY ($1::text[])`,
    [wanted.map(({ name }) => name)],
  );
  const names = new Set(rows.map(({ name }) => name));
  return wanted.filter(({ name }) => names.has(name));
}

async function makeExtension(
  session: Session,
  { extension, role }: { readonly extension: CellExtension; readonly role: string },
): Promise<void> {
  const { name, schema } = extension;
  const [isThere] = await session.rows('SELECT FROM pg_namespace WHERE nspname = $1', [schema]);
  if (isThere === undefined && !schema.startsWith('pg_'))
    await session.rows(`CREATE SCHEMA ${sqlName(schema)} AUTHORIZATION ${sqlName(role)}`);
  await session.rows(`CREATE EXTENSION ${sqlName(name)} SCHEMA ${sqlName(schema)} CASCADE`);
  await fenceExtension(session, { extension: name, role });
}

/**
 * A dump must contact nobody while it is restored. Its foreign servers and tables can be made, since the role may use the wrapper; but a
 * wrapper without a handler connects to nothing.
 */
async function fenceExtension(
  session: Session,
  { extension, role }: { readonly extension: string; readonly role: string },
): Promise<void> {
  const wrappers = await session.rows(`SELECT w.fdwname ${wrappersOf} WHERE x.extname = $1`, [extension]);
  for (const { fdwname } of wrappers) {
    const wrapper = sqlName(fdwname ?? '');
    await session.rows(`ALTER FOREIGN DATA WRAPPER ${wrapper} NO HANDLER`);
    await session.rows(`GRANT USAGE ON FOREIGN DATA WRAPPER ${wrapper} TO ${sqlName(role)}`);
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
    if (name) await session.rows(`ALTER FOREIGN DATA WRAPPER ${sqlName(fdwname ?? '')} HANDLER ${name}`);
  }
  for (const { routine } of await session.rows(callersOf, [callers]))
    await session.rows(`GRANT EXECUTE ON ROUTINE ${routine} TO PUBLIC`);
}
