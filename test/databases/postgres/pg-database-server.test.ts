import { once } from 'node:events';
import { createServer } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Outcome } from '../../../src/base/failure.ts';
import { createSecret } from '../../../src/base/secret.ts';
import { openDatabaseServer } from '../../../src/databases/postgres/pg-database-server.ts';
import type { DatabaseDriver } from '../../../src/ports/database-server.ts';
import { startTestCluster, type TestCluster } from './cluster.ts';

let cluster: TestCluster;
let server: DatabaseDriver;
const opened: DatabaseDriver[] = [];
const clerk = { name: 'clerk', password: 'clerk: p@ss/word' };

function open(url: string): DatabaseDriver {
  const database = openDatabaseServer({ url: createSecret(url) });
  opened.push(database);
  return database;
}

function value<T>(outcome: Outcome<T>): T {
  if (!outcome.ok) throw new Error(JSON.stringify(outcome.failure));
  return outcome.value;
}

function failure<T>(outcome: Outcome<T>) {
  if (outcome.ok) throw new Error('It succeeded.');
  return outcome.failure;
}

beforeAll(async () => {
  cluster = await startTestCluster({ settings: { max_prepared_transactions: '2' } });
  server = open(cluster.urlOf('crm'));
  await cluster.sql(
    'postgres',
    'CREATE DATABASE crm',
    `CREATE ROLE clerk LOGIN PASSWORD '${clerk.password}'`,
    'CREATE ROLE "The Owner"',
  );
});

afterAll(async () => {
  await Promise.all(opened.map((database) => database.close()));
  await cluster.remove();
});

describe('reaching a server', () => {
  it('knows its address and database from the URL and shows no password', () => {
    expect(server.address).toBe(`127.0.0.1:${cluster.port}`);
    expect(server.databaseName).toBe('crm');
    expect(JSON.stringify(server)).not.toContain(new URL(cluster.url).password);
  });

  it('tells which cluster it is, whatever way leads there', async () => {
    const overNetwork = value(await server.identity());
    expect(overNetwork.systemIdentifier).toMatch(/^\d{15,}$/);
    expect(overNetwork).toMatchObject({ user: 'postgres', mayCreateDatabases: true, isSuperuser: true });
    expect(overNetwork.version).toMatch(/^\d+\.\d+$/);
    expect(Math.floor(overNetwork.versionNumber / 10_000)).toBe(Number.parseInt(overNetwork.version, 10));
    expect(overNetwork.dataDirectory).toBe(`${cluster.folder}/data`);

    const { username, password } = new URL(cluster.url);
    const socket = open(
      `postgresql://${username}:${password}@/crm?host=${cluster.folder}&port=${cluster.port}`,
    );
    expect(socket.address).toBe(`socket ${cluster.folder}:${cluster.port}`);
    expect(value(await socket.identity()).systemIdentifier).toBe(overNetwork.systemIdentifier);
  });

  it('describes what an ordinary role may do, with a password full of special characters', async () => {
    const url = `postgresql://clerk:${encodeURIComponent(clerk.password)}@127.0.0.1:${cluster.port}/crm`;
    const identity = value(await open(url).identity());
    expect(identity).toMatchObject({ user: 'clerk', mayCreateDatabases: false, isSuperuser: false });
    expect(identity.dataDirectory).toBeUndefined();
  });

  it('says denied for a wrong password, and does not repeat it', async () => {
    const refused = failure(
      await open(cluster.urlOf('crm', { name: 'clerk', password: 'wrong-one' })).identity(),
    );
    expect(refused).toMatchObject({ code: 'denied', retry: 'after-fix' });
    expect(refused.message).toContain('password');
    expect(JSON.stringify(refused)).not.toContain('wrong-one');
  });

  it('says unreachable where nothing listens, and where no host has that name', async () => {
    const listener = createServer().listen(0, '127.0.0.1');
    await once(listener, 'listening');
    const address = listener.address();
    const port = address !== null && typeof address === 'object' ? address.port : 0;
    listener.close();
    await once(listener, 'close');
    const nobody = failure(await open(`postgresql://a:b@127.0.0.1:${port}/crm`).identity());
    expect(nobody).toMatchObject({ code: 'unreachable', retry: 'safe' });
    expect(nobody.message).toContain(`127.0.0.1:${port}`);
    const noSocket = failure(await open('postgresql://a:b@/crm?host=/nowhere').identity());
    expect(noSocket.code).toBe('unreachable');
  });

  it('says invalid for a URL it cannot read, in every method, without repeating it', async () => {
    for (const url of [
      'mysql://a:hush@b/c',
      'postgresql://a:hush@h1,h2/c',
      'postgresql://a:hush@h:99999/c',
    ]) {
      const refused = failure(await open(url).inventory('crm'));
      expect(refused.code).toBe('invalid-input');
      expect(JSON.stringify(refused)).not.toContain('hush');
    }
  });

  it('insists on TLS where the URL does, and goes on without where it only prefers it', async () => {
    expect((await open(`${cluster.urlOf('crm')}?sslmode=require`).identity()).ok).toBe(false);
    expect((await open(`${cluster.urlOf('crm')}?sslmode=prefer`).identity()).ok).toBe(true);
    expect((await open(`${cluster.urlOf('crm')}?sslmode=disable`).identity()).ok).toBe(true);
  });

  it('uses template1 where there is no database postgres', async () => {
    await cluster.sql('template1', 'ALTER DATABASE postgres RENAME TO away');
    const identity = await server.identity();
    await cluster.sql('template1', 'ALTER DATABASE away RENAME TO postgres');
    expect(identity.ok).toBe(true);
  });
});

