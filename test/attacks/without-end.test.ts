import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startTestCluster, type TestCluster } from '../databases/postgres/cluster.ts';
import { shopRunbook } from '../parts/shop-runbook.ts';
import { thawHere } from '../parts/thaw.ts';
import { forgeArchive } from './forge-archive.ts';

/**
 * A dump that fills the disk, takes every lock of the server, or never comes to an end: it is ended from outside, and production goes on. Remains:
 * while it lasts the server is slower, its log of changes grows, and others may find no lock free for some seconds.
 */

let production: TestCluster;
let folder = '';
let runs = 0;
const at = (name: string) => join(folder, name);

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'thaw-without-end-'));
  production = await startTestCluster();
  await production.sql(
    'postgres',
    "CREATE ROLE keeper LOGIN CREATEDB CREATEROLE PASSWORD 'keeper-of-the-shop'",
    'GRANT pg_signal_backend TO keeper',
    'CREATE DATABASE shop OWNER keeper',
  );
  await production.sql('shop', 'CREATE TABLE orders (id int, note text)', 'INSERT INTO orders VALUES (1)');
});
afterAll(async () => {
  await production?.remove();
  rmSync(folder, { recursive: true, force: true });
});

const forged = (statements: string) =>
  forgeArchive({
    binFolder: production.binFolder,
    url: production.urlOf('shop'),
    sql: (statement) => production.sql('shop', statement),
    statements,
  });

type By = { readonly name: string; readonly password: string } | undefined;

async function drill({
  content,
  limits,
  by,
}: {
  readonly content: Buffer;
  readonly limits: Readonly<Record<string, string>>;
  readonly by: By;
}) {
  runs += 1;
  const store = at(`store-${runs}`);
  mkdirSync(store);
  writeFileSync(join(store, 'shop-2026-11-19.dump'), content);
  writeFileSync(at('shop.yaml'), shopRunbook({ store, endings: '[.dump]', restore: { jobs: 1, ...limits } }));
  return thawHere({
    args: [
      'drill',
      at('shop.yaml'),
      '--plain',
      '--yes',
      '--snapshot',
      'latest',
      '--log-dir',
      at(`logs-${runs}`),
    ],
    env: { HOME: folder, LIVE: production.urlOf('shop', by) },
    cwd: folder,
  });
}

const left = () =>
  production.sql(
    'postgres',
    "SELECT datname FROM pg_database WHERE datname ~ '__' UNION ALL SELECT rolname FROM pg_roles WHERE rolname ~ '^thaw_'",
  );

const administrators = [
  { who: 'a superuser', by: undefined },
  {
    who: 'an owner with CREATEROLE and CREATEDB',
    by: { name: 'keeper', password: 'keeper-of-the-shop' },
  },
] as const;

describe.each(administrators)('a dump that does not end, restored by $who,', ({ by }) => {
  it.each([
    {
      what: 'grows beyond what was expected',
      statements:
        "INSERT INTO public.orders SELECT i, repeat('x', 900) FROM generate_series(1, 100000000) i;",
      limits: { largest: '60 MB' },
      says: /has grown to .*, and no more than 60 MB was expected/,
    },
    {
      what: 'was small, and is over before anybody looks',
      statements: "INSERT INTO public.orders SELECT i, repeat('x', 900) FROM generate_series(1, 60000) i;",
      limits: { largest: '20 MB' },
      says: /has grown to .*, and no more than 20 MB was expected/,
    },
    {
      what: 'works for ever, with its own limits switched off',
      statements:
        'SET statement_timeout = 0; SET client_connection_check_interval = 0; DO $$ BEGIN LOOP END LOOP; END $$;',
      limits: { longest: '4s' },
      says: /goes on for .* and was ended/,
    },
    {
      what: 'sleeps for ever',
      statements: 'SELECT pg_sleep(100000);',
      limits: { stall: '3s' },
      says: /The restore of .* does not end/,
    },
    {
      what: 'takes every lock there is',
      statements: 'SELECT count(pg_advisory_lock(i)) FROM generate_series(1, 100000000) i;',
      limits: {},
      says: /out of shared memory/,
    },
  ])('and $what, is ended, and nothing of it stays', async ({ statements, limits, says }) => {
    const end = await drill({ content: await forged(statements), limits, by });
    expect(end.status, end.text).toBe(1);
    expect(end.text).toMatch(says);
    expect(await left(), end.text).toEqual([]);
    expect(
      await production.sql('postgres', "SELECT pid FROM pg_stat_activity WHERE usename ~ '^thaw_'"),
    ).toEqual([]);
    expect(await production.sql('shop', 'SELECT count(*) AS n FROM orders')).toEqual([{ n: '1' }]);
  });

  it('and is small only as long as it is packed, is ended as well', async () => {
    await production.sql('postgres', 'CREATE DATABASE packed');
    await production.sql(
      'packed',
      "CREATE TABLE orders AS SELECT i AS id, repeat('x', 900) AS note FROM generate_series(1, 60000) i",
    );
    const content = execFileSync(
      join(production.binFolder, 'pg_dump'),
      ['--format=custom', '--compress=9', production.urlOf('packed')],
      { maxBuffer: 1e8 },
    );
    await production.sql('postgres', 'DROP DATABASE packed');
    expect(content.length).toBeLessThan(1e6);
    const end = await drill({ content, limits: { largest: '20 MB' }, by });
    expect(end.status, end.text).toBe(1);
    expect(end.text).toMatch(/has grown to .*, and no more than 20 MB was expected/);
    expect(await left(), end.text).toEqual([]);
  });
});
