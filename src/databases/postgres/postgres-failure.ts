import { failureOfBodyError } from '../../base/body-error.ts';
import { type Failure, failureMeaning, findMeaning, type Meaning } from '../../base/failure.ts';
import { errorCode } from '../../base/thrown.ts';
import { networkMeaning, networkTrouble } from '../../platform/network-verdicts.ts';

const startServer = 'Check that the server runs and that host and port in the database URL are right.';
const correctSql = 'Correct the statement or the name it uses.';

/** SQLSTATE to failure: https://www.postgresql.org/docs/current/errcodes-appendix.html */
const bySqlState: Readonly<Record<string, Meaning>> = {
  '28P01': [
    'denied',
    'the password of this user is refused',
    'Correct user and password in the database URL.',
    'after-fix',
  ],
  '28000': [
    'denied',
    'this user may not log in from this host',
    'Correct the user in the database URL, or let this host in through pg_hba.conf of the server.',
    'after-fix',
  ],
  '3D000': [
    'not-found',
    'there is no such database',
    'Correct the name of the database, or create it.',
    'after-fix',
  ],
  '42501': [
    'denied',
    'this user lacks the privilege',
    'Use the owner of the database or a role with the missing privilege in the database URL.',
    'after-fix',
  ],
  '42P04': ['conflict', 'that database exists already', 'Remove it or choose another name.', 'after-fix'],
  '42710': ['conflict', 'that object exists already', 'Remove it or choose another name.', 'after-fix'],
  '42704': [
    'not-found',
    'it names a role or another object the server does not have',
    correctSql,
    'after-fix',
  ],
  '25006': [
    'conflict',
    'the transaction is read-only; the server may be a standby',
    'Name the primary server in the database URL, and only read where reading is meant.',
    'after-fix',
  ],
  '53100': [
    'out-of-space',
    'the disk of the server is full',
    'Free space on the disk that holds the data of the server.',
    'after-fix',
  ],
  '53200': [
    'conflict',
    'the server has no memory left for it, as where one session holds all the locks there are',
    'Find the session that takes so much and end it; where there is none, raise max_locks_per_transaction.',
    'safe',
  ],
  '53300': [
    'unreachable',
    'all connections are taken: those of the server, or those that the role or the database may have',
    'Stop clients that hold connections; where the server speaks of a role or a database raise its CONNECTION LIMIT, otherwise max_connections.',
    'safe',
  ],
  '55006': [
    'conflict',
    'the database is in use',
    'Stop the services that use it, and look for prepared transactions and replication slots.',
    'safe',
  ],
  '55P03': ['conflict', 'somebody else holds a lock on it', 'Wait for the other session or end it.', 'safe'],
  '55000': [
    'conflict',
    'its state does not allow this now, for example because it takes no connections',
    'Allow connections to the database again (ALTER DATABASE … ALLOW_CONNECTIONS true).',
    'after-fix',
  ],
  '57014': [
    'stalled',
    'the statement took longer than its limit',
    'Look at pg_stat_activity for what it waits for, and raise the limit if it is only slow.',
    'safe',
  ],
  '57P03': ['unreachable', 'the server is starting up or shutting down', 'Wait until it is up.', 'safe'],
  '57P04': ['not-found', 'the database was dropped meanwhile', 'Find out who dropped it.', 'after-fix'],
};

/** By the first two characters, where the exact code is not in the table above. */
const bySqlStateClass: Readonly<Record<string, Meaning>> = {
  '08': ['unreachable', 'the connection is lost', startServer, 'safe'],
  '57': ['unreachable', 'the server ended the connection', startServer, 'safe'],
  '22': ['invalid-input', 'a value in it is not accepted', correctSql, 'after-fix'],
  '42': ['invalid-input', 'the server does not understand the statement', correctSql, 'after-fix'],
  '26': ['invalid-input', 'the server does not understand the statement', correctSql, 'after-fix'],
  '3F': ['invalid-input', 'there is no such schema', correctSql, 'after-fix'],
  '40': ['conflict', 'another transaction came in between', 'Run the step again.', 'safe'],
  XX: [
    'damaged',
    'the server reports an internal error or damaged data',
    'Read the log of the server before going on.',
    'after-fix',
  ],
};