describe('making and removing databases', () => {
  it('makes one from template0 with encoding, locale and comment, and describes it', async () => {
    const name = 'side "by" side';
    value(
      await server.createDatabase({
        name,
        locale: { encoding: 'UTF8', collation: 'C', characterType: 'C.UTF-8' },
        comment: "made by run 'x'",
      }),
    );
    const made = value(await server.describeDatabase(name));
    expect(made).toMatchObject({
      name,
      owner: 'postgres',
      encoding: 'UTF8',
      collation: 'C',
      characterType: 'C.UTF-8',
      allowsConnections: true,
      settings: [],
      comment: "made by run 'x'",
    });
    expect(made?.sizeBytes).toBeGreaterThan(1_000_000);
    expect(failure(await server.createDatabase({ name, comment: '' })).code).toBe('conflict');
    value(await server.dropDatabase({ name: name }));
    expect(value(await server.describeDatabase(name))).toBeUndefined();
    value(await server.dropDatabase({ name: name }));
  });

  it('refuses a role without CREATEDB as denied', async () => {
    const refused = failure(
      await open(cluster.urlOf('crm', clerk)).createDatabase({ name: 'x', comment: '' }),
    );
    expect(refused).toMatchObject({ code: 'denied', retry: 'after-fix' });
    expect(refused.message).toBe(
      `Cannot create database x on 127.0.0.1:${cluster.port}: this user lacks the privilege.`,
    );
  });

  it('refuses a locale the server does not have, and a name longer than 63 bytes', async () => {
    const locale = await server.createDatabase({
      name: 'x',
      locale: { collation: 'xx_XX.utf8' },
      comment: '',
    });
    expect(['invalid-input', 'not-found']).toContain(failure(locale).code);
    const long = failure(await server.createDatabase({ name: 'ä'.repeat(32), comment: '' }));
    expect(long).toMatchObject({ code: 'invalid-input' });
    expect(long.message).toContain('64 bytes');
  });

  it('drops a database with a client connected', async () => {
    value(await server.createDatabase({ name: 'doomed', comment: '' }));
    await cluster.connect(cluster.urlOf('doomed'));
    value(await server.dropDatabase({ name: 'doomed' }));
    expect(value(await server.describeDatabase('doomed'))).toBeUndefined();
  });
});

