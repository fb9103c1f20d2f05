import { setTimeout as delay } from 'node:timers/promises';
import { fail, type Outcome, succeed } from '../../base/failure.ts';
import type { ForeignSession } from '../../ports/database-server.ts';
import { ownBackendPids, type ServerContext, type Session, withMaintenance } from './session.ts';

/**
 * Clients and logical replication. backend_type is hidden (null) from a user who may not read the statistics of
 * others, so those rows count as clients as soon as they have a user: a fence that overlooks them is no fence.
 */
const clientsOf = `
  FROM pg_stat_activity
  WHERE datname = $1 AND NOT pid = ANY ($2::int[])
    AND (backend_type IN ('client backend', 'walsender') OR (backend_type IS NULL AND usename IS NOT NULL))`;

const listSql = `
  SELECT pid, usename, application_name, client_addr::text AS address, state,
    (extract(epoch FROM query_start) * 1000)::bigint AS query_start_ms
  ${clientsOf} ORDER BY backend_start NULLS LAST, pid`;

export function listForeignSessions(
  context: ServerContext,
  database: string,
): Promise<Outcome<readonly ForeignSession[]>> {
  return withMaintenance(context, {
    doing: `list the sessions on database ${database}`,
    work: async (session) => {
      const rows = await session.rows(listSql, [database, ownPids(context)]);
      return succeed(
        rows.map((row) => ({
          pid: Number(row.pid),
          user: row.usename ?? '',
          application: row.application_name ?? '',
          address: row.address ?? '',
          state: row.state ?? 'hidden',
          ...(row.query_start_ms ? { lastQueryStartMs: Number(row.query_start_ms) } : {}),
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
      const told = await session.rows(`SELECT pid, pg_terminate_backend(pid) AS told ${clientsOf}`, [
        database,
        ownPids(context),
      ]);
      const pids = told.map((row) => Number(row.pid));
      const left = await waitUntilGone(session, { pids, limitMs: farewellMs });
      if (left === 0) return succeed(pids.length);
      return fail({
        code: 'conflict',
        message: `Cannot ${doing} on ${context.target.address}: ${left} of ${pids.length} are still there after ${farewellMs / 1000} s.`,
        remedy: 'Look at pg_stat_activity for what they do, and end them on the server.',
        retry: 'safe',
      });
    },
  });
}

/** pg_terminate_backend only sends a signal: a rename right after it would still find the client connected. */
export async function waitUntilGone(
  session: Session,
  request: { readonly pids: readonly number[]; readonly limitMs: number },
): Promise<number> {
  const endMs = performance.now() + request.limitMs;
  for (;;) {
    const [row] = await session.rows('SELECT count(*) FROM pg_stat_activity WHERE pid = ANY ($1::int[])', [
      [...request.pids],
    ]);
    const left = Number(row?.count);
    if (left === 0 || performance.now() >= endMs) return left;
    await delay(50);
  }
}

function ownPids(context: ServerContext): number[] {
  return [...ownBackendPids(context.target.address)];
}
