import { fail, type Outcome, succeed } from '../../base/failure.ts';
import { sqlName, sqlText } from '../../base/quoting.ts';
import { mostConnections, randomPassword, scramVerifier } from '../../base/role-login.ts';
import type { Secret } from '../../base/secret.ts';
import { pause } from '../../platform/pause.ts';
import type { CellRequest, DatabaseLogin } from '../../ports/database-rights.ts';
import type { CellExtension } from '../../ports/database-server.ts';
import { makeExtensions } from './cell-extensions.ts';
import { letGivenCellIn, letGivenCellOut, resetGivenCell } from './given-cell.ts';
import { type ServerContext, type Session, withMaintenance, withSession } from './session.ts';
import { checkName } from './sql-text.ts';

/** A role that a crash left behind is of no use to anybody after that. */
const validFor = '3 days';
const lockLimit = "SET lock_timeout TO '30s'";
/** From this version on the public schema belongs to whoever owns the database. */
const publicOfOwnerSince = 150_000;
const farewellMs = 10_000;

/** `address role`: one password for as long as this process lives, since a restore opens connections late. */
const passwords = new Map<string, Secret>();

export async function makeCell(
  context: ServerContext,
  request: CellRequest & { readonly extensions?: readonly CellExtension[] },
): Promise<Outcome<DatabaseLogin>> {
  const { role, database, given } = request;
  for (const name of [role, database]) {
    const checked = checkName(name);
    if (!checked.ok) return checked;
  }
  if (given !== undefined) {
    const entered = await letGivenCellIn(context, { ...request, given });
    const prepared = entered.ok
      ? await prepareDatabase(context, { ...request, isSuperuser: false })
      : entered;
    return prepared.ok ? succeed(given) : prepared;
  }
  const key = `${context.target.address} ${role}`;
  const known = passwords.get(key);
  // Only a new database has to be prepared.
  if (known !== undefined && request.extensions === undefined)
    return succeed({ user: role, password: known });
  const password = known ?? randomPassword();
  passwords.set(key, password);
  const made = await withMaintenance(context, {
    doing: `make the role ${role}`,
    work: async (session) => {
      const found = await readCell(session, request);
      if (!found.ok) return found;
      await session.rows(lockLimit);
      for (const statement of await roleStatements(session, { ...request, password, isThere: found.value })) {
        await session.rows(statement);
      }
      return succeed(await readIsSuperuser(session));
    },
  });
  if (!made.ok) return made;
  const prepared = await prepareDatabase(context, { ...request, isSuperuser: made.value });
  return prepared.ok ? succeed({ user: role, password }) : prepared;
}

async function roleStatements(
  session: Session,
  request: CellRequest & { readonly password: Secret; readonly isThere: boolean },
): Promise<readonly string[]> {
  const { role, database, comment, password, isThere } = request;
  const [row] = await session.rows(`SELECT (now() + interval '${validFor}')::text AS until`);
  const login = `LOGIN CONNECTION LIMIT ${mostConnections} PASSWORD ${sqlText(scramVerifier(password))} VALID UNTIL ${sqlText(row?.until ?? '')}`;
  const superuser = await readIsSuperuser(session);
  const cell = sqlName(role);
  return [
    'BEGIN',
    isThere
      ? `ALTER ROLE ${cell} ${login}`
      : // Only a superuser may let it past row security, which would hide rows from the count of a table that forces it.
        `CREATE ROLE ${cell} NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION NOINHERIT ${superuser ? 'BYPASSRLS' : ''} ${login}`,
    `COMMENT ON ROLE ${cell} IS ${sqlText(comment)}`,
    // What it owns is given away later by us, for which we have to be a member.
    ...(superuser ? [] : [`GRANT ${cell} TO CURRENT_USER`]),
    `REVOKE ALL ON DATABASE ${sqlName(database)} FROM PUBLIC`,
    `GRANT CREATE, CONNECT, TEMPORARY ON DATABASE ${sqlName(database)} TO ${cell}`,
    ...(superuser ? await tablespaceGrants(session, cell) : []),
    'COMMIT',
  ];
}

async function tablespaceGrants(session: Session, cell: string): Promise<readonly string[]> {
  const rows = await session.rows("SELECT spcname FROM pg_tablespace WHERE spcname !~ '^pg_'");
  return rows.map(({ spcname }) => `GRANT CREATE ON TABLESPACE ${sqlName(spcname ?? '')} TO ${cell}`);
}

