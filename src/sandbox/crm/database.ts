import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';

export type Connection = pg.Client;
export type Log = (text: string) => void;

/** What is worth retrying after: long enough to spare a server that is coming up, short enough to come back at once. */
const retryPauseMs = 300;

/**
 * A plain pool, as real services use one. It keeps no idle connection alive by itself and survives the server
 * closing all of them.
 */
export function openPool(options: {
  readonly databaseUrl: string;
  readonly applicationName: string;
  readonly log: Log;
}): pg.Pool {
  const pool = new pg.Pool({
    connectionString: options.databaseUrl,
    application_name: options.applicationName,
    max: 4,
    connectionTimeoutMillis: 2000,
    query_timeout: 5000,
  });
  // An idle connection that the server ends reports here; without a listener the whole process would fall.
  pool.on('error', (error) => options.log(`idle connection lost: ${error.message}`));
  return pool;
}

/** One connection for work that has a beginning and an end; it is closed whatever happens. */
export async function withConnection<T>(
  databaseUrl: string,
  work: (client: Connection) => Promise<T>,
): Promise<T> {
  const client = new pg.Client({ connectionString: databaseUrl, application_name: 'crm-sandbox' });
  client.on('error', () => undefined);
  await client.connect();
  try {
    return await work(client);
  } finally {
    await client.end();
  }
}

/**
 * Repeats one piece of work until the signal. While it fails, it says so once, tries again after a pause, and says
 * when it is back: a service that floods its log hides the line that matters.
 */
export async function keepTurning(options: {
  readonly everyMs: number;
  readonly signal: AbortSignal;
  readonly log: Log;
  readonly turn: () => Promise<void>;
}): Promise<void> {
  let failures = 0;
  while (!options.signal.aborted) {
    try {
      await options.turn();
      if (failures > 0) options.log(`works again after ${failures} failed attempts`);
      failures = 0;
    } catch (error) {
      failures += 1;
      const reason = error instanceof Error ? error.message : String(error);
      if (failures === 1) options.log(`cannot write (${reason}), trying again every ${retryPauseMs} ms`);
    }
    await sleep(failures > 0 ? retryPauseMs : options.everyMs, undefined, { signal: options.signal }).catch(
      () => undefined,
    );
  }
}
