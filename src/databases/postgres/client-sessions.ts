import { fail, type Outcome, succeed } from '../../base/failure.ts';
import { pause } from '../../platform/pause.ts';
import type { ForeignSession, PreparedTransaction } from '../../ports/database-server.ts';
import { ownBackendPids, type Row, type ServerContext, type Session, withMaintenance } from './session.ts';

/**
 * Clients and logical replication. backend_type is hidden (null) from a user who may not read the statistics of
 * others, so those rows count as clients as soon as they have a user: a fence that overlooks them is no fence.
 */
const clientsOf = `
  FROM pg_stat_activity
  WHERE datname = $1 AND NOT pid = ANY ($2::int[])
    AND (backend_type IN ('client backend', 'walsender') OR (backend_type IS NULL AND usename IS NOT NULL))`;

/** As pg_terminate_backend decides it: only a superuser ends a superuser's session. */
const protectedBy = `
  CASE WHEN (SELECT r.rolsuper FROM pg_roles r WHERE r.oid = usesysid) AND current_setting('is_superuser') = 'off'
      THEN 'superuser'
    WHEN NOT pg_has_role(usesysid, 'USAGE') AND NOT pg_has_role('pg_signal_backend', 'USAGE')
      THEN 'other-role' END`;

const listSql = `
  SELECT pid, usename, application_name, client_addr::text AS address, state, ${protectedBy} AS protected_by,
    (extract(epoch FROM query_start) * 1000)::bigint AS query_start_ms
  ${clientsOf} ORDER BY backend_start NULLS LAST, pid`;

export function listForeignSessions(
  context: ServerContext,
  database: string,
): Promise<Outcome<readonly ForeignSession[]>> {
  return withMaintenance(context, {
    doing: `list the sessions on database ${database}`,
    work: async (session) => {
      const rows = await session.rows(listSql, [database, [...ownBackendPids(context.target.address)]]);
      return succeed(rows.map(readSession));
    },
  });
}

function readSession(row: Row): ForeignSession {
  const { protected_by } = row;
  return {
    pid: Number(row.pid),
    user: row.usename ?? '',
    application: row.application_name ?? '',
    address: row.address ?? '',
    state: row.state ?? 'hidden',
    ...(row.query_start_ms ? { lastQueryStartMs: Number(row.query_start_ms) } : {}),
    ...(protected_by === 'superuser' || protected_by === 'other-role' ? { protectedBy: protected_by } : {}),
  };
}

export function listPreparedTransactions(
  context: ServerContext,
  database: string,
): Promise<Outcome<readonly PreparedTransaction[]>> {
  return withMaintenance(context, {
    doing: `list the prepared transactions on database ${database}`,
    work: async (session) => {
      const rows = await session.rows(
        `SELECT gid, owner, (extract(epoch FROM prepared) * 1000)::bigint AS prepared_ms
         FROM pg_prepared_xacts WHERE database = $1 ORDER BY prepared`,
        [database],
      );
      return succeed(
        rows.map(({ gid, owner, prepared_ms }) => ({
          gid: gid ?? '',
          owner: owner ?? '',
          preparedAtMs: Number(prepared_ms),
        })),
      );
    },
  });
}

/** How long a told session may take to go: it has to notice, and to roll back. */
const farewellMs = 10_000;

export function terminateSessions(context: ServerContext, database: string): Promise<Outcome<number>> {
  const doing = `disconnect the clients of database ${database}`;
  return withMaintenance(context, {
    doing,
    work: async (session) => {
      // Our own included: none of them has anything to do where everybody has to go.
      const there = await session.rows(listSql, [database, []]);
      const pids = there.map(({ pid }) => Number(pid));
      const mayEnd = there.filter(({ protected_by }) => protected_by === null).map(({ pid }) => Number(pid));
      await session.rows('SELECT pg_terminate_backend(pid) FROM unnest($1::int[]) AS pid', [mayEnd]);
      const left = await waitUntilGone(session, { pids, limitMs: farewellMs });
      if (left.length === 0) return succeed(pids.length);
      const who = there.filter(({ pid }) => left.includes(Number(pid))).map(readSession);
      const names = who.map(
        ({ pid, user, application, address }) =>
          `server process ${pid}, ${application || 'unnamed'} as ${user || 'nobody'} from ${address || 'an address that is hidden or local'}`,
      );
      return fail({
        code: who.some((one) => one.protectedBy !== undefined) ? 'denied' : 'conflict',
        message: `Cannot ${doing} on ${context.target.address}: ${left.length} of ${pids.length} are still there after ${farewellMs / 1000} s: ${names.join('; ')}.`,
        remedy: `Let a superuser run: ${left.map((pid) => `SELECT pg_terminate_backend(${pid});`).join(' ')}`,
        retry: 'safe',
      });
    },
  });
}

/** pg_terminate_backend only sends a signal: a rename right after it would still find the client connected. */
async function waitUntilGone(
  session: Session,
  request: { readonly pids: readonly number[]; readonly limitMs: number },
): Promise<readonly number[]> {
  const endMs = performance.now() + request.limitMs;
  for (;;) {
    const rows = await session.rows('SELECT pid FROM pg_stat_activity WHERE pid = ANY ($1::int[])', [
      [...request.pids],
    ]);
    if (rows.length === 0 || performance.now() >= endMs) return rows.map(({ pid }) => Number(pid));
    await pause(50);
  }
}
