import { type Failure, fail, type Outcome, succeed } from '../../base/failure.ts';
import { sqlName, sqlText } from '../../base/quoting.ts';
import type { KnownDatabase, NewDatabase, Rename } from '../../ports/database-server.ts';
import type { DatabaseLocale } from '../../ports/dump-tools.ts';
import { terminateSessions } from './client-sessions.ts';
import { type ServerContext, withMaintenance, withSession } from './session.ts';
import { checkName } from './sql-text.ts';

/** Whoever holds a lock on a database holds it for a moment; who holds it longer has forgotten it. */
const lockLimitMs = 15_000;

/** DROP DATABASE … WITH (FORCE) came with 13. */
const forceSince = 130_000;

export async function createDatabase(context: ServerContext, request: NewDatabase): Promise<Outcome<void>> {
  const name = checkName(request.name);
  if (!name.ok) return name;
  const options = [
    // template1 may hold objects of this host, which would collide with those of the archive.
    'TEMPLATE template0',
    ...(request.tablespace === undefined ? [] : [`TABLESPACE ${sqlName(request.tablespace)}`]),
  ];
  return withMaintenance(context, {
    doing: `create database ${request.name}`,
    limitMs: 0,
    lockLimitMs,
    work: async (session) => {
      const words = [...options, ...localeOptions(request.locale ?? {}, session.versionNumber)];
      await session.rows(`CREATE DATABASE ${sqlName(name.value)} ${words.join(' ')}`);
      await session.rows(`COMMENT ON DATABASE ${sqlName(name.value)} IS ${sqlText(request.comment)}`);
      return succeed(undefined);
    },
  });
}

/** Since 15; before that there is nothing but what the operating system's library knows. */
const providersSince = 150_000;

function localeOptions(wanted: DatabaseLocale, version: number): readonly string[] {
  const { encoding, collation, characterType, provider, locale, icuRules } = wanted;
  const text = (word: string, value: string | undefined) =>
    value === undefined ? [] : [`${word} ${sqlText(value)}`];
  const says = provider !== undefined && (version >= providersSince || provider !== 'libc');
  return [
    ...text('ENCODING', encoding),
    ...text('LC_COLLATE', collation),
    ...text('LC_CTYPE', characterType),
    ...(says ? [`LOCALE_PROVIDER ${provider}`] : []),
    ...text(provider === 'builtin' ? 'BUILTIN_LOCALE' : 'ICU_LOCALE', locale),
    ...text('ICU_RULES', icuRules),
  ];
}

export async function dropDatabase(
  context: ServerContext,
  { name: database, oid }: KnownDatabase,
): Promise<Outcome<void>> {
  const name = checkName(database);
  if (!name.ok) return name;
  const doing = `drop database ${database}`;
  const dropped = await withMaintenance<'dropped' | 'cannot force'>(context, {
    doing,
    limitMs: 120_000,
    lockLimitMs,
    work: async (session) => {
      const [there] = await session.rows('SELECT oid FROM pg_database WHERE datname = $1', [name.value]);
      if (oid !== undefined && there !== undefined && Number(there.oid) !== oid)
        return fail(replaced(context, { doing, oid, there }));
      if (session.versionNumber < forceSince) return succeed('cannot force');
      await session.rows(`DROP DATABASE IF EXISTS ${sqlName(name.value)} WITH (FORCE)`);
      return succeed('dropped');
    },
  });
  if (!dropped.ok) return dropped;
  if (dropped.value === 'dropped') return succeed(undefined);
  const terminated = await terminateSessions(context, database);
  if (!terminated.ok) return terminated;
  return runStatement(context, {
    doing,
    limitMs: 120_000,
    lockLimitMs,
    sql: `DROP DATABASE IF EXISTS ${sqlName(name.value)}`,
  });
}

/** ALTER DATABASE … RENAME may stand in a transaction, unlike CREATE and DROP: nobody ever sees one half of a swap. */
export async function renameDatabases(
  context: ServerContext,
  renames: readonly Rename[],
): Promise<Outcome<void>> {
  for (const name of renames.flatMap(({ from, to }) => [from, to])) {
    const checked = checkName(name);
    if (!checked.ok) return checked;
  }
  return withMaintenance(context, {
    doing: renames.map(({ from, to }) => `rename database ${from} to ${to}`).join(' and '),
    // The server itself waits up to 5 s for what autovacuum does there.
    limitMs: 60_000,
    lockLimitMs,
    work: async (session) => {
      await session.rows('BEGIN');
      for (const { from, to, oid, comment } of renames) {
        await session.rows(`ALTER DATABASE ${sqlName(from)} RENAME TO ${sqlName(to)}`);
        // Only now nobody else can rename it any more.
        const [row] = await session.rows('SELECT oid FROM pg_database WHERE datname = $1', [to]);
        if (oid !== undefined && Number(row?.oid) !== oid) {
          await session.rows('ROLLBACK');
          return fail(replaced(context, { doing: `rename database ${from}`, oid, there: row }));
        }
        if (comment !== undefined)
          await session.rows(
            `COMMENT ON DATABASE ${sqlName(to)} IS ${comment === '' ? 'NULL' : sqlText(comment)}`,
          );
      }
      await session.rows('COMMIT');
      return succeed(undefined);
    },
  });
}

export async function setConnectionsAllowed(
  context: ServerContext,
  request: { readonly database: string; readonly allowed: boolean },
): Promise<Outcome<void>> {
  const name = checkName(request.database);
  if (!name.ok) return name;
  return runStatement(context, {
    doing: `${request.allowed ? 'allow' : 'forbid'} connections to database ${request.database}`,
    sql: `ALTER DATABASE ${sqlName(name.value)} WITH ALLOW_CONNECTIONS ${request.allowed}`,
  });
}

export function analyze(context: ServerContext, database: string): Promise<Outcome<void>> {
  return withSession(context, {
    database,
    doing: `analyze database ${database}`,
    limitMs: 0,
    work: async (session) => {
      await session.rows('ANALYZE');
      return succeed(undefined);
    },
  });
}

function runStatement(
  context: ServerContext,
  request: {
    readonly doing: string;
    readonly sql: string;
    readonly limitMs?: number;
    readonly lockLimitMs?: number;
  },
): Promise<Outcome<void>> {
  return withMaintenance(context, {
    ...request,
    work: async (session) => {
      await session.rows(request.sql);
      return succeed(undefined);
    },
  });
}

function replaced(
  context: ServerContext,
  found: {
    readonly doing: string;
    readonly oid: number;
    readonly there: Readonly<Record<string, unknown>> | undefined;
  },
): Failure {
  return {
    code: 'conflict',
    message: `Cannot ${found.doing} on ${context.target.address}: it is another database than a moment ago (object id ${found.there?.oid}, not ${found.oid}).`,
    remedy: 'Find out who put another one of that name there; nothing was changed.',
    retry: 'after-fix',
  };
}
