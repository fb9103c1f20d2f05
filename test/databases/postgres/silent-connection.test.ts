import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createSecret } from '../../../src/base/secret.ts';
import { openDatabaseServer } from '../../../src/databases/postgres/pg-database-server.ts';
import { type StatementProxy, startStatementProxy } from '../../parts/statement-proxy.ts';
import { startTestCluster, type TestCluster } from './cluster.ts';

/** A connection that is ended by somebody, and one that carries nothing any more, and does not say so: a firewall that forgot it, a host behind it that froze. */

let cluster: TestCluster;
let proxy: StatementProxy;
const ends: (() => void)[] = [];

beforeAll(async () => {
  cluster = await startTestCluster();
  proxy = await startStatementProxy({ targetPort: cluster.port });
  await cluster.sql('postgres', 'CREATE DATABASE shop');
});
afterAll(async () => {
  for (const end of ends) end();
  await proxy?.close();
  await cluster?.remove();
});

function server() {
  const url = new URL(cluster.urlOf('shop'));
  url.port = String(proxy.port);
  url.searchParams.set('sslmode', 'disable');
  return openDatabaseServer({ url: createSecret(url.href) });
}

/** The statement never arrives, and nothing else on its connection does. */
const swallow = (statement: RegExp) =>
  void proxy
    .before(statement, () => new Promise<void>((resolve) => ends.push(resolve)))
    .catch(() => undefined);

describe('A connection that falls silent', () => {
  it.each([
    ['a statement without a limit', /^.*ANALYZE/, () => server().analyze('shop')],
    ['a rename', /ALTER DATABASE/, () => server().renameDatabases([{ from: 'shop', to: 'shop_old' }])],
  ])('under %s is noticed, since the server says that it works on nothing', async (_what, statement, act) => {
    const done = swallow(statement);
    const beganMs = performance.now();
    const ended = await act();
    expect(done).toBeUndefined();
    expect(ended).toMatchObject({ ok: false, failure: { code: 'unreachable' } });
    expect(performance.now() - beganMs).toBeLessThan(30_000);
    expect(
      (await cluster.sql('postgres', "SELECT datname FROM pg_database WHERE datname LIKE 'shop%'"))[0],
    ).toEqual({
      datname: 'shop',
    });
  });

  it('is not called so while the server is at work, however long that takes', async () => {
    await cluster.sql('shop', 'CREATE TABLE big AS SELECT generate_series(1, 10) AS id');
    const guest = await cluster.connect(cluster.urlOf('shop'));
    await guest.query('BEGIN; LOCK TABLE big IN ACCESS EXCLUSIVE MODE');
    const analyzed = server().analyze('shop');
    await new Promise((resolve) => setTimeout(resolve, 25_000));
    await guest.query('COMMIT');
    await guest.end();
    expect(await analyzed).toEqual({ ok: true, value: undefined });
  });
});

describe('A connection that is lost', () => {
  /** By whoever ends all sessions, in the moment when such a statement is on its way. */
  const cutBefore = (statement: RegExp) =>
    proxy.before(statement, async () => {
      await cluster.sql(
        'postgres',
        'SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid() AND backend_type = $$client backend$$',
      );
    });

  it.each([
    ['read as the application', /RESET search_path/, () => server().readTables('shop')],
    ['a query of the runbook', /SELECT 42/, () => server().query({ database: 'shop', sql: 'SELECT 42' })],
    ['count the rows', /ROLLBACK/, () => server().inventory('shop')],
    ['read the catalogue', /ROLLBACK/, () => server().catalogue('shop')],
    ['read what logins may do', /ROLLBACK/, () => server().loginRights({ database: 'shop' })],
    ['what was just opened', /pg_backend_pid/, () => server().identity()],
  ])('%s is done anew', async (_what, statement, act) => {
    const cut = cutBefore(statement);
    expect(await act()).toMatchObject({ ok: true });
    await cut;
  });

  it('leaves alone what changes something: whoever began it looks what became of it', async () => {
    const cut = cutBefore(/CREATE DATABASE "?lost/);
    expect(await server().createDatabase({ name: 'lost', comment: 'of a test' })).toMatchObject({
      ok: false,
      failure: { code: 'unreachable' },
    });
    await cut;
    expect(await server().describeDatabase('lost')).toEqual({ ok: true, value: undefined });
  });
});
