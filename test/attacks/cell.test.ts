import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { chmod } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createProcessRunner } from '../../src/adapters/process/execa-process-runner.ts';
import { createSecret } from '../../src/base/secret.ts';
import { openDatabaseServer } from '../../src/databases/postgres/pg-database-server.ts';
import { openDumpTools } from '../../src/databases/postgres/pg-dump-tools.ts';
import type { DatabaseDriver } from '../../src/ports/database-server.ts';
import type { RestoreReport } from '../../src/ports/dump-tools.ts';
import { failureFrom, valueFrom } from '../contracts/object-store.contract.ts';
import { startTestCluster, type TestCluster } from '../databases/postgres/cluster.ts';
import { forgeArchive } from './forge-archive.ts';

/**
 * A genuine dump carries the code of whoever could write into the source database once. The role that restores it has rights that reach nothing else.
 * Remains: the database it fills may be filled without end; after the swap the application runs what is in it.
 */

let cluster: TestCluster;
let folder = '';
const at = (name: string) => join(folder, name);
const cell = { role: 'thaw_cell_test', database: 'incoming', comment: 'thaw run test' };

const nothingOfRights = { ...cell, rights: undefined, trial: false, signed: false, makeRoles: false };

const administrators = [
  { who: 'a superuser', user: undefined },
  { who: 'an owner with CREATEROLE and CREATEDB', user: { name: 'keeper', password: 'keeper-of-the-shop' } },
] as const;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'thaw-cell-'));
  await chmod(folder, 0o777);
  cluster = await startTestCluster({ settings: { max_prepared_transactions: '10' } });
  await cluster.sql(
    'postgres',
    "CREATE ROLE keeper LOGIN CREATEDB CREATEROLE PASSWORD 'keeper-of-the-shop'",
    'GRANT pg_signal_backend TO keeper',
    'CREATE DATABASE shop OWNER keeper',
  );
  await cluster.sql(
    'shop',
    'CREATE TABLE orders (id int PRIMARY KEY, note text)',
    "INSERT INTO orders SELECT i, 'order ' || i FROM generate_series(1, 100) i",
  );
});
afterAll(async () => {
  await cluster?.remove();
  rmSync(folder, { recursive: true, force: true });
});

/** Everything on the server that a dump could reach and that is not its own database. */
async function look() {
  const [databases, roles, members, settings] = await Promise.all([
    cluster.sql(
      'postgres',
      "SELECT datname, oid, datdba FROM pg_database WHERE datname <> 'incoming' ORDER BY 1",
    ),
    cluster.sql('postgres', "SELECT oid, * FROM pg_authid WHERE rolname !~ '^thaw_' ORDER BY 1"),
    cluster.sql(
      'postgres',
      "SELECT * FROM pg_auth_members WHERE roleid <> (SELECT coalesce(max(oid), 0) FROM pg_roles WHERE rolname = 'thaw_cell_test')",
    ),
    cluster.sql('postgres', "SELECT name, setting FROM pg_file_settings WHERE name = 'work_mem'"),
  ]);
  return { databases, roles, members, settings, marker: existsSync(at('pwned')) };
}

