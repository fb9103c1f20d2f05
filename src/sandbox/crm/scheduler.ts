import type { Pool } from 'pg';
import { keepTurning, type Log } from './database.ts';

/** Moves interests and reservations on, a few at a time, and leaves a line in the audit log for each round. */
export async function runScheduler(options: {
  readonly pool: Pool;
  readonly log: Log;
  readonly signal: AbortSignal;
}): Promise<void> {
  await keepTurning({
    everyMs: 500,
    signal: options.signal,
    log: options.log,
    turn: async () => {
      await touch(options.pool, 'interests');
      await touch(options.pool, 'reservations');
      await options.pool.query(
        `insert into audit_logs (actor, action, entity) values ('crm-scheduler', 'touch', 'interests, reservations')`,
      );
    },
  });
}

async function touch(pool: Pool, table: 'interests' | 'reservations'): Promise<void> {
  await pool.query(
    `update ${table} set updated_at = now()
     where id in (select id from ${table} order by updated_at limit 3)`,
  );
}
