import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Secret } from '../../src/base/secret.ts';
import { createSecret } from '../../src/base/secret.ts';
import type { DatabaseDriver } from '../../src/ports/database-server.ts';
import { failureFrom, valueFrom } from './object-store.contract.ts';

export type MadeServer = {
  /** A superuser's URL of the database `shop`, which is there and empty. */
  readonly url: string;
  open(url: Secret): DatabaseDriver;
  dispose(): Promise<void>;
};

/** What every way to a server promises, whatever lies between. */
export function databaseServerContract(contract: {
  readonly name: string;
  readonly make: () => Promise<MadeServer>;
}): void {
  describe(`A database server: ${contract.name}`, () => {
    let made: MadeServer;
    let server: DatabaseDriver;
    const opened: DatabaseDriver[] = [];
    const open = (change: (url: URL) => void = () => {}) => {
      const url = new URL(made.url);
      change(url);
      const one = made.open(createSecret(url.href));
      opened.push(one);
      return one;
    };
    beforeAll(async () => {
      made = await contract.make();
      server = open();
    });
    afterAll(async () => {
      await Promise.all(opened.map((one) => one.close()));
      await made.dispose();
    });
    const create = (name: string) => server.createDatabase({ name, comment: `made for ${name}` });

    test('tells which cluster it is and who we are, and shows no password', async () => {
      const identity = valueFrom(await server.identity());
      expect(identity.systemIdentifier).toMatch(/^\d{15,}$/);
      expect(identity).toMatchObject({ mayCreateDatabases: true, isSuperuser: true });
      expect(identity.version).toMatch(/^\d+\.\d+$/);
      expect(server.databaseName).toBe('shop');
      expect(server.address).not.toContain('@');
    });

    test('makes, describes, renames and drops databases', async () => {
      const name = 'side "by" side';
      valueFrom(await create(name));
      expect(valueFrom(await server.describeDatabase(name))).toMatchObject({
        name,
        allowsConnections: true,
        comment: `made for ${name}`,
      });
      expect(failureFrom(await create(name)).code).toBe('conflict');
      valueFrom(await server.renameDatabases([{ from: name, to: 'renamed' }]));
      expect(valueFrom(await server.describeDatabase(name))).toBeUndefined();
      valueFrom(await server.dropDatabase({ name: 'renamed' }));
      valueFrom(await server.dropDatabase({ name: 'renamed' }));
      expect(valueFrom(await server.describeDatabase('renamed'))).toBeUndefined();
    });

    databaseNamesContract(() => server);

    test('answers queries with texts and nulls, with values of their own, and changes nothing', async () => {
      const sql =
        'SELECT $1::text AS a, NULL AS b, 12345678901234567890::numeric AS c, true AS d, $2::text AS e';
      const nasty = 'it\'s \\ "quoted"\n\u{1F600} $1';
      expect(valueFrom(await server.query({ database: 'shop', sql, values: [nasty, ''] }))).toEqual([
        { a: nasty, b: null, c: '12345678901234567890', d: 't', e: '' },
      ]);
      expect(valueFrom(await server.query({ database: 'shop', sql: 'SELECT 1 AS a WHERE false' }))).toEqual(
        [],
      );
      const write = await server.query({ database: 'shop', sql: 'CREATE TABLE sneaky ()' });
      expect(failureFrom(write)).toMatchObject({ code: 'conflict' });
      const two = await server.query({ database: 'shop', sql: 'COMMIT; CREATE TABLE sneaky ()' });
      expect(failureFrom(two).code).toBe('invalid-input');
    });

    test('classifies by SQLSTATE: no such table, no such database, no such user, too slow', async () => {
      const ask = async (sql: string, limitMs = 30_000) =>
        failureFrom(await server.query({ database: 'shop', sql, limitMs }));
      expect((await ask('SELECT * FROM nowhere')).code).toBe('invalid-input');
      expect((await ask('SELECT pg_sleep(30)', 300)).code).toBe('stalled');
      const nowhere = await server.query({ database: 'nowhere', sql: 'SELECT 1' });
      expect(failureFrom(nowhere).code).toBe('not-found');
      const stranger = open((url) => {
        url.username = 'stranger';
      });
      expect(failureFrom(await stranger.identity()).code).toBe('denied');
    });

    test('says unreachable where no server listens', async () => {
      const wrong = open((url) => {
        url.port = '9';
      });
      const failure = failureFrom(await wrong.identity());
      expect(failure.code).toBe('unreachable');
      expect(failure.message).toContain('9');
    });

    test('lists foreign clients, never its own, and disconnects them', async () => {
      const other = open();
      valueFrom(await create('busy'));
      const sleeping = other.query({ database: 'busy', sql: 'SELECT pg_sleep(20)' });
      // A second server object of this process is ours, too.
      await new Promise((resolve) => setTimeout(resolve, 1500));
      expect(valueFrom(await server.foreignSessions('busy'))).toEqual([]);
      valueFrom(await server.dropDatabase({ name: 'busy' }));
      expect((await sleeping).ok).toBe(false);
    });

    test('counts every table of every schema, sequences and extensions', async () => {
      valueFrom(await create('counted'));
      const inventory = valueFrom(await server.inventory('counted'));
      expect(inventory.tables).toEqual([]);
      expect(inventory.extensions.map(({ name }) => name)).toContain('plpgsql');
      valueFrom(await server.analyze('counted'));
      valueFrom(await server.dropDatabase({ name: 'counted' }));
    });

    test('closes the doors of a database and opens them again', async () => {
      valueFrom(await create('doors'));
      valueFrom(await server.setConnectionsAllowed({ database: 'doors', allowed: false }));
      expect(failureFrom(await server.query({ database: 'doors', sql: 'SELECT 1' })).code).toBe('conflict');
      valueFrom(await server.setConnectionsAllowed({ database: 'doors', allowed: true }));
      valueFrom(await server.query({ database: 'doors', sql: 'SELECT 1' }));
      valueFrom(await server.carryOverSettings({ from: 'shop', to: 'doors' }));
      valueFrom(await server.dropDatabase({ name: 'doors' }));
    });

    test('lends a lease to one at a time, and again after it was given back', async () => {
      const other = open();
      const first = valueFrom(await server.lease('shop'));
      const refused = failureFrom(await other.lease('shop'));
      expect(refused).toMatchObject({ code: 'conflict', retry: 'safe' });
      await first.release();
      const second = valueFrom(await other.lease('shop'));
      await second.release();
    });

    test('knows that a lease whose connection was ended is held no more', async () => {
      const lease = valueFrom(await server.lease('shop'));
      expect(await lease.isHeld()).toBe(true);
      const other = open();
      const sql =
        "SELECT pg_terminate_backend(pid, 10000) AS ended FROM pg_stat_activity WHERE application_name = 'thaw lease shop'";
      expect(valueFrom(await other.query({ database: 'shop', sql }))).toEqual([{ ended: 't' }]);
      expect(await lease.isHeld()).toBe(false);
      const next = valueFrom(await other.lease('shop'));
      await next.release();
      await lease.release();
    });

    test('holds one moment that others can look at', async () => {
      const snapshot = valueFrom(await server.exportSnapshot('shop'));
      expect(snapshot.id).toMatch(/^[0-9A-F-]+$/);
      expect(valueFrom(await snapshot.inventory()).tables).toEqual([]);
      await snapshot.close();
    });
  });
}

