import type { ConnectionOptions } from 'node:tls';
import type { Client, QueryResult } from 'pg';
import { fail, type Outcome, succeed } from '../../base/failure.ts';
import { errorCode } from '../../base/thrown.ts';
import { pause } from '../../platform/pause.ts';
import { traced, withoutLiterals } from '../../platform/trace.ts';
import type { DatabaseRoute } from '../../ports/database-route.ts';
import { type ConnectionTarget, encryptionPlan } from './connection-target.ts';
import { postgresFailure, sqlStateOf } from './postgres-failure.ts';

export type Row = Readonly<Record<string, string | null>>;

/** One open connection. Its methods throw what `pg` throws: `withSession` turns that into failures. */
export type Session = {
  readonly pid: number;
  /** For example 150018. */
  readonly versionNumber: number;
  rows(sql: string, values?: readonly unknown[]): Promise<readonly Row[]>;
  /** Through the extended protocol, which takes exactly one statement. */
  oneStatement(sql: string, values: readonly unknown[]): Promise<Answered>;
};

/** Rows, and where the server says that each column comes from (RowDescription). */
export type Answered = {
  readonly rows: readonly Row[];
  /** The OID of the table and the number of its column; 0 where it is no column of a table as it stands. */
  readonly columns: readonly { readonly name: string; readonly tableID: number; readonly columnID: number }[];
};

export type ServerContext = {
  readonly target: ConnectionTarget;
  /** Left out: straight from this host. */
  readonly route?: DatabaseRoute | undefined;
  /** Everything that is open now, for `close`. */
  readonly open: Set<Client>;
};

type SessionRequest = {
  readonly database: string;
  /** Completes "Cannot …" in a failure. */
  readonly doing: string;
  /** Of each statement; 0 is no limit, for the few statements whose length nobody can know. */
  readonly limitMs?: number;
  /** Of each wait for a lock; only `limitMs` ends it when left out. */
  readonly lockLimitMs?: number;
  /** Keeps the search path of the user; otherwise only the system's own names are found. */
  readonly ownSearchPath?: boolean;
  readonly application?: string;
};

const connectLimitMs = 10_000;
/** Compose takes its time to find a container on a busy host. */
const routedConnectLimitMs = 60_000;
export const usualLimitMs = 30_000;

/** Backends of this process, over all servers it opened: `address pid`. */
const ownBackends = new Set<string>();

export function ownBackendPids(address: string): readonly number[] {
  return [...ownBackends]
    .filter((entry) => entry.startsWith(`${address} `))
    .map((entry) => Number(entry.slice(address.length + 1)));
}

/** A connection for one piece of work: none stays open to stand in the way of a rename or a drop. */
export async function withSession<T>(
  context: ServerContext,
  request: SessionRequest & { readonly work: (session: Session) => Promise<Outcome<T>> },
): Promise<Outcome<T>> {
  const opened = await openSession(context, request);
  return opened.ok ? finish(context, { ...request, opened: opened.value }) : opened;
}

/** As `withSession`, on the maintenance database. */
export async function withMaintenance<T>(
  context: ServerContext,
  request: Omit<SessionRequest, 'database'> & {
    readonly work: (session: Session) => Promise<Outcome<T>>;
  },
): Promise<Outcome<T>> {
  const opened = await openMaintenance(context, request);
  return opened.ok ? finish(context, { ...request, opened: opened.value }) : opened;
}

/** postgres, or template1 where there is none or none we may use; template1 is there on every server. */
export async function openMaintenance(
  context: ServerContext,
  request: Omit<SessionRequest, 'database'>,
): Promise<Outcome<OpenSession>> {
  const first = await openSession(context, { ...request, database: 'postgres' });
  if (first.ok || (first.failure.code !== 'not-found' && first.failure.code !== 'denied')) return first;
  const second = await openSession(context, { ...request, database: 'template1' });
  return second.ok ? second : first;
}

