import { randomBytes } from 'node:crypto';
import { fail, type Outcome, succeed } from '../../base/failure.ts';
import { sqlName, sqlText } from '../../base/quoting.ts';
import { randomPassword, scramVerifier } from '../../base/role-login.ts';
import type { QueryRequest } from '../../ports/database-server.ts';
import { findForbidden } from './forbidden-columns.ts';
import { withReadSession } from './read-session.ts';
import { type Row, type ServerContext, usualLimitMs, withMaintenance } from './session.ts';

/** Short enough for a failure's sentence; the whole statement stands in the runbook. */
const shownLength = 80;
/** The role that may read everything came with 14. */
const readersSince = 140_000;

/** A statement of the runbook, in a transaction that may only read. */
export async function runReadQuery(
  context: ServerContext,
  request: QueryRequest,
): Promise<Outcome<readonly Row[]>> {
  if (request.ofDump !== true) return readAs(context, request);
  const rights = await rightsOf(context, request.database);
  if (!rights.ok) return rights;
  return rights.value === 'bounded'
    ? readAs(context, request)
    : asReader(context, { ...request, mayPassPolicies: rights.value === 'superuser' });
}

function readAs(
  context: ServerContext,
  request: QueryRequest & { readonly mayPassPolicies?: boolean },
): Promise<Outcome<readonly Row[]>> {
  const oneLine = request.sql.replace(/\s+/g, ' ').trim();
  const shown = oneLine.length <= shownLength ? oneLine : `${oneLine.slice(0, shownLength)}…`;
  return withReadSession(context, {
    database: request.database,
    doing: `run “${shown}” in database ${request.database}`,
    limitMs: request.limitMs ?? usualLimitMs,
    ownSearchPath: true,
    work: async (session) => {
      await session.rows('BEGIN READ ONLY');
      // Who cannot pass the policies of a table is refused, and is not shown a part of it for the whole.
      if (request.mayPassPolicies === false) await session.rows('SET LOCAL row_security = off');
      // One statement only: `COMMIT; DROP TABLE …` is refused as a syntax error.
      const answered = await session.oneStatement(request.sql, request.values ?? []);
      const forbidden = await findForbidden(session, answered.columns, request.never ?? []);
      await session.rows('ROLLBACK');
      return forbidden === undefined ? succeed(answered.rows) : fail(forbidden);
    },
  });
}

/** CREATEROLE without SUPERUSER could hand out every role but a superuser's before 16, those that run programs among them. */
const boundedSince = 160_000;

type Rights = 'superuser' | 'too many' | 'bounded';

/** Asked once: whose URL it is does not change while we run. */
const known = new WeakMap<ServerContext, Rights>();

async function rightsOf(context: ServerContext, database: string): Promise<Outcome<Rights>> {
  const before = known.get(context);
  if (before !== undefined) return succeed(before);
  const asked = await withReadSession<Rights>(context, {
    database,
    doing: 'read the rights of this user',
    work: async (session) => {
      const [row] = await session.rows(
        'SELECT rolsuper, rolcreaterole, pg_is_in_recovery() AS is_standby FROM pg_roles WHERE rolname = current_user',
      );
      // A server in recovery takes no new role.
      if (row?.is_standby === 't' || session.versionNumber < readersSince) return succeed('bounded');
      if (row?.rolsuper === 't') return succeed('superuser');
      const isTooMany = row?.rolcreaterole === 't' && session.versionNumber < boundedSince;
      return succeed(isTooMany ? 'too many' : 'bounded');
    },
  });
  if (asked.ok) known.set(context, asked.value);
  return asked;
}

/**
 * An expression of an index, a policy, a view: the planner runs what stands in them, with the rights of whoever asks. READ ONLY and SET
 * ROLE are no barrier, since the code can undo both; a login that has no more rights is one.
 */
async function asReader(
  context: ServerContext,
  request: QueryRequest & { readonly mayPassPolicies: boolean },
): Promise<Outcome<readonly Row[]>> {
  const role = `thaw_read_${randomBytes(6).toString('hex')}`;
  const password = randomPassword();
  const reader = sqlName(role);
  const limitMs = (request.limitMs ?? usualLimitMs) + 60_000;
  const made = await withMaintenance(context, {
    doing: `make a role that may read database ${request.database}`,
    work: async (session) => {
      const [row] = await session.rows(
        `SELECT (now() + make_interval(secs => $1))::text AS until,
           has_database_privilege('public', $2, 'CONNECT') AS open`,
        [limitMs / 1000, request.database],
      );
      for (const statement of [
        'BEGIN',
        `CREATE ROLE ${reader} LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION ${request.mayPassPolicies ? 'BYPASSRLS' : ''} CONNECTION LIMIT 1 IN ROLE pg_read_all_data PASSWORD ${sqlText(scramVerifier(password))} VALID UNTIL ${sqlText(row?.until ?? '')}`,
        ...(row?.open === 't' ? [] : [`GRANT CONNECT ON DATABASE ${sqlName(request.database)} TO ${reader}`]),
        'COMMIT',
      ])
        await session.rows(statement);
      return succeed(undefined);
    },
  });
  if (!made.ok) return made;
  const done = await readAs({ ...context, target: { ...context.target, user: role, password } }, request);
  const dropped = await withMaintenance(context, {
    doing: `drop the role ${role}`,
    work: async (session) => {
      // Only its member or a superuser may take away what it was given.
      if (!request.mayPassPolicies) await session.rows(`GRANT ${reader} TO CURRENT_USER`);
      await session.rows(`DROP OWNED BY ${reader}`);
      await session.rows(`DROP ROLE ${reader}`);
      return succeed(undefined);
    },
  });
  return done.ok && !dropped.ok ? dropped : done;
}