/** Of a socket that is a file of this host. */
const ofSockets: Readonly<Record<string, Meaning>> = {
  ENOENT: ['unreachable', 'no server answers there', startServer, 'safe'],
  EACCES: ['denied', 'its socket may not be opened', 'Run thaw as a user who may open it.', 'after-fix'],
};

function byErrno(code: string, address: string): Meaning | undefined {
  if (networkTrouble(code) === 'untrusted')
    return [
      'denied',
      `the certificate of the server is not trusted (${code})`,
      'Name the right authority with sslrootcert in the database URL, or the host name the certificate carries.',
      'after-fix',
    ];
  const socket = findMeaning(ofSockets, code);
  if (socket !== undefined) return socket;
  const network = networkMeaning(code, { host: address, role: 'database server' });
  // A server that is being started again refuses connections until it is up.
  return network === undefined ? undefined : ['unreachable', network[1], startServer, 'safe'];
}

export function sqlStateOf(error: unknown): string | undefined {
  const code = errorCode(error);
  // Of five letters are some errnos, too; no class of SQLSTATE begins with an E.
  return code !== undefined && /^(?!E)[0-9A-Z]{5}$/.test(code) ? code : undefined;
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
  const code = errorCode(error);
  const sqlState = sqlStateOf(error);
  const read: Meaning =
    connectionLimit(error, sqlState) ??
    otherCollation(error) ??
    (sqlState === undefined
      ? undefined
      : (findMeaning(bySqlState, sqlState) ?? findMeaning(bySqlStateClass, sqlState.slice(0, 2)))) ??
    (code === undefined ? undefined : byErrno(code, context.address)) ??
    (sqlState === undefined
      ? ['unreachable', 'the connection is lost or never came about', startServer, 'safe']
      : ['command-failed', 'the server refuses', 'Read what the server says.', 'after-fix']);
  const doing = `${context.doing} on ${context.address}`;
  return failureMeaning({ doing, meaning: read, detail: describe(error, code) });
}

/** The server has one code for three limits, and only its words, in whatever language, name the role or the database. */
function connectionLimit(error: unknown, sqlState: string | undefined): Meaning | undefined {
  const [, kind, name] = /for (role|database) "(.+)"/.exec(error instanceof Error ? error.message : '') ?? [];
  if (sqlState !== '53300' || kind === undefined) return undefined;
  const remedy = `Stop clients that use it, or let an administrator run: ALTER ${kind.toUpperCase()} "${name}" CONNECTION LIMIT -1;`;
  return ['unreachable', `the CONNECTION LIMIT of ${kind} ${name} is reached`, remedy, 'safe'];
}

/** Of a template: the server gives no code of its own for it, and its statement is the same in every language. */
function otherCollation(error: unknown): Meaning | undefined {
  const hint: unknown = error instanceof Error ? Reflect.get(error, 'hint') : undefined;
  const [statement] = /ALTER DATABASE .+? REFRESH COLLATION VERSION/.exec(String(hint)) ?? [];
  if (statement === undefined) return undefined;
  const remedy = `Nothing is sorted in a template that nobody filled, so let an administrator run: ${statement};`;
  return [
    'conflict',
    'the sorting rules of the system changed since its template was made',
    remedy,
    'after-fix',
  ];
}

function describe(error: unknown, code: string | undefined): string {
  if (!(error instanceof Error)) return String(error);
  const extra = ['detail', 'hint', 'where'].flatMap((name) => {
    const value = Reflect.get(error, name);
    return typeof value === 'string' && value !== '' ? [value] : [];
  });
  return [`${code === undefined ? '' : `${code}: `}${error.message}`, ...extra].join('\n');
}
