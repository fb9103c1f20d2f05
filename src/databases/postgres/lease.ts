import { createHash } from 'node:crypto';
import { type Failure, fail, type Outcome, succeed } from '../../base/failure.ts';
import type { Lease } from '../../ports/database-server.ts';
import { postgresFailure } from './postgres-failure.ts';
import { openMaintenance, type Row, type ServerContext, type Session } from './session.ts';

/** Advisory locks are 64-bit numbers; the first bytes of a digest are the same on every host and version. */
function lockNumber(name: string): bigint {
  return createHash('sha256').update(`thaw lease ${name}`).digest().readBigInt64BE(0);
}

/** pg_locks shows the number in two halves, as objects ids; objsubid 1 marks the 64-bit form. */
const holderSql = `
  SELECT l.pid, a.usename, a.application_name, a.client_addr::text AS address,
    to_char(a.backend_start AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI:SS "UTC"') AS since
  FROM pg_locks l LEFT JOIN pg_stat_activity a ON a.pid = l.pid
  WHERE l.locktype = 'advisory' AND l.granted AND l.objsubid = 1
    AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database())
    AND (l.classid::bigint << 32) | l.objid::bigint = $1::bigint`;

/**
 * A lock that lives as long as one connection, in the maintenance database, so that it stays held while the target is
 * dropped and renamed. PostgreSQL lets go of it by itself when we die.
 */
export async function takeLease(context: ServerContext, name: string): Promise<Outcome<Lease>> {
  const doing = `take the lease ${name}`;
  const opened = await openMaintenance(context, { doing, application: `thaw lease ${name}` });
  if (!opened.ok) return opened;
  const { session, end } = opened.value;
  try {
    const number = String(lockNumber(name));
    const [row] = await session.rows('SELECT pg_try_advisory_lock($1::bigint) AS taken', [number]);
    if (row?.taken === 't') return succeed({ release: end, isHeld: () => answers(session) });
    const [holder] = await session.rows(holderSql, [number]);
    await end();
    return fail(heldBy(holder, `${doing} on ${context.target.address}`));
  } catch (error) {
    await end();
    return fail(postgresFailure(error, { doing, address: context.target.address }));
  }
}

/** The lock lives as long as its connection, so a connection that answers still holds it. */
async function answers(session: Session): Promise<boolean> {
  try {
    await session.rows('SELECT 1');
    return true;
  } catch {
    // Whatever the reason: without an answer nobody can say that the lease is ours.
    return false;
  }
}

function heldBy(holder: Row | undefined, doing: string): Failure {
  const who =
    holder === undefined
      ? 'another run held it a moment ago'
      : `another run holds it since ${holder.since ?? 'an unknown time'}, server process ${holder.pid}, user ${holder.usename ?? 'unknown'}${holder.address ? ` from ${holder.address}` : ''}`;
  return {
    code: 'conflict',
    message: `Cannot ${doing}: ${who}.`,
    remedy:
      holder === undefined
        ? 'Try again.'
        : `Wait for that run to end, or, if its host is dead, end it with SELECT pg_terminate_backend(${holder.pid}).`,
    retry: 'safe',
  };
}
