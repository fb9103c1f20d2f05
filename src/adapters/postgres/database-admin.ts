import { type Outcome, succeed } from '../../base/failure.ts';
import type { NewDatabase } from '../../ports/database-server.ts';
import { terminateSessions } from './client-sessions.ts';
import { type ServerContext, withMaintenance, withSession } from './session.ts';
import { checkName, quoteName, quoteText } from './sql-text.ts';

/** DROP DATABASE … WITH (FORCE) came with 13. */
const forceSince = 130_000;

export async function createDatabase(context: ServerContext, request: NewDatabase): Promise<Outcome<void>> {
  const name = checkName(request.name);
  if (!name.ok) return name;
  const options = [
    // template1 may hold objects of this host, which would collide with those of the archive.
    'TEMPLATE template0',
    ...(request.encoding === undefined ? [] : [`ENCODING ${quoteText(request.encoding)}`]),
    ...(request.collation === undefined ? [] : [`LC_COLLATE ${quoteText(request.collation)}`]),
    ...(request.characterType === undefined ? [] : [`LC_CTYPE ${quoteText(request.characterType)}`]),
  ];
  return withMaintenance(context, {
    doing: `create database ${request.name}`,
    limitMs: 0,
    work: async (session) => {
      await session.rows(`CREATE DATABASE ${quoteName(name.value)} ${options.join(' ')}`);
      await session.rows(`COMMENT ON DATABASE ${quoteName(name.value)} IS ${quoteText(request.comment)}`);
      return succeed(undefined);
    },
  });
}

export async function dropDatabase(context: ServerContext, database: string): Promise<Outcome<void>> {
  const name = checkName(database);
  if (!name.ok) return name;
  const doing = `drop database ${database}`;
  const dropped = await withMaintenance<'dropped' | 'cannot force'>(context, {
    doing,
    limitMs: 120_000,
    work: async (session) => {
      if (session.versionNumber < forceSince) return succeed('cannot force');
      await session.rows(`DROP DATABASE IF EXISTS ${quoteName(name.value)} WITH (FORCE)`);
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
    sql: `DROP DATABASE IF EXISTS ${quoteName(name.value)}`,
  });
}

export async function renameDatabase(
  context: ServerContext,
  request: { readonly from: string; readonly to: string },
): Promise<Outcome<void>> {
  const from = checkName(request.from);
  if (!from.ok) return from;
  const to = checkName(request.to);
  if (!to.ok) return to;
  return runStatement(context, {
    doing: `rename database ${request.from} to ${request.to}`,
    limitMs: 0,
    sql: `ALTER DATABASE ${quoteName(from.value)} RENAME TO ${quoteName(to.value)}`,
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
    sql: `ALTER DATABASE ${quoteName(name.value)} WITH ALLOW_CONNECTIONS ${request.allowed}`,
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
  request: { readonly doing: string; readonly sql: string; readonly limitMs?: number },
): Promise<Outcome<void>> {
  return withMaintenance(context, {
    ...request,
    work: async (session) => {
      await session.rows(request.sql);
      return succeed(undefined);
    },
  });
}