describe('swapping databases under connected clients', () => {
  it('refuses to rename while a client is connected, and renames once it is shut out and disconnected', async () => {
    value(await server.createDatabase({ name: 'live', comment: '' }));
    await cluster.connect(cluster.urlOf('live'));
    const refused = failure(await server.renameDatabases([{ from: 'live', to: 'old' }]));
    expect(refused).toMatchObject({ code: 'conflict', retry: 'safe' });

    value(await server.setConnectionsAllowed({ database: 'live', allowed: false }));
    expect(value(await server.describeDatabase('live'))?.allowsConnections).toBe(false);
    expect(value(await server.terminateSessions('live'))).toBe(1);
    expect(value(await server.foreignSessions('live'))).toEqual([]);
    await expect(cluster.connect(cluster.urlOf('live'))).rejects.toThrow('not currently accepting');
    expect(failure(await server.query({ database: 'live', sql: 'SELECT 1' })).code).toBe('conflict');
    value(await server.renameDatabases([{ from: 'live', to: 'old' }]));
    value(await server.setConnectionsAllowed({ database: 'old', allowed: true }));
    expect(failure(await server.renameDatabases([{ from: 'live', to: 'older' }])).code).toBe('not-found');
    value(await server.createDatabase({ name: 'live', comment: '' }));
    expect(failure(await server.renameDatabases([{ from: 'live', to: 'old' }])).code).toBe('conflict');
  });

  it('lists clients with who and where they are, and never itself', async () => {
    value(await server.createDatabase({ name: 'busy', comment: '' }));
    const client = await cluster.connect(cluster.urlOf('busy'));
    await client.query('BEGIN');
    const [session, ...others] = value(await server.foreignSessions('busy'));
    expect(others).toEqual([]);
    expect(session).toMatchObject({
      user: 'postgres',
      application: 'crm web',
      address: expect.stringContaining('127.0.0.1'),
      state: 'idle in transaction',
    });
    expect(Math.abs((session?.lastQueryStartMs ?? 0) - Date.now())).toBeLessThan(60_000);
    expect(value(await server.foreignSessions('postgres'))).toEqual([]);
  });

  it('sees clients of other roles even without the right to read their statistics', async () => {
    value(await server.createDatabase({ name: 'hidden', comment: '' }));
    await cluster.connect(cluster.urlOf('hidden'));
    const asClerk = open(cluster.urlOf('crm', clerk));
    const sessions = value(await asClerk.foreignSessions('hidden'));
    expect(sessions).toMatchObject([{ user: 'postgres', state: 'hidden', protectedBy: 'superuser' }]);
    const refused = failure(await asClerk.terminateSessions('hidden'));
    expect(refused).toMatchObject({ code: 'denied' });
    expect(refused.message).toContain(`server process ${sessions[0]?.pid}, crm web as postgres`);
    expect(refused.remedy).toContain(`SELECT pg_terminate_backend(${sessions[0]?.pid});`);
    expect(value(await server.foreignSessions('hidden'))[0]).not.toHaveProperty('protectedBy');
    expect(value(await asClerk.describeDatabase('hidden'))?.isOurs).toBe(false);
  });

  it('tells sessions of another role apart, and may end them with pg_signal_backend', async () => {
    await cluster.sql('postgres', "CREATE ROLE other LOGIN PASSWORD 'other'");
    value(await server.createDatabase({ name: 'shared', comment: '' }));
    await cluster.connect(cluster.urlOf('shared', { name: 'other', password: 'other' }));
    const asClerk = open(cluster.urlOf('crm', clerk));
    expect(value(await asClerk.foreignSessions('shared'))).toMatchObject([{ protectedBy: 'other-role' }]);
    await cluster.sql('postgres', 'GRANT pg_signal_backend TO clerk');
    expect(value(await asClerk.foreignSessions('shared'))[0]).not.toHaveProperty('protectedBy');
    expect(value(await asClerk.terminateSessions('shared'))).toBe(1);
    await cluster.sql('postgres', 'REVOKE pg_signal_backend FROM clerk');
  });

  it('lists prepared transactions, also for a role that may end none of them', async () => {
    value(await server.createDatabase({ name: 'halfway', comment: '' }));
    await cluster.sql('halfway', "BEGIN; CREATE TABLE gift (); PREPARE TRANSACTION 'a gift'");
    const asClerk = open(cluster.urlOf('crm', clerk));
    const [prepared, ...others] = value(await asClerk.preparedTransactions('halfway'));
    expect(prepared).toMatchObject({ gid: 'a gift', owner: 'postgres' });
    expect(Math.abs((prepared?.preparedAtMs ?? 0) - Date.now())).toBeLessThan(60_000);
    expect(others).toEqual([]);
    expect(value(await asClerk.preparedTransactions('crm'))).toEqual([]);
    expect(failure(await server.renameDatabases([{ from: 'halfway', to: 'whole' }])).code).toBe('conflict');
    await cluster.sql('halfway', "ROLLBACK PREPARED 'a gift'");
  });

  it('waits for a lock on a database no longer than its limit, and renames nothing then', async () => {
    value(await server.createDatabase({ name: 'locked', comment: '' }));
    const holder = await cluster.connect(cluster.urlOf('postgres'));
    await holder.query("BEGIN; COMMENT ON DATABASE locked IS 'forgotten in a terminal'");
    expect(failure(await server.renameDatabases([{ from: 'locked', to: 'free' }]))).toMatchObject({
      code: 'conflict',
      message: expect.stringContaining('somebody else holds a lock on it'),
    });
    expect(failure(await server.dropDatabase({ name: 'locked' })).code).toBe('conflict');
    await holder.query('ROLLBACK');
    value(await server.renameDatabases([{ from: 'locked', to: 'free' }]));
  });
});