describe.each(administrators)('the role of a restore made by $who', ({ user }) => {
  let server: DatabaseDriver;
  const url = () => createSecret(cluster.urlOf('shop', user));

  beforeEach(() => {
    server = openDatabaseServer({ url: url() });
    return async () => {
      valueFrom(await server.closeCell(cell));
      valueFrom(await server.dropDatabase({ name: cell.database }));
      valueFrom(await server.dropCell(cell));
      expect(await cluster.sql('postgres', "SELECT 1 FROM pg_roles WHERE rolname ~ '^thaw_'")).toEqual([]);
      await server.close();
    };
  });

  async function restore(statements: string): Promise<RestoreReport> {
    valueFrom(await server.createDatabase({ name: cell.database, comment: 'thaw run test' }));
    const file = at('forged.dump');
    const sql = (statement: string) => cluster.sql('shop', statement);
    writeFileSync(
      file,
      await forgeArchive({ binFolder: cluster.binFolder, url: cluster.urlOf('shop'), sql, statements }),
    );
    const tools = (login?: { user: string; password: ReturnType<typeof createSecret> }) =>
      openDumpTools({ url: url(), processes: createProcessRunner(), login });
    const { extensions = [] } = valueFrom(await tools().contents(file));
    const login = valueFrom(await server.makeCell({ ...cell, extensions }));
    const request = { file, database: cell.database, jobs: 1, stallMs: 60_000 };
    return valueFrom(await tools(login).restore({ ...request, onLine: () => {}, onEntry: () => {} }));
  }

  it.each([
    ['DROP DATABASE shop WITH (FORCE);'],
    ['DROP /* x */  DATABASE "shop" (FORCE);'],
    ['ALTER DATABASE shop RENAME TO gone;'],
    ['ALTER DATABASE incoming OWNER TO thaw_cell_test;'],
    ['ALTER DATABASE incoming SET session_preload_libraries = evil;'],
    ['ALTER DATABASE incoming SET role = keeper;'],
    ['ALTER DATABASE incoming IS_TEMPLATE true;'],
    ['CREATE DATABASE evil;'],
    ['CREATE ROLE evil SUPERUSER LOGIN;'],
    ['CREATE ROLE evil;'],
    ['ALTER ROLE keeper SUPERUSER;'],
    ["ALTER ROLE postgres PASSWORD 'evil';"],
    ['GRANT pg_execute_server_program TO thaw_cell_test;'],
    ['RESET ROLE; RESET SESSION AUTHORIZATION; SET ROLE keeper;'],
    ['SET SESSION AUTHORIZATION postgres;'],
    ["COPY (SELECT 1) TO PROGRAM 'touch PWNED';"],
    ["COPY (SELECT 1) TO 'PWNED';"],
    ["SELECT lo_export(lo_from_bytea(0, 'x'), 'PWNED');"],
    ["ALTER SYSTEM SET work_mem = '5MB';"],
    ['SELECT pg_terminate_backend(pid) FROM pg_stat_activity; SELECT 1/0;'],
    ["CREATE FUNCTION evil() RETURNS int LANGUAGE c AS 'evil';"],
    ["CREATE EXTENSION dblink; SELECT dblink_connect('dbname=shop');"],
  ])('is refused %s', async (statements) => {
    const before = await look();
    const report = await restore(statements.replaceAll('PWNED', at('pwned')));
    expect(report.messages.map(({ weight }) => weight)).not.toEqual([]);
    expect(await look()).toEqual(before);
  });

  it('counts rows although the table hides them from its owner', async () => {
    await cluster.sql('shop', 'ALTER TABLE orders ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY');
    await restore('SELECT 1;');
    await cluster.sql('shop', 'ALTER TABLE orders DISABLE ROW LEVEL SECURITY, NO FORCE ROW LEVEL SECURITY');
    const login = valueFrom(await server.makeCell(cell));
    const looking = openDatabaseServer({ url: url(), login });
    const counted = await looking.inventory(cell.database, { asOwner: true });
    expect(valueFrom(counted).tables).toMatchObject([{ name: 'orders', rows: 100 }]);
    await looking.close();
    expect(
      await cluster.sql(
        cell.database,
        "SELECT relforcerowsecurity AS forced FROM pg_class WHERE relname = 'orders'",
      ),
    ).toEqual([{ forced: 't' }]);
  });

  it('cannot keep its role by a transaction that it prepared', async () => {
    await restore("BEGIN; CREATE TABLE public.held (); PREPARE TRANSACTION 'held';");
    const login = valueFrom(await server.makeCell(cell));
    const held = new pg.Client({
      connectionString: cluster.urlOf(cell.database, { name: login.user, password: login.password.reveal() }),
    });
    held.on('error', () => {});
    await held.connect();
    await held.query("BEGIN; CREATE TABLE more (); PREPARE TRANSACTION 'more'");
    valueFrom(await server.closeCell(cell));
    expect(await cluster.sql('postgres', 'SELECT gid FROM pg_prepared_xacts')).toEqual([]);
    await expect(held.query('SELECT 1')).rejects.toThrow();
    const owner = user?.name ?? 'keeper';
    valueFrom(await server.putBackRights({ ...nothingOfRights, newOwner: owner }));
    valueFrom(await server.dropCell(cell));
    expect(
      await cluster.sql(
        'postgres',
        "SELECT has_database_privilege('public', 'incoming', 'CONNECT, TEMPORARY') AS may",
      ),
    ).toEqual([{ may: 't' }]);
    expect(
      await cluster.sql(cell.database, 'SELECT tableowner FROM pg_tables WHERE tablename = $$orders$$'),
    ).toEqual([{ tableowner: owner }]);
    expect(
      await cluster.sql(
        cell.database,
        "SELECT nspowner::regrole AS owner, nspacl FROM pg_namespace WHERE nspname = 'public'",
      ),
    ).toEqual([
      { owner: 'pg_database_owner', nspacl: '{pg_database_owner=UC/pg_database_owner,=U/pg_database_owner}' },
    ]);
  });

  it('cannot deceive whoever counts by settings of its own role', async () => {
    await restore(
      `CREATE SCHEMA evil; CREATE FUNCTION evil.set_config(text, unknown, boolean) RETURNS text LANGUAGE sql AS 'SELECT $$x$$';
       ALTER ROLE CURRENT_USER SET search_path = evil, pg_catalog; ALTER ROLE CURRENT_USER SET default_transaction_read_only = on;`,
    );
    const login = valueFrom(await server.makeCell(cell));
    const looking = openDatabaseServer({ url: url(), login });
    expect(valueFrom(await looking.inventory(cell.database)).tables).toMatchObject([
      { name: 'orders', rows: 100 },
    ]);
    valueFrom(await looking.analyze(cell.database));
    await looking.close();
  });
});