async function prepareDatabase(
  context: ServerContext,
  request: CellRequest & { readonly isSuperuser: boolean; readonly extensions?: readonly CellExtension[] },
): Promise<Outcome<void>> {
  const { role, database, extensions = [] } = request;
  return withSession(context, {
    database,
    doing: `prepare database ${database} for the role ${role}`,
    work: async (session) => {
      await session.rows(lockLimit);
      const isOurs = request.isSuperuser || session.versionNumber >= publicOfOwnerSince;
      const [found] = await session.rows("SELECT FROM pg_namespace WHERE nspname = 'public'");
      if (isOurs && found !== undefined) await session.rows(`ALTER SCHEMA public OWNER TO ${sqlName(role)}`);
      if (!request.isSuperuser) return succeed(undefined);
      await makeExtensions(session, { extensions, role });
      return succeed(undefined);
    },
  });
}

export async function closeCell(context: ServerContext, request: CellRequest): Promise<Outcome<void>> {
  const { role, database, given } = request;
  const doing = `shut out the role ${role}`;
  const gids = await withMaintenance<readonly string[]>(context, {
    doing,
    work: async (session) => {
      const found = await readCell(session, request);
      if (!found.ok) return found;
      if (!found.value) return succeed([]);
      if (given === undefined) await session.rows(`ALTER ROLE ${sqlName(role)} NOLOGIN`);
      const left = await endSessions(session, { role, database: given === undefined ? undefined : database });
      if (left > 0) {
        return fail({
          code: 'conflict',
          message: `Cannot ${doing} on ${context.target.address}: ${left} of its sessions are still there after ${farewellMs / 1000} s.`,
          remedy: `Look at pg_stat_activity for what ${role} does, end it on the server, then retry.`,
          retry: 'safe',
        });
      }
      const open = await session.rows(
        'SELECT gid FROM pg_prepared_xacts WHERE owner = $1 AND database = $2',
        [role, database],
      );
      return succeed(open.map(({ gid }) => gid ?? ''));
    },
  });
  if (!gids.ok) return gids;
  passwords.delete(`${context.target.address} ${role}`);
  if (given !== undefined) {
    const reset = await resetGivenCell(context, given);
    if (!reset.ok) return reset;
  }
  if (gids.value.length === 0) return succeed(undefined);
  return withSession(context, {
    database,
    doing: `end what ${role} left prepared in database ${database}`,
    work: async (session) => {
      // Whoever prepared it may end it, and so may whoever acts as that one.
      await session.rows(`SET ROLE ${sqlName(role)}`);
      for (const gid of gids.value) await session.rows(`ROLLBACK PREPARED ${sqlText(gid)}`);
      return succeed(undefined);
    },
  });
}

/** @param of.database left out: all of them, wherever they are. */
async function endSessions(
  session: Session,
  { role, database }: { readonly role: string; readonly database: string | undefined },
): Promise<number> {
  const endMs = performance.now() + farewellMs;
  for (;;) {
    const rows = await session.rows(
      'SELECT pid, pg_terminate_backend(pid) AS told FROM pg_stat_activity WHERE usename = $1 AND datname = coalesce($2, datname)',
      [role, database],
    );
    if (rows.length === 0 || performance.now() >= endMs) return rows.length;
    await pause(50);
  }
}

export async function dropCell(context: ServerContext, request: CellRequest): Promise<Outcome<void>> {
  const { role } = request;
  if (request.given !== undefined) return letGivenCellOut(context, request);
  return withMaintenance(context, {
    doing: `drop the role ${role}`,
    work: async (session) => {
      const found = await readCell(session, request);
      if (!found.ok || !found.value) return found.ok ? succeed(undefined) : found;
      await session.rows(lockLimit);
      // What it may do with databases and tablespaces.
      await session.rows(`DROP OWNED BY ${sqlName(role)}`);
      await session.rows(`DROP ROLE ${sqlName(role)}`);
      return succeed(undefined);
    },
  });
}

/** @returns whether it is there; a role of that name that is not ours is a conflict. */
export async function readCell(
  session: Session,
  { role, comment, given }: CellRequest,
): Promise<Outcome<boolean>> {
  const [row] = await session.rows(
    "SELECT shobj_description(oid, 'pg_authid') AS comment FROM pg_roles WHERE rolname = $1",
    [role],
  );
  if (row === undefined) return succeed(false);
  if (row.comment === comment || given !== undefined) return succeed(true);
  return fail({
    code: 'conflict',
    message: `There is a role ${role} already, and this run did not make it.`,
    remedy: `Find out whose it is; DROP ROLE ${sqlName(role)} if nobody needs it, then retry.`,
    retry: 'after-fix',
  });
}

export async function readIsSuperuser(session: Session): Promise<boolean> {
  const [row] = await session.rows('SELECT rolsuper FROM pg_roles WHERE rolname = current_user');
  return row?.rolsuper === 't';
}
