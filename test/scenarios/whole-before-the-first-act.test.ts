import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startTestCluster, type TestCluster } from '../databases/postgres/cluster.ts';
import { walkShop } from '../parts/walk-shop.ts';

/** What the first bytes of a dump do not tell is known before a writer is stopped: dumps of a whole server, cut ones, and what is no dump. */

let cluster: TestCluster;
let folder = '';
let whole = '';
const at = (name: string) => join(folder, name);

/** What rows and texts may say, letter for letter what pg_dumpall says between databases. */
const odd = [
  '-- Database "orders" dump',
  '\\connect shop',
  '-- PostgreSQL database dump complete',
  '-- PostgreSQL database dump',
];

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'thaw-whole-'));
  cluster = await startTestCluster();
  await cluster.sql(
    'postgres',
    'CREATE ROLE app',
    "CREATE ROLE reader LOGIN PASSWORD 'x'",
    'CREATE DATABASE "a shop"',
  );
  await cluster.sql(
    'postgres',
    'CREATE ROLE "Web" LOGIN CONNECTION LIMIT 7 PASSWORD \'z\' IN ROLE reader',
    "ALTER ROLE \"Web\" SET search_path = 'a', 'public'",
  );
  await cluster.sql('postgres', 'CREATE DATABASE shop OWNER app', 'CREATE DATABASE zoo');
  for (const [database, rows] of [
    ['a shop', 3],
    ['shop', 40],
    ['zoo', 5],
  ] as const)
    await cluster.sql(
      database,
      'CREATE TABLE orders (id serial PRIMARY KEY, note text)',
      `INSERT INTO orders (note) SELECT 'order ' || i FROM generate_series(1, ${rows}) i`,
      `INSERT INTO orders (note) SELECT unnest(ARRAY[${odd.map((line) => `'${line}'`).join(', ')}])`,
      `CREATE FUNCTION says() RETURNS text LANGUAGE sql AS $x$ SELECT '\n${odd.join('\n')}\n'::text $x$`,
      'GRANT SELECT ON orders TO reader',
    );
  await cluster.sql('shop', 'ALTER TABLE orders OWNER TO app', 'CREATE EXTENSION hstore');
  const url = new URL(cluster.urlOf('postgres'));
  whole = execFileSync(
    join(cluster.binFolder, 'pg_dumpall'),
    ['--clean', '--if-exists', '--host', url.hostname, '--port', url.port, '--username', url.username],
    { env: { ...process.env, PGPASSWORD: url.password } },
  ).toString('utf8');
});
afterAll(async () => {
  await cluster?.remove();
  rmSync(folder, { recursive: true, force: true });
});

function run(
  content: string | Buffer,
  how: {
    readonly command: 'check' | 'restore';
    readonly database?: string;
    readonly before?: readonly { readonly kind: string }[];
    readonly to?: TestCluster;
  },
) {
  const dumps = { layout: 'shop-{date}.sql.gz', ...(how.database ? { database: how.database } : {}) };
  return walkShop({
    ...{ folder, command: how.command, url: (how.to ?? cluster).urlOf('shop') },
    dumps: { 'shop-2026-11-19.sql.gz': gzipSync(content) },
    runbook: { backups: { dumps }, before: how.before ?? [] },
  });
}
const names = () =>
  cluster.sql(
    'postgres',
    "SELECT datname FROM pg_database WHERE datname NOT LIKE '%\\_\\_before\\_%' ORDER BY 1",
  );

