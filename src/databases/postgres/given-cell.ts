import { type Outcome, succeed } from '../../base/failure.ts';
import { sqlName, sqlText } from '../../base/quoting.ts';
import { scramVerifier } from '../../base/role-login.ts';
import type { CellRequest, DatabaseLogin } from '../../ports/database-rights.ts';
import { openMaintenance, type ServerContext, type Session, withMaintenance } from './session.ts';

/** A role that an administrator made for restores: nothing of it is ours to change, but who lets it into our own database. */

export async function letGivenCellIn(
  context: ServerContext,
  { given, database }: CellRequest & { readonly given: DatabaseLogin },
): Promise<Outcome<void>> {
  return withMaintenance(context, {
    doing: `let the role ${given.user} into database ${database}`,
    work: async (session) => {
      await session.rows(`REVOKE ALL ON DATABASE ${sqlName(database)} FROM PUBLIC`);
      await session.rows(
        `GRANT CREATE, CONNECT, TEMPORARY ON DATABASE ${sqlName(database)} TO ${sqlName(given.user)}`,
      );
      return succeed(undefined);
    },
  });
}

/** A role may change its own password and settings, so a dump may have: both are as before again. */
export async function resetGivenCell(
  context: ServerContext,
  { user, password }: DatabaseLogin,
): Promise<Outcome<void>> {
  return withMaintenance(context, {
    doing: `set the role ${user} back`,
    work: async (session) => {
      const role = sqlName(user);
      await session.rows(`SET ROLE ${role}`);
      await session.rows(`ALTER ROLE ${role} PASSWORD ${sqlText(scramVerifier(password))}`);
      await session.rows(`ALTER ROLE ${role} RESET ALL`);
      return succeed(undefined);
    },
  });
}

export async function letGivenCellOut(
  context: ServerContext,
  { role, database }: CellRequest,
): Promise<Outcome<void>> {
  return withMaintenance(context, {
    doing: `shut the role ${role} out of database ${database}`,
    work: async (session) => {
      const [there] = await session.rows('SELECT FROM pg_database WHERE datname = $1', [database]);
      if (there !== undefined)
        await session.rows(`REVOKE ALL ON DATABASE ${sqlName(database)} FROM ${sqlName(role)}`);
      return succeed(undefined);
    },
  });
}

/** What it may not be, and why it matters. */
const faults: Readonly<Record<string, string>> = {
  powers: 'it has rights over the server (SUPERUSER, CREATEDB, CREATEROLE, REPLICATION or BYPASSRLS)',
  no_login: 'it may not log in',
  memberships: 'it is a member of other roles, whose rights a dump would have',
  not_ours: 'the user of the database URL is no member of it, so that nobody can give away what it makes',
  owner:
    'it owns something in another database: another restore may be at work, or somebody uses it otherwise',
};

export async function judgeGivenCell(
  context: ServerContext,
  request: Omit<CellRequest, 'comment'>,
): Promise<Outcome<readonly string[]>> {
  const { role, given } = request;
  const found = await withMaintenance(context, {
    doing: `look at the role ${role}`,
    work: async (session) => succeed(await faultsOf(session, request)),
  });
  if (!found.ok || found.value.length > 0 || given === undefined) return found;
  const { user, password } = given;
  const opened = await openMaintenance(
    { ...context, target: { ...context.target, user, password } },
    { doing: `log in as ${user}` },
  );
  if (opened.ok) await opened.value.end();
  return opened.ok ? found : succeed([opened.failure.message.replace(/\.$/, '')]);
}

async function faultsOf(
  session: Session,
  { role, database }: Omit<CellRequest, 'comment'>,
): Promise<readonly string[]> {
  const [row] = await session.rows(
    `SELECT rolsuper OR rolcreatedb OR rolcreaterole OR rolreplication OR rolbypassrls AS powers,
       NOT rolcanlogin AS no_login,
       EXISTS (SELECT FROM pg_auth_members WHERE member = r.oid) AS memberships,
       NOT pg_has_role(current_user, r.oid, 'MEMBER') AS not_ours,
       EXISTS (SELECT FROM pg_shdepend s WHERE s.refclassid = 'pg_authid'::regclass AND s.refobjid = r.oid AND s.deptype = 'o'
         AND s.dbid <> coalesce((SELECT oid FROM pg_database WHERE datname = $2), 0)) AS owner
     FROM pg_roles r WHERE rolname = $1`,
    [role, database],
  );
  if (row === undefined) return ['there is no such role'];
  return Object.entries(faults).flatMap(([name, words]) => (row[name] === 't' ? [words] : []));
}