/** What a name leads to: the part that a server in memory promises, too. */
export function databaseNamesContract(open: () => DatabaseDriver): void {
  const create = (name: string) => open().createDatabase({ name, comment: `made for ${name}` });
  test('renames all or none, and only the database that is meant', async () => {
    valueFrom(await create('first'));
    valueFrom(await create('second'));
    const oidOf = async (name: string) => valueFrom(await open().describeDatabase(name))?.oid;
    const [first, second] = [await oidOf('first'), await oidOf('second')];
    expect(first).toBeGreaterThan(0);
    const swap = [
      { from: 'first', to: 'third', oid: first },
      { from: 'second', to: 'first', oid: second },
    ];
    const strangers = [
      [swap[0], { from: 'nowhere', to: 'first' }],
      [swap[0], { from: 'second', to: 'first', oid: first }],
    ].map((renames) => renames.flatMap((rename) => (rename === undefined ? [] : [rename])));
    for (const renames of strangers) failureFrom(await open().renameDatabases(renames));
    expect([await oidOf('first'), await oidOf('second'), await oidOf('third')]).toEqual([
      first,
      second,
      undefined,
    ]);
    valueFrom(await open().renameDatabases(swap));
    expect([await oidOf('first'), await oidOf('third')]).toEqual([second, first]);
    for (const name of ['first', 'third']) valueFrom(await open().dropDatabase({ name: name }));
  });

  test('says whether a database is ours, and that nothing is prepared on it', async () => {
    expect(valueFrom(await open().describeDatabase('shop'))).toMatchObject({ isOurs: true });
    expect(valueFrom(await open().preparedTransactions('shop'))).toEqual([]);
  });
}