describe('carrying settings over', () => {
  it('gives owner, limit, privileges and settings of one database to another', async () => {
    await cluster.sql(
      'postgres',
      'CREATE DATABASE template_for_carry',
      'ALTER DATABASE template_for_carry OWNER TO "The Owner"',
      'ALTER DATABASE template_for_carry CONNECTION LIMIT 17',
      'REVOKE ALL ON DATABASE template_for_carry FROM PUBLIC',
      'GRANT CONNECT ON DATABASE template_for_carry TO clerk WITH GRANT OPTION',
      `ALTER DATABASE template_for_carry SET search_path = "$user", public, "odd, name"`,
      `ALTER DATABASE template_for_carry SET statement_timeout = '90s'`,
      `ALTER DATABASE template_for_carry SET "app.path" = 'C:\\it''s=here'`,
      `ALTER ROLE clerk IN DATABASE template_for_carry SET work_mem = '7MB'`,
      'CREATE DATABASE carried',
    );
    value(await server.carryOverSettings({ from: 'template_for_carry', to: 'carried' }));
    const facts = `
      SELECT pg_get_userbyid(datdba) AS owner, datconnlimit, datacl::text,
        (SELECT json_agg(json_build_array(setrole::regrole, setconfig) ORDER BY setrole)::text
          FROM pg_db_role_setting WHERE setdatabase = d.oid) AS settings
      FROM pg_database d WHERE datname = `;
    const [before] = await cluster.sql('postgres', `${facts} 'template_for_carry'`);
    const [after] = await cluster.sql('postgres', `${facts} 'carried'`);
    expect(after).toEqual(before);
    expect(after?.settings).toContain('work_mem=7MB');
    expect(value(await server.describeDatabase('carried'))?.settings).toContain('statement_timeout=90s');
  });

  it('leaves the target untouched when a part of it is refused', async () => {
    await cluster.sql(
      'postgres',
      "CREATE ROLE maker LOGIN CREATEDB PASSWORD 'maker'",
      'CREATE DATABASE strict',
      'ALTER DATABASE strict CONNECTION LIMIT 3',
      'CREATE DATABASE plain OWNER maker',
    );
    const maker = open(cluster.urlOf('plain', { name: 'maker', password: 'maker' }));
    expect(failure(await maker.carryOverSettings({ from: 'strict', to: 'plain' })).code).toBe('denied');
    const [row] = await cluster.sql(
      'postgres',
      "SELECT datconnlimit FROM pg_database WHERE datname = 'plain'",
    );
    expect(row?.datconnlimit).toBe('-1');
    expect(failure(await server.carryOverSettings({ from: 'nobody', to: 'plain' })).code).toBe('not-found');
  });
});