async function finish<T>(
  context: ServerContext,
  request: {
    readonly opened: OpenSession;
    readonly doing: string;
    readonly work: (session: Session) => Promise<Outcome<T>>;
  },
): Promise<Outcome<T>> {
  try {
    return await request.work(request.opened.session);
  } catch (error) {
    return fail(postgresFailure(error, { doing: request.doing, address: context.target.address }));
  } finally {
    await request.opened.end();
  }
}

export type OpenSession = { readonly session: Session; end(): Promise<void> };

export async function openSession(
  context: ServerContext,
  request: SessionRequest,
): Promise<Outcome<OpenSession>> {
  let cameAbout = false;
  const tryToOpen = async (): Promise<Outcome<OpenSession>> => {
    try {
      const client = await connect(context, request);
      cameAbout = true;
      context.open.add(client);
      return succeed(await prepare(context, { client, request }));
    } catch (error) {
      return fail(postgresFailure(error, { doing: request.doing, address: context.target.address }));
    }
  };
  const opened = await tryToOpen();
  // Nothing was asked of it yet. What lies between may be busy for a moment: Docker, an API server, a node; and one that came about and was
  // lost may come about again.
  const mayPass = context.route !== undefined || cameAbout;
  return mayPass && !opened.ok && opened.failure.code === 'unreachable' ? tryToOpen() : opened;
}

async function connect(context: ServerContext, request: SessionRequest): Promise<Client> {
  // What a route carries is as safe as the route; TLS inside of it would look for a name nobody has there.
  const plan = context.route === undefined ? encryptionPlan(context.target) : [false as const];
  const startedMs = performance.now();
  for (const [index, ssl] of plan.entries()) {
    const client = await makeClient(context, { ...request, ssl });
    try {
      await client.connect();
      return client;
    } catch (error) {
      await client.end().catch(() => {});
      // No code: the server declined TLS. 28000: pg_hba.conf has no line for this kind of connection.
      const sqlState = sqlStateOf(error);
      const mayDiffer = sqlState === '28000' || errorCode(error) === undefined;
      const isLast = index === plan.length - 1;
      if (isLast || !mayDiffer || performance.now() - startedMs >= connectLimitMs) throw error;
    }
  }
  throw new Error('Broken promise: an encryption plan is never empty');
}

async function makeClient(
  { target, route }: ServerContext,
  request: SessionRequest & { readonly ssl: false | ConnectionOptions },
): Promise<Client> {
  // Loaded when first needed: `thaw --help` shall not wait for a database driver.
  const { default: pg } = await import('pg');
  const limitMs = request.limitMs ?? usualLimitMs;
  const client = new pg.Client({
    host: target.host,
    port: target.port,
    ...(route === undefined ? {} : { stream: () => route.dial(target) }),
    user: target.user,
    password: target.password?.reveal(),
    database: request.database,
    ssl: request.ssl,
    application_name: request.application ?? 'thaw',
    connectionTimeoutMillis: route === undefined ? connectLimitMs : routedConnectLimitMs,
    keepAlive: true,
    keepAliveInitialDelayMillis: 10_000,
    // The server's own limit comes first; this one is for a server that has fallen silent.
    ...(limitMs === 0 ? {} : { query_timeout: limitMs + 5_000 }),
    // Every value stays the text the server sent: no number is rounded, no date is shifted.
    types: { getTypeParser: () => (value: string) => value },
  });
  // An idle connection that is cut off emits an error, which without a listener would end the program.
  client.on('error', () => {});
  return client;
}

/**
 * Whatever ALTER ROLE … SET and ALTER DATABASE … SET say: they are meant for applications, and not every version has every limit.
 * Every name in full: a role that a dump could act as may have set itself another search path.
 */
const settle = `
  SELECT pg_catalog.pg_backend_pid() AS pid, pg_catalog.current_setting('server_version_num') AS version,
    pg_catalog.set_config('statement_timeout', $1, false),
    pg_catalog.set_config('lock_timeout', $2, false),
    pg_catalog.set_config('default_transaction_read_only', 'off', false),
    (SELECT pg_catalog.count(pg_catalog.set_config(name, '0', false)) FROM pg_catalog.pg_settings
      WHERE name OPERATOR(pg_catalog.=) ANY
        ('{idle_session_timeout,idle_in_transaction_session_timeout,transaction_timeout}'::pg_catalog.text[]))`;

