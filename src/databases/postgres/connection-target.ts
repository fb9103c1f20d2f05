import { readFileSync } from 'node:fs';
import { type ConnectionOptions, checkServerIdentity } from 'node:tls';
import { type Failure, fail, type Outcome, succeed } from '../../base/failure.ts';
import { createSecret, type Secret } from '../../base/secret.ts';
import { learnSecrets } from '../../platform/learned-secrets.ts';
import type { DatabaseLogin, LoginOfUrl } from '../../ports/database-rights.ts';

/** How libpq names the ways to encrypt; `prefer` tries TLS and goes on without where the server has none. */
const sslModes = ['disable', 'allow', 'prefer', 'require', 'verify-ca', 'verify-full'] as const;
type SslMode = (typeof sslModes)[number];

/** A database URL taken apart. The password stays in its box. */
export type ConnectionTarget = {
  /** A name, an address, or the folder of a unix socket when it begins with a slash. */
  readonly host: string;
  readonly port: number;
  readonly user: string;
  /** Of the URL, else PGPASSWORD. Left out: PGPASSFILE or ~/.pgpass of whoever runs thaw, which the driver and the programs read themselves. */
  readonly password?: Secret;
  readonly database: string;
  readonly sslMode: SslMode;
  readonly sslRootCertificateFile?: string;
  /** host:port without user or password. */
  readonly address: string;
};

const defaultPort = 5432;

/** Never repeats the URL in a failure: it may hold a password. */
export function readConnectionTarget(url: Secret): Outcome<ConnectionTarget> {
  const text = url.reveal();
  if (!/^postgres(ql)?:\/\//.test(text)) return invalid(otherThanUrl(text));
  let parsed: URL;
  try {
    // The host may be left out when ?host= names a socket, even after user:password@, which URL itself refuses.
    parsed = new URL(text.replace(/^(postgres(?:ql)?:\/\/(?:[^@/?#]*@)?)(?=[/?#:]|$)/, '$1localhost'));
  } catch {
    return invalid('It is malformed; a password with : / @ ? # in it must be percent-encoded.');
  }
  try {
    return fromUrl(parsed, text);
  } catch {
    return invalid('Its percent-encoding is malformed.');
  }
}

/** What people give instead, without a word of it that could be a password. */
function otherThanUrl(text: string): string {
  if (/^["'“‘].*["'”’]$/s.test(text))
    return 'It stands in quotes, which belong to a shell and not to the value.';
  if (/^\s|\s$/.test(text)) return 'It begins or ends with a blank.';
  const scheme = /^([a-z][a-z0-9+]*):\/\//i.exec(text)?.[1]?.toLowerCase();
  if (scheme === undefined) return 'It does not begin with postgresql://.';
  return ['mysql', 'mysql2', 'mariadb', 'mongodb', 'sqlite', 'sqlserver', 'mssql', 'redis'].includes(scheme)
    ? `It is of ${scheme}, and thaw restores PostgreSQL alone.`
    : `It begins with ${scheme}://, not with postgresql://.`;
}

function fromUrl(parsed: URL, text: string): Outcome<ConnectionTarget> {
  const parameters = parsed.searchParams;
  const host = parameters.get('host') ?? decodeURIComponent(parsed.hostname).replace(/^\[|\]$/g, '');
  if (host.includes(',') || text.split('@').at(-1)?.split('/')[0]?.includes(',')) {
    return invalid('It names several hosts; a restore needs exactly one.');
  }
  const port = Number(parameters.get('port') ?? (parsed.port || defaultPort));
  if (!Number.isInteger(port) || port < 1 || port > 65_535) return invalid('Its port is no port number.');
  const user = parameters.get('user') ?? decodeURIComponent(parsed.username);
  if (user === '') return invalid('It names no user.');
  const database = decodeURIComponent(parsed.pathname.replace(/^\//, '')) || parameters.get('dbname') || user;
  const wanted = parameters.get('sslmode') ?? 'prefer';
  const sslMode = wanted === 'no-verify' ? 'require' : sslModes.find((mode) => mode === wanted);
  if (sslMode === undefined) return invalid(`Its sslmode ${wanted} is none of ${sslModes.join(', ')}.`);
  const rootCertificate = parameters.get('sslrootcert');
  const password =
    (parameters.get('password') ?? decodeURIComponent(parsed.password)) || passwordInEnvironment();
  return succeed({
    host,
    port,
    user,
    database,
    sslMode,
    ...(password === '' ? {} : { password: createSecret(password) }),
    ...(rootCertificate === null ? {} : { sslRootCertificateFile: rootCertificate }),
    address: host.startsWith('/')
      ? `socket ${host}:${port}`
      : `${host.includes(':') ? `[${host}]` : host}:${port}`,
  });
}

/** Host and port never come from the environment: what a restore replaces must not depend on somebody's shell. */
function passwordInEnvironment(): string {
  const password = process.env.PGPASSWORD ?? '';
  if (password !== '') learnSecrets([password]);
  return password;
}

/** The same server, as somebody else. */
export function withLogin(
  target: Outcome<ConnectionTarget>,
  login: DatabaseLogin | LoginOfUrl | undefined,
): Outcome<ConnectionTarget> {
  if (!target.ok || login === undefined) return target;
  if (!('ofUrl' in login)) return succeed({ ...target.value, ...login });
  const other = readConnectionTarget(login.ofUrl);
  if (!other.ok) return other;
  const { password: _, ...server } = target.value;
  const { user, password } = other.value;
  return succeed({ ...server, user, ...(password === undefined ? {} : { password }) });
}

function invalid(why: string): { readonly ok: false; readonly failure: Failure } {
  return fail({
    code: 'invalid-input',
    message: `The database URL cannot be used. ${why}`,
    remedy: 'Write it as postgresql://USER:PASSWORD@HOST:PORT/DATABASE, or with ?host=/FOLDER for a socket.',
    retry: 'after-fix',
  });
}

/** Whether to try TLS first and whether to go on without it. */
export function encryptionPlan(target: ConnectionTarget): readonly (false | ConnectionOptions)[] {
  if (target.host.startsWith('/')) return [false];
  const plain = false as const;
  const authority = target.sslRootCertificateFile;
  const ca = authority === undefined ? {} : { ca: readFileSync(authority, 'utf8') };
  switch (target.sslMode) {
    case 'disable':
      return [plain];
    case 'allow':
      return [plain, { rejectUnauthorized: false }];
    case 'prefer':
      return [{ rejectUnauthorized: false }, plain];
    case 'require':
      // As libpq: a named authority turns `require` into `verify-ca`.
      return authority === undefined
        ? [{ rejectUnauthorized: false }]
        : [{ ...ca, checkServerIdentity: () => undefined }];
    case 'verify-ca':
      return [{ ...ca, checkServerIdentity: () => undefined }];
    case 'verify-full':
      return [{ ...ca, checkServerIdentity }];
  }
}