describe('counting and asking', () => {
  beforeAll(async () => {
    await cluster.sql(
      'crm',
      'CREATE SCHEMA "Odd Schema"',
      'CREATE TABLE clients (id serial PRIMARY KEY, name text)',
      "INSERT INTO clients (name) SELECT 'n' || i FROM generate_series(1, 321) i",
      'CREATE TABLE "Odd Schema"."it\'s \\ ""odd""" (a int)',
      'CREATE TABLE log (day date) PARTITION BY RANGE (day)',
      "CREATE TABLE log_a PARTITION OF log FOR VALUES FROM ('2026-01-01') TO ('2026-02-01')",
      "CREATE TABLE log_b PARTITION OF log FOR VALUES FROM ('2026-02-01') TO ('2026-03-01')",
      "INSERT INTO log VALUES ('2026-01-05'), ('2026-02-05'), ('2026-02-06')",
      'CREATE TABLE parent (a int)',
      'CREATE TABLE child () INHERITS (parent)',
      'INSERT INTO child VALUES (1), (2)',
      'CREATE SEQUENCE unused',
      'CREATE TEMPORARY TABLE gone (a int)',
      'CREATE VIEW seen AS SELECT * FROM clients',
    );
  });

  it('counts every table exactly once, over all schemas, with sequences and extensions', async () => {
    const inventory = value(await server.inventory('crm'));
    expect(inventory.tables).toEqual([
      { schema: 'Odd Schema', name: 'it\'s \\ "odd"', rows: 0 },
      { schema: 'public', name: 'child', rows: 2 },
      { schema: 'public', name: 'clients', rows: 321 },
      { schema: 'public', name: 'log_a', rows: 1 },
      { schema: 'public', name: 'log_b', rows: 2 },
      { schema: 'public', name: 'parent', rows: 0 },
    ]);
    expect(inventory.sequences).toEqual([
      { schema: 'public', name: 'clients_id_seq', lastValue: '321' },
      { schema: 'public', name: 'unused', lastValue: null },
    ]);
    expect(inventory.extensions).toMatchObject([{ name: 'plpgsql' }]);
  });

  it('counts more tables than fit into one statement', async () => {
    value(await server.createDatabase({ name: 'wide', comment: '' }));
    await cluster.sql(
      'wide',
      "DO $$ BEGIN FOR i IN 1..105 LOOP EXECUTE format('CREATE TABLE t%s AS SELECT 1', i); END LOOP; END $$",
    );
    const { tables } = value(await server.inventory('wide'));
    expect(tables.length).toBe(105);
    expect(tables.every((table) => table.rows === 1)).toBe(true);
  });

  it('refuses to count what it may not read, or what a policy would hide', async () => {
    await cluster.sql(
      'crm',
      'CREATE TABLE guarded (a int)',
      'ALTER TABLE guarded ENABLE ROW LEVEL SECURITY',
      'GRANT USAGE ON SCHEMA "Odd Schema" TO clerk',
      'GRANT SELECT ON ALL TABLES IN SCHEMA public, "Odd Schema" TO clerk',
    );
    const hidden = failure(await open(cluster.urlOf('crm', clerk)).inventory('crm'));
    expect(hidden).toMatchObject({ code: 'denied' });
    await cluster.sql('crm', 'ALTER TABLE guarded DISABLE ROW LEVEL SECURITY');
    const sequence = failure(await open(cluster.urlOf('crm', clerk)).inventory('crm'));
    expect(sequence.message).toContain('public.clients_id_seq');
    await cluster.sql('crm', 'DROP TABLE guarded');
  });

  it('gives every value of a query as text or null', async () => {
    const sql = `SELECT 9007199254740993::bigint AS big, 1.10::numeric AS price, true AS yes, NULL AS nothing,
      '2026-04-28 14:07:31+00'::timestamptz AS at, $1::text AS given, '{1,2}'::int[] AS list`;
    expect(value(await server.query({ database: 'crm', sql, values: ['x'] }))).toEqual([
      {
        big: '9007199254740993',
        price: '1.10',
        yes: 't',
        nothing: null,
        at: '2026-04-28 14:07:31+00',
        given: 'x',
        list: '{1,2}',
      },
    ]);
  });

  it('only reads: no write, no second statement', async () => {
    const write = await server.query({ database: 'crm', sql: "INSERT INTO clients (name) VALUES ('x')" });
    expect(failure(write).code).toBe('conflict');
    const two = await server.query({ database: 'crm', sql: 'COMMIT; DELETE FROM clients' });
    expect(failure(two).code).toBe('invalid-input');
    expect(value(await server.query({ database: 'crm', sql: 'SELECT count(*) FROM clients' }))).toEqual([
      { count: '321' },
    ]);
  });

  it('says what is wrong with a statement, and stops one that takes too long', async () => {
    expect(failure(await server.query({ database: 'crm', sql: 'SELEC 1' }))).toMatchObject({
      code: 'invalid-input',
      detail: expect.stringContaining('42601'),
    });
    expect(failure(await server.query({ database: 'crm', sql: 'SELECT * FROM nowhere' })).code).toBe(
      'invalid-input',
    );
    expect(failure(await server.query({ database: 'nowhere', sql: 'SELECT 1' })).code).toBe('not-found');
    const slow = await server.query({ database: 'crm', sql: 'SELECT pg_sleep(20)', limitMs: 200 });
    expect(failure(slow)).toMatchObject({ code: 'stalled', retry: 'safe' });
  });

  it('analyzes a database', async () => {
    value(await server.analyze('crm'));
    const [row] = await cluster.sql('crm', "SELECT reltuples FROM pg_class WHERE relname = 'clients'");
    expect(Number(row?.reltuples)).toBe(321);
  });
});