describe('a dump of a whole server', () => {
  const beforeEleven = (text: string) =>
    text.replace(/^--\n-- Database "(.*)" dump\n--\n/gm, '\\connect "$1"\n');

  it.each([
    ['as it is', (text: string) => text],
    ['of a version that writes no headings', beforeEleven],
  ])('gives the database of the runbook, and nothing else of it is touched (%s)', async (_, form) => {
    const before = await names();
    const { end, checks } = await run(form(whole), { command: 'restore' });
    expect(await checks(), end.text).toContain(
      'decrypt passed: shop was taken out of a dump of a whole server; its tablespaces are not restored, nor template1; a shop; postgres; zoo, and its roles only by a step restore-roles',
    );
    expect(end.text).toContain('opens: plain SQL of a whole server, of which shop is taken, of pg_dump 15');
    expect(await cluster.sql('shop', 'SELECT count(*) FROM orders')).toEqual([{ count: '44' }]);
    expect(
      await cluster.sql(
        'shop',
        "SELECT tableowner, has_table_privilege('reader', 'orders', 'SELECT') AS r FROM pg_tables WHERE tablename = 'orders'",
      ),
    ).toEqual([{ tableowner: 'app', r: 't' }]);
    expect(await cluster.sql('zoo', 'SELECT count(*) FROM orders')).toEqual([{ count: '9' }]);
    expect(await names()).toEqual(before);
  });

  it('gives its roles to a server that has none, with their passwords and settings, and drops nothing', async () => {
    const blank = await startTestCluster();
    try {
      await blank.sql(
        'postgres',
        'CREATE DATABASE shop',
        'CREATE DATABASE zoo',
        "CREATE ROLE app PASSWORD 'y'",
      );
      const before = [{ kind: 'restore-roles' }];
      const seen = await run(whole, { command: 'check', before, to: blank });
      expect(seen.end.text).toMatch(/roles: at the beginning of shop-2026-11-19\.sql\.gz, a dump of a whole/);
      const { end, checks } = await run(whole, { command: 'restore', before, to: blank });
      expect(await checks(), end.text).toContain(
        'restore-roles passed: all 4 roles are there; made: Web; reader',
      );
      expect(await blank.sql('shop', 'SELECT count(*) FROM orders')).toEqual([{ count: '44' }]);
      const read =
        'SELECT rolname, rolcanlogin, rolconnlimit, rolpassword, setconfig FROM pg_authid LEFT JOIN pg_db_role_setting ON setrole = pg_authid.oid';
      for (const role of ['reader', 'Web']) {
        const [made] = await blank.sql('shop', `${read} WHERE rolname = '${role}'`);
        expect([made]).toEqual(await cluster.sql('shop', `${read} WHERE rolname = '${role}'`));
        expect(end.text).not.toContain(made?.rolpassword);
      }
      expect(
        await blank.sql('shop', "SELECT has_table_privilege('reader', 'orders', 'SELECT') AS may"),
      ).toEqual([{ may: 't' }]);
      expect(await blank.sql('shop', "SELECT pg_has_role('Web', 'reader', 'MEMBER') AS is")).toEqual([
        { is: 't' },
      ]);
    } finally {
      await blank.remove();
    }
  });

  it('has no roles where it is the dump of one database, which is told before the first act', async () => {
    const one = execFileSync(join(cluster.binFolder, 'pg_dump'), [cluster.urlOf('shop')]);
    const { end } = await run(one, { command: 'check', before: [{ kind: 'restore-roles' }] });
    expect(end.text).toContain(
      'No file of roles lies beside shop-2026-11-19.sql.gz, and it is no dump of a whole server',
    );
  });

  it('gives the one that the runbook names', async () => {
    const { end } = await run(whole, { command: 'restore', database: 'a shop' });
    expect(end.text).toContain('took database a shop out of the dump of a whole server');
    expect(await cluster.sql('shop', 'SELECT count(*) FROM orders')).toEqual([{ count: '7' }]);
  });

  it.each([
    [
      'without the one that is named',
      (text: string) => text,
      'holds no database gone: it has template1; a shop; postgres; shop; zoo',
      'gone',
    ],
    [
      'cut off in it',
      (text: string) => text.slice(0, text.indexOf('order 20\n', text.indexOf('-- Database "shop" dump'))),
      'was cut off in the middle of database shop',
      undefined,
    ],
    [
      'cut off before it',
      (text: string) => text.slice(0, 400),
      'holds no database shop: it has none',
      undefined,
    ],
  ])('is refused before the first act where it is %s', async (_, cut, words, database) => {
    const { end } = await run(cut(whole), { command: 'restore', ...(database ? { database } : {}) });
    expect(end.status, end.text).not.toBe(0);
    expect(end.text).toContain(words);
    expect(end.text).not.toContain('step 1 of');
  });

  it('gives one that is whole where it is cut off behind that, and says so', async () => {
    const cut = whole.slice(0, whole.indexOf('-- Database "zoo" dump') + 400);
    const { end, checks } = await run(cut, { command: 'restore' });
    expect(await checks(), end.text).toContain(
      'decrypt could-not-verify: the dump of the whole server was cut off behind shop, which is whole',
    );
    expect(await cluster.sql('shop', 'SELECT count(*) FROM orders')).toEqual([{ count: '44' }]);
  });
});

describe('before the first act', () => {
  const dump = () =>
    execFileSync(join(cluster.binFolder, 'pg_dump'), [cluster.urlOf('shop')]).toString('utf8');
  const tarOf = (name: string) => {
    writeFileSync(at(name), 'nothing that was dumped\n'.repeat(2000));
    return execFileSync('tar', ['-C', folder, '-cf', '-', name]);
  };

  it.each([
    [
      'a plain dump cut in the middle',
      () => dump().slice(0, -400),
      'does not end as pg_dump ends a plain dump',
    ],
    [
      'a tar that is no dump',
      () => tarOf('notes.txt'),
      'no dump of pg_dump in a directory: it holds no toc.dat',
    ],
    ['half of a tar', () => tarOf('more.txt').subarray(0, 20_000), 'no dump of pg_dump in a directory'],
  ])('%s is refused', async (_, content, words) => {
    const { end } = await run(content(), { command: 'restore' });
    expect(end.status, end.text).not.toBe(0);
    expect(end.text).toContain(words);
    expect(end.text).not.toContain('step 1 of');
  });

  it('an extension that the server does not have is told', async () => {
    const { end } = await run(dump().replaceAll('hstore', 'postgiz'), { command: 'check' });
    expect(end.text).toMatch(/the dump makes the extension postgiz, which the server at \S+ does not have/);
    const { end: good } = await run(dump(), { command: 'check' });
    expect(good.text).not.toContain('makes the extension');
  });
});
