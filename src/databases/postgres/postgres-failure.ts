import { failureOfBodyError } from '../../base/body-error.ts';
import type { Failure, FailureCode, Retry } from '../../base/failure.ts';

/** What a code means to an operator. */
type Reading = readonly [code: FailureCode, retry: Retry, why: string, remedy: string];

const startServer = 'Check that the server runs and that host and port in the database URL are right.';
const correctSql = 'Correct the statement or the name it uses.';

/** SQLSTATE to failure: https://www.postgresql.org/docs/current/errcodes-appendix.html */
const bySqlState: Readonly<Record<string, Reading>> = {
  '28P01': [
    'denied',
    'after-fix',
    'the password of this user is refused',
    'Correct user and password in the database URL.',
  ],
  '28000': [
    'denied',
    'after-fix',
    'this user may not log in from this host',
    'Correct the user in the database URL, or let this host in through pg_hba.conf of the server.',
  ],
  '3D000': [
    'not-found',
    'after-fix',
    'there is no such database',
    'Correct the name of the database, or create it.',
  ],
  '42501': [
    'denied',
    'after-fix',
    'this user lacks the privilege',
    'Use the owner of the database or a role with the missing privilege in the database URL.',
  ],
  '42P04': ['conflict', 'after-fix', 'that database exists already', 'Remove it or choose another name.'],
  '42710': ['conflict', 'after-fix', 'that object exists already', 'Remove it or choose another name.'],
  '42704': [
    'not-found',
    'after-fix',
    'it names a role or another object the server does not have',
    correctSql,
  ],
  '25006': [
    'conflict',
    'after-fix',
    'the transaction is read-only; the server may be a standby',
    'Name the primary server in the database URL, and only read where reading is meant.',
  ],
  '53100': [
    'out-of-space',
    'after-fix',
    'the disk of the server is full',
    'Free space on the disk that holds the data of the server.',
  ],
  '53300': [
    'unreachable',
    'safe',
    'all connections are taken: those of the server, or those that the role or the database may have',
    'Stop clients that hold connections; where the server speaks of a role or a database raise its CONNECTION LIMIT, otherwise max_connections.',
  ],
  '55006': [
    'conflict',
    'safe',
    'the database is in use',
    'Stop the services that use it, and look for prepared transactions and replication slots.',
  ],
  '55P03': ['conflict', 'safe', 'somebody else holds a lock on it', 'Wait for the other session or end it.'],
  '55000': [
    'conflict',
    'after-fix',
    'its state does not allow this now, for example because it takes no connections',
    'Allow connections to the database again (ALTER DATABASE … ALLOW_CONNECTIONS true).',
  ],
  '57014': [
    'stalled',
    'safe',
    'the statement took longer than its limit',
    'Look at pg_stat_activity for what it waits for, and raise the limit if it is only slow.',
  ],
  '57P03': ['unreachable', 'safe', 'the server is starting up or shutting down', 'Wait until it is up.'],
  '57P04': ['not-found', 'after-fix', 'the database was dropped meanwhile', 'Find out who dropped it.'],
};

/** By the first two characters, where the exact code is not in the table above. */
const bySqlStateClass: Readonly<Record<string, Reading>> = {
  '08': ['unreachable', 'safe', 'the connection is lost', startServer],
  '57': ['unreachable', 'safe', 'the server ended the connection', startServer],
  '22': ['invalid-input', 'after-fix', 'a value in it is not accepted', correctSql],
  '42': ['invalid-input', 'after-fix', 'the server does not understand the statement', correctSql],
  '26': ['invalid-input', 'after-fix', 'the server does not understand the statement', correctSql],
  '3F': ['invalid-input', 'after-fix', 'there is no such schema', correctSql],
  '40': ['conflict', 'safe', 'another transaction came in between', 'Run the step again.'],
  XX: [
    'damaged',
    'after-fix',
    'the server reports an internal error or damaged data',
    'Read the log of the server before going on.',
  ],
};

const unreachableErrnos = new Set(
  'ECONNREFUSED ECONNRESET EPIPE ENOENT ENOTFOUND EAI_AGAIN ETIMEDOUT EHOSTUNREACH ENETUNREACH'.split(' '),
);

function byErrno(code: string): Reading | undefined {
  if (unreachableErrnos.has(code)) {
    return ['unreachable', 'safe', 'no server answers there', startServer];
  }
  if (code === 'EACCES') {
    return ['denied', 'after-fix', 'its socket may not be opened', 'Run thaw as a user who may open it.'];
  }
  if (/^(ERR_TLS|ERR_SSL|CERT_|DEPTH_ZERO|SELF_SIGNED|UNABLE_TO|EPROTO|HOSTNAME_)/.test(code)) {
    return [
      'denied',
      'after-fix',
      'the certificate of the server is not trusted',
      'Name the right authority with sslrootcert in the database URL, or the host name the certificate carries.',
    ];
  }
  return undefined;
}

export function sqlStateOf(error: unknown): string | undefined {
  const code = codeOf(error);
  return code !== undefined && /^[0-9A-Z]{5}$/.test(code) && byErrno(code) === undefined ? code : undefined;
}

/** The one place where what `pg` throws becomes a failure. `doing` completes "Cannot …". */
export function postgresFailure(
  error: unknown,
  context: { readonly doing: string; readonly address: string },
): Failure {
  // What the way to the server says about itself is classified already.
  const carried = failureOfBodyError(error);
  if (carried !== undefined)
    return { ...carried, message: `Cannot ${context.doing} on ${context.address}: ${carried.message}` };
  const code = codeOf(error);
  const sqlState = sqlStateOf(error);
  const read: Reading =
    connectionLimit(error, sqlState) ??
    (sqlState === undefined ? undefined : (bySqlState[sqlState] ?? bySqlStateClass[sqlState.slice(0, 2)])) ??
    (code === undefined ? undefined : byErrno(code)) ??
    (sqlState === undefined
      ? ['unreachable', 'safe', 'the connection is lost or never came about', startServer]
      : ['command-failed', 'after-fix', 'the server refuses', 'Read what the server says.']);
  const [failureCode, retry, why, remedy] = read;
  return {
    code: failureCode,
    message: `Cannot ${context.doing} on ${context.address}: ${why}.`,
    remedy,
    retry,
    detail: describe(error, code),
  };
}

/** The server has one code for three limits, and only its words, in whatever language, name the role or the database. */
function connectionLimit(error: unknown, sqlState: string | undefined): Reading | undefined {
  const [, kind, name] = /for (role|database) "(.+)"/.exec(error instanceof Error ? error.message : '') ?? [];
  if (sqlState !== '53300' || kind === undefined) return undefined;
  const remedy = `Stop clients that use it, or let an administrator run: ALTER ${kind.toUpperCase()} "${name}" CONNECTION LIMIT -1;`;
  return ['unreachable', 'safe', `the CONNECTION LIMIT of ${kind} ${name} is reached`, remedy];
}

function codeOf(error: unknown): string | undefined {
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  return typeof code === 'string' ? code : undefined;
}

function describe(error: unknown, code: string | undefined): string {
  if (!(error instanceof Error)) return String(error);
  const extra = ['detail', 'hint', 'where'].flatMap((name) => {
    const value = (error as unknown as Record<string, unknown>)[name];
    return typeof value === 'string' && value !== '' ? [value] : [];
  });
  return [`${code === undefined ? '' : `${code}: `}${error.message}`, ...extra].join('\n');
}