describe('the lease', () => {
  it('locks others out, tells them who holds it, and is free again after release', async () => {
    const first = value(await server.lease('crm'));
    const [holder] = await cluster.sql(
      'postgres',
      "SELECT pid, datname FROM pg_stat_activity WHERE application_name = 'thaw lease crm'",
    );
    expect(holder?.datname).toBe('postgres');
    const second = failure(await open(cluster.urlOf('crm')).lease('crm'));
    expect(second).toMatchObject({ code: 'conflict', retry: 'safe' });
    expect(second.message).toContain(`server process ${holder?.pid}`);
    expect(second.message).toMatch(/since \d{4}-\d\d-\d\d \d\d:\d\d:\d\d UTC/);
    expect(second.remedy).toContain(`pg_terminate_backend(${holder?.pid})`);
    value(await open(cluster.urlOf('crm')).lease('another'));
    await first.release();
    const third = value(await server.lease('crm'));
    await third.release();
  });

  it('is free again when the holder dies, and survives a drop of the target', async () => {
    value(await server.createDatabase({ name: 'target', comment: '' }));
    const holder = open(cluster.urlOf('target'));
    value(await holder.lease('target'));
    value(await server.dropDatabase({ name: 'target' }));
    expect(failure(await server.lease('target')).code).toBe('conflict');
    await cluster.sql(
      'postgres',
      "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE application_name = 'thaw lease target'",
    );
    await value(await server.lease('target')).release();
  });
});

describe('a server that goes away', () => {
  it('leaves no connection behind after close', async () => {
    const count = async () => {
      const [row] = await cluster.sql(
        'postgres',
        "SELECT count(*) FROM pg_stat_activity WHERE application_name LIKE 'thaw%'",
      );
      return Number(row?.count);
    };
    await Promise.all(opened.map((database) => database.close()));
    await expect.poll(count).toBe(0);
  });
});
