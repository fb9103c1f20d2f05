import { fail, type Outcome, succeed } from '../../base/failure.ts';
import type { Secret } from '../../base/secret.ts';
import type { DatabaseLogin, LoginOfUrl } from '../../ports/database-rights.ts';
import type { DatabaseRoute } from '../../ports/database-route.ts';
import type { DatabaseDriver } from '../../ports/database-server.ts';
import { carryOverSettings } from './carry-over.ts';
import { readCatalogue } from './catalogue/read-catalogue.ts';
import { closeCell, dropCell, makeCell } from './cell.ts';
import { listForeignSessions, listPreparedTransactions, terminateSessions } from './client-sessions.ts';
import { type ConnectionTarget, readConnectionTarget, withLogin } from './connection-target.ts';
import {
  analyze,
  createDatabase,
  dropDatabase,
  renameDatabases,
  setConnectionsAllowed,
} from './database-admin.ts';
import {
  describeDatabase,
  listIdleRoles,
  listMarked,
  listTablespaces,
  readContentMark,
  readIdentity,
} from './database-catalog.ts';
import { exportSnapshot } from './export-snapshot.ts';
import { judgeGivenCell } from './given-cell.ts';
import { takeInventory } from './inventory.ts';
import { takeLease } from './lease.ts';
import { readLoginRights } from './login-rights.ts';
import { putBackRights } from './put-back-rights.ts';
import { putDatabaseSettings } from './put-database-settings.ts';
import { runReadQuery } from './read-query.ts';
import { readTables } from './read-tables.ts';
import { type ServerContext, withMaintenance } from './session.ts';

/** Opens nothing yet: every method connects for itself, and a URL that cannot be read fails every one of them. */
export function openDatabaseServer(request: {
  readonly url: Secret;
  /** Host and port of the URL are then those that are valid at the end of the route. */
  readonly route?: DatabaseRoute | undefined;
  readonly login?: DatabaseLogin | LoginOfUrl | undefined;
}): DatabaseDriver {
  const { route } = request;
  const target = withAddress(withLogin(readConnectionTarget(request.url), request.login), route);
  const context: Outcome<ServerContext> = target.ok
    ? { ok: true, value: { target: target.value, route, open: new Set() } }
    : target;
  const use = <T>(work: (context: ServerContext) => Promise<Outcome<T>>): Promise<Outcome<T>> =>
    context.ok ? work(context.value) : Promise.resolve(fail(context.failure));

  return {
    address: target.ok ? target.value.address : 'an unreadable database URL',
    databaseName: target.ok ? target.value.database : '',
    userName: target.ok ? target.value.user : '',
    identity: () => use(readIdentity),
    describeDatabase: (name) => use((server) => describeDatabase(server, name)),
    markedDatabases: () => use(listMarked),
    idleMarkedRoles: () => use(listIdleRoles),
    foreignSessions: (database) => use((server) => listForeignSessions(server, database)),
    preparedTransactions: (database) => use((server) => listPreparedTransactions(server, database)),
    terminateSessions: (database) => use((server) => terminateSessions(server, database)),
    createDatabase: (database) => use((server) => createDatabase(server, database)),
    createRole: (role) => use((server) => createRole(server, role)),
    makeCell: (cell) => use((server) => makeCell(server, cell)),
    judgeGivenCell: (cell) => use((server) => judgeGivenCell(server, cell)),
    closeCell: (cell) => use((server) => closeCell(server, cell)),
    putBackRights: (request) => use((server) => putBackRights(server, request)),
    dropCell: (cell) => use((server) => dropCell(server, cell)),
    dropDatabase: (name) => use((server) => dropDatabase(server, name)),
    renameDatabases: (renames) => use((server) => renameDatabases(server, renames)),
    setConnectionsAllowed: (change) => use((server) => setConnectionsAllowed(server, change)),
    carryOverSettings: (names) => use((server) => carryOverSettings(server, names)),
    putDatabaseSettings: (request) => use((server) => putDatabaseSettings(server, request)),
    tablespaces: () => use(listTablespaces),
    analyze: (database) => use((server) => analyze(server, database)),
    inventory: (database, options) => use((server) => takeInventory(server, { database, options })),
    catalogue: (database) => use((server) => readCatalogue(server, database)),
    loginRights: (request) => use((server) => readLoginRights(server, request)),
    readTables: (database) => use((server) => readTables(server, database)),
    contentMark: (database) => use((server) => readContentMark(server, database)),
    exportSnapshot: (database) => use((server) => exportSnapshot(server, database)),
    query: (query) => use((server) => runReadQuery(server, query)),
    lease: (name) => use((server) => takeLease(server, name)),
    close: async () => {
      if (!context.ok) return;
      await Promise.all([...context.value.open].map((client) => client.end().catch(() => {})));
    },
  };
}

/** `127.0.0.1:5432` means another server in each container. */
function withAddress(
  target: Outcome<ConnectionTarget>,
  route: DatabaseRoute | undefined,
): Outcome<ConnectionTarget> {
  if (!target.ok || route === undefined) return target;
  const address = `${route.address} (${target.value.address})`;
  return { ok: true, value: { ...target.value, address } };
}

/** All or nothing. The statements may hold the hash of a password, so no failure repeats them. */
function createRole(
  context: ServerContext,
  request: { readonly name: string; readonly statements: readonly Secret[] },
): Promise<Outcome<void>> {
  return withMaintenance(context, {
    doing: `create role ${request.name}`,
    work: async (session) => {
      await session.rows('BEGIN');
      for (const statement of request.statements) await session.rows(statement.reveal());
      await session.rows('COMMIT');
      return succeed(undefined);
    },
  });
}