describe('a superuser who looks at what came out of a dump', () => {
  it('does it with rights that only read, and leaves no role behind', async () => {
    const server = openDatabaseServer({ url: createSecret(cluster.urlOf('shop')) });
    const ask = (sql: string) => server.query({ database: 'shop', sql, ofDump: true });
    expect(valueFrom(await ask('SELECT count(*) AS n FROM orders'))).toEqual([{ n: '100' }]);
    const sql = 'SELECT rolsuper, rolcreaterole, rolcanlogin FROM pg_roles WHERE rolname = session_user';
    expect(valueFrom(await ask(sql))).toEqual([{ rolsuper: 'f', rolcreaterole: 'f', rolcanlogin: 't' }]);
    expect(failureFrom(await ask("SELECT pg_read_file('/etc/passwd')")).code).toBe('denied');
    expect((await ask('SELECT 1/0')).ok).toBe(false);
    expect(await cluster.sql('postgres', "SELECT 1 FROM pg_roles WHERE rolname ~ '^thaw_'")).toEqual([]);
    expect(await cluster.sql('postgres', "SELECT datacl FROM pg_database WHERE datname = 'shop'")).toEqual([
      { datacl: null },
    ]);
    await server.close();
  });
});

describe('an extension that reaches out of the database', () => {
  it('is made by the administrator, reaches nothing during the restore, and works afterwards', async () => {
    await cluster.sql(
      'shop',
      'CREATE SCHEMA links',
      'CREATE EXTENSION postgres_fdw SCHEMA links',
      'CREATE EXTENSION dblink',
      `CREATE SERVER self FOREIGN DATA WRAPPER postgres_fdw OPTIONS (host '127.0.0.1', port '${cluster.port}', dbname 'shop')`,
      "CREATE FOREIGN TABLE far (id int) SERVER self OPTIONS (schema_name 'public', table_name 'orders')",
      "CREATE VIEW called AS SELECT * FROM dblink('dbname=shop', 'SELECT 1') AS t (a int)",
    );
    const server = openDatabaseServer({ url: createSecret(cluster.urlOf('shop')) });
    valueFrom(await server.createDatabase({ name: cell.database, comment: 'thaw run test' }));
    const file = at('links.dump');
    const statements = 'CREATE MATERIALIZED VIEW public.fetched AS SELECT * FROM public.far;';
    const sql = (statement: string) => cluster.sql('shop', statement);
    writeFileSync(
      file,
      await forgeArchive({ binFolder: cluster.binFolder, url: cluster.urlOf('shop'), sql, statements }),
    );
    const open = (login?: Parameters<typeof openDumpTools>[0]['login']) =>
      openDumpTools({ url: createSecret(cluster.urlOf('shop')), processes: createProcessRunner(), login });
    const contents = valueFrom(await open().contents(file));
    expect(contents.extensions).toEqual([
      { name: 'dblink', schema: 'public' },
      { name: 'postgres_fdw', schema: 'links' },
    ]);
    const login = valueFrom(await server.makeCell({ ...cell, extensions: contents.extensions ?? [] }));
    const request = { file, database: cell.database, jobs: 1, stallMs: 60_000 };
    const report = valueFrom(await open(login).restore({ ...request, onLine: () => {}, onEntry: () => {} }));
    expect(report.messages.filter(({ weight }) => weight !== 'harmless')).toMatchObject([
      {
        weight: 'needs-decision',
        text: expect.stringMatching(/foreign-data wrapper "postgres_fdw" has no handler/),
      },
    ]);
    const looking = openDatabaseServer({ url: createSecret(cluster.urlOf('shop')), login });
    const called = await looking.query({ database: cell.database, sql: 'SELECT * FROM called' });
    expect(failureFrom(called).code).toBe('denied');
    await looking.close();
    valueFrom(await server.closeCell(cell));
    valueFrom(await server.putBackRights({ ...nothingOfRights, newOwner: 'postgres' }));
    valueFrom(await server.dropCell(cell));
    await cluster.sql(cell.database, `CREATE USER MAPPING FOR postgres SERVER self`);
    expect(
      await cluster.sql(
        cell.database,
        'SELECT has_function_privilege($$keeper$$, $$dblink(text)$$, $$EXECUTE$$) AS may',
      ),
    ).toEqual([{ may: 't' }]);
    expect(
      await cluster.sql(
        cell.database,
        'SELECT has_function_privilege($$keeper$$, $$dblink_connect_u(text)$$, $$EXECUTE$$) AS may',
      ),
    ).toEqual([{ may: 'f' }]);
    expect(
      await cluster.sql(
        cell.database,
        "SELECT fdwhandler::regproc::text AS handler FROM pg_foreign_data_wrapper WHERE fdwname = 'postgres_fdw'",
      ),
    ).toEqual([{ handler: 'links.postgres_fdw_handler' }]);
    await server.dropDatabase({ name: cell.database });
    await server.close();
  });
});