async function prepare(
  context: ServerContext,
  { client, request }: { readonly client: Client; readonly request: SessionRequest },
): Promise<OpenSession> {
  let pid: number | undefined;
  const ask = async (sql: string, query: () => Promise<QueryResult<Record<string, string | null>>>) => {
    const watch = watchBackend(context, { client, pid });
    try {
      return await traced(statement(sql), query);
    } finally {
      watch.end();
    }
  };
  const rows = async (sql: string, values: readonly unknown[] = []): Promise<readonly Row[]> =>
    (await ask(sql, () => client.query(sql, values.length > 0 ? [...values] : undefined))).rows;
  const oneStatement = async (sql: string, values: readonly unknown[]): Promise<Answered> => {
    const query = { text: sql, values: [...values], queryMode: 'extended' };
    const { rows: found, fields } = await ask(sql, () => client.query(query));
    return { rows: found, columns: fields };
  };
  const statement = (sql: string) => ({
    kind: 'sql' as const,
    text: () => `${context.target.address}/${request.database}: ${withoutLiterals(sql)}`,
    outcome: ({ rowCount }: { readonly rowCount: number | null }) => `${rowCount ?? 0} rows`,
  });
  let entry = '';
  const end = async () => {
    ownBackends.delete(entry);
    context.open.delete(client);
    await client.end().catch(() => {});
  };
  try {
    const [first] = await rows(settle, [
      String(request.limitMs ?? usualLimitMs),
      String(request.lockLimitMs ?? 0),
    ]);
    pid = Number(first?.pid);
    entry = `${context.target.address} ${pid}`;
    ownBackends.add(entry);
    // Objects of the restored database must not be able to stand in for the system's own functions.
    if (!request.ownSearchPath)
      await rows("SELECT pg_catalog.set_config('search_path', 'pg_catalog', false)");
    return { session: { pid, versionNumber: Number(first?.version), rows, oneStatement }, end };
  } catch (error) {
    await end();
    throw error;
  }
}

/** A statement may take hours, so silence alone says nothing; the server is asked instead. */
const lookEveryMs = 10_000;
/** An answer may be on its way while the server says that it has nothing to do any more. */
const onItsWayMs = 2_000;
const mostUnanswered = 3;

/**
 * Whether the server still works on what was asked: on a connection that fell silent nobody would hear of its end, whatever the limit of
 * the statement. Then the connection is broken here, and what became of the statement has to be looked at.
 */
function watchBackend(
  context: ServerContext,
  of: { readonly client: Client; readonly pid: number | undefined },
): { end(): void } {
  const { client, pid } = of;
  // Until the server has said who serves us, the limit of a connection holds.
  if (pid === undefined) return { end: () => {} };
  const over = new AbortController();
  const look = async () => {
    let unanswered = 0;
    while (await pause(lookEveryMs, over.signal)) {
      const state = await stateOfBackend(context, pid);
      if (over.signal.aborted) return;
      if (state === 'busy') unanswered = 0;
      else if (state === 'no answer') unanswered += 1;
      else await pause(onItsWayMs, over.signal);
      if (over.signal.aborted) return;
      if (state === 'not busy' || unanswered >= mostUnanswered)
        return void client.connection.stream.destroy();
    }
  };
  void look();
  return { end: () => over.abort() };
}

async function stateOfBackend(
  context: ServerContext,
  pid: number,
): Promise<'busy' | 'not busy' | 'no answer'> {
  const found = await withMaintenance<'busy' | 'not busy'>(context, {
    doing: 'see whether the server is still at work',
    limitMs: 5_000,
    work: async (session) => {
      const [row] = await session.rows('SELECT state FROM pg_stat_activity WHERE pid = $1', [pid]);
      return succeed(row === undefined || row.state?.startsWith('idle') ? 'not busy' : 'busy');
    },
  });
  if (found.ok) return found.value;
  // Refused, for whatever reason, is an answer: the server is there.
  return found.failure.code === 'unreachable' || found.failure.code === 'stalled' ? 'no answer' : 'busy';
}
