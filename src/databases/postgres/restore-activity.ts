import { readdir, readFile } from 'node:fs/promises';
import { succeed } from '../../base/failure.ts';
import { readProcStat } from '../../platform/process-identity.ts';
import { type ServerContext, withSession } from './session.ts';

/** Names our pg_restore on the server, so that its sessions can be told from all others. */
export const restoreApplication = 'thaw pg_restore';

/**
 * pg_restore says nothing while it copies one big table, and neither speaks nor reads while the server builds one big
 * index. So silence alone is no stall: bytes moved by its processes count as life, and so does a session of it that
 * the server works for. One that waits for a lock, for a client that sends
 * nothing, or for time to pass (pg_sleep), does not.
 */
export function createActivityProbe(context: ServerContext, database: string) {
  let bytesBefore = -1;
  return async (processGroup: number): Promise<boolean> => {
    const bytes = await bytesMoved(processGroup);
    const hasMoved = bytes !== bytesBefore && bytesBefore >= 0;
    const isFirstLook = bytesBefore < 0;
    bytesBefore = bytes;
    if (hasMoved) return true;
    if (await serverWorks(context, database)) return true;
    // Without an earlier look there is nothing to compare with: the next one decides.
    return isFirstLook && bytes > 0;
  };
}

/** Bytes read and written by every process of the group; 0 where the system does not show it. */
async function bytesMoved(processGroup: number): Promise<number> {
  let total = 0;
  for (const name of await readdir('/proc').catch(() => [])) {
    if (!/^\d+$/.test(name)) continue;
    const stat = await readFile(`/proc/${name}/stat`, 'utf8').catch(() => '');
    if (readProcStat(stat)?.processGroup !== processGroup) continue;
    const io = await readFile(`/proc/${name}/io`, 'utf8').catch(() => '');
    for (const [, amount] of io.matchAll(/^[rw]char: (\d+)$/gm)) total += Number(amount);
  }
  return total;
}

const workingSql = `
  SELECT count(*) AS working FROM pg_stat_activity
  WHERE datname = $1 AND application_name = $2 AND state = 'active'
    AND (wait_event_type IS NULL OR wait_event_type NOT IN ('Lock', 'Client', 'Timeout'))`;

async function serverWorks(context: ServerContext, database: string): Promise<boolean> {
  // Over its own database: who restores may not be let into any other.
  const working = await withSession(context, {
    database,
    doing: 'see whether the restore goes on',
    work: async (session) =>
      succeed((await session.rows(workingSql, [database, restoreApplication]))[0]?.working),
  });
  return working.ok && Number(working.value) > 0;
}
