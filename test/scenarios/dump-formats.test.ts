import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync, zstdCompressSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startTestCluster, type TestCluster } from '../databases/postgres/cluster.ts';
import { checksOf, readRecord } from '../parts/run-log.ts';
import { thawHere } from '../parts/thaw.ts';

let production: TestCluster;
let elsewhere: TestCluster;
let folder = '';
const at = (name: string) => join(folder, name);
const rows = 1200;

const runbook = (store: string) => `
thaw: 1
name: formats
title: Formats
objectives: { rto: 1h, rpo: 24h }
inputs:
  LIVE: { about: production, secret: true }
  DRILL: { about: elsewhere, secret: true }
backups:
  store: { kind: directory, path: ${store} }
  dumps: { layout: "shop-{date}[.dump][.tar][.sql][.gz][.zst][.age]", expectTables: [public.orders] }
  key: { ageIdentityFile: ${at('age.key')} }
production: { database: { url: "\${LIVE}" } }
drill: { database: { url: "\${DRILL}" } }
steps:
  - { kind: choose-snapshot }
  - { kind: fetch }
  - { kind: decrypt }
  - { kind: restore-database }
`;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'thaw-formats-'));
  [production, elsewhere] = await Promise.all([startTestCluster(), startTestCluster()]);
  await production.sql('postgres', 'CREATE DATABASE shop');
  await production.sql(
    'shop',
    'CREATE TABLE orders (id serial PRIMARY KEY, note text)',
    `INSERT INTO orders (note) SELECT 'order ' || i FROM generate_series(1, ${rows}) i`,
    'CREATE SCHEMA more',
    'CREATE TABLE more.items AS SELECT i AS id FROM generate_series(1, 77) i',
  );
  execFileSync('age-keygen', ['-o', at('age.key')], { stdio: 'ignore' });
});
afterAll(async () => {
  await Promise.all([production?.remove(), elsewhere?.remove()]);
  rmSync(folder, { recursive: true, force: true });
});

function dump(...options: readonly string[]): Buffer {
  const program = join(production.binFolder, 'pg_dump');
  return execFileSync(program, [...options, production.urlOf('shop')], { maxBuffer: 1e8 });
}

/** The directory format as a script packs it. */
function packedDirectory(): Buffer {
  const path = at('shop.dir');
  rmSync(path, { recursive: true, force: true });
  dump('--format=directory', '--jobs=2', `--file=${path}`);
  return execFileSync('tar', ['-cf', '-', '-C', folder, 'shop.dir'], { maxBuffer: 1e8 });
}

function seal(bytes: Buffer): Buffer {
  const recipient = execFileSync('age-keygen', ['-y', at('age.key')], { encoding: 'utf8' }).trim();
  return execFileSync('age', ['-r', recipient], { input: bytes, maxBuffer: 1e8 });
}

describe('a drill from a dump', () => {
  it.each([
    { ending: 'dump', make: () => dump('--format=custom') },
    { ending: 'dump.zst.age', make: () => seal(zstdCompressSync(dump('--format=custom', '--compress=0'))) },
    { ending: 'tar.gz', make: () => gzipSync(dump('--format=tar')) },
    { ending: 'tar.zst', make: () => zstdCompressSync(packedDirectory()) },
    { ending: 'sql', make: () => dump() },
    { ending: 'sql.gz.age', make: () => seal(gzipSync(dump('--inserts', '--rows-per-insert=50'))) },
  ])('called .$ending brings back every row and leaves nothing behind', async ({ ending, make }) => {
    const store = at(`store-${ending}`);
    mkdirSync(store);
    writeFileSync(join(store, `shop-2026-11-19.${ending}`), make());
    writeFileSync(at('formats.yaml'), runbook(store));
    const logs = at(`logs-${ending}`);
    const end = await thawHere({
      args: ['drill', at('formats.yaml'), '--plain', '--snapshot', 'latest', '--log-dir', logs],
      env: { HOME: folder, LIVE: production.urlOf('shop'), DRILL: elsewhere.urlOf('shop') },
      cwd: folder,
    });
    const record = await readRecord(logs);
    const checks = checksOf(record);
    expect(checks, end.text).toContain('restore-database passed: 2 of 2 tables of the archive are there');
    expect(checks.join('\n')).toMatch(/restore-database passed: 2 of 2 tables equal to the live database/);
    expect(checks.filter((check) => check.includes(' failed: '))).toEqual([]);
    expect(record.cleanUp.map(({ verdict }) => verdict)).not.toContain('failed');
    expect(await elsewhere.sql('postgres', "SELECT 1 FROM pg_database WHERE datname LIKE 'shop%'")).toEqual(
      [],
    );
    const [run = ''] = readdirSync(logs).filter((name) => name.startsWith('2'));
    expect(readdirSync(join(logs, run))).not.toContain('work');
  });
});

describe('a dump that holds something else than the runbook says', () => {
  const of = (name: string, make: () => Buffer, more = '') => {
    const store = at(`other-${name}`);
    mkdirSync(store);
    writeFileSync(join(store, `shop-2026-11-19.${name}`), make());
    writeFileSync(at('other.yaml'), runbook(store).replace('expectTables:', `${more} expectTables:`));
  };
  const run = (...args: readonly string[]) =>
    thawHere({
      args: [...args, at('other.yaml'), '--plain', '--snapshot', 'latest', '--log-dir', at('logs-other')],
      env: { HOME: folder, LIVE: production.urlOf('shop'), DRILL: elsewhere.urlOf('shop') },
      cwd: folder,
    });
  const packed = (...options: readonly string[]) => {
    const path = at('other.dir');
    rmSync(path, { recursive: true, force: true });
    dump('--format=directory', `--file=${path}`, ...options);
    return execFileSync('tar', ['-cf', '-', '-C', folder, 'other.dir'], { maxBuffer: 1e8 });
  };

  it.each([
    { ending: 'dump.gz', make: () => gzipSync(dump('--format=custom', '--schema-only')) },
    { ending: 'tar', make: () => dump('--format=tar', '--schema-only') },
    { ending: 'tar.zst', make: () => zstdCompressSync(packed('--schema-only')) },
    { ending: 'sql.age', make: () => seal(dump('--schema-only')) },
  ])(
    'called .$ending with the schema alone is refused before anything is touched',
    async ({ ending, make }) => {
      of(ending, make);
      const end = await run('restore', '--yes', '--confirm', 'shop');
      expect(end.status, end.text).toBe(3);
      expect(end.text).toMatch(/holds the schema alone: 2 tables are made in it, and not one gets its rows/);
      expect((await run('drill')).status).toBe(3);
    },
  );

  it('with rows alone is refused, too', async () => {
    of('sql.zst', () => zstdCompressSync(dump('--data-only')));
    const end = await run('drill');
    expect(end.status, end.text).toBe(3);
    expect(end.text).toMatch(/holds rows alone: no table is made in it/);
  });

  it('and is whole, where the runbook says schema, is refused: its rows are where nobody looks for them', async () => {
    of('tar.age', () => seal(packed()), 'contents: schema,');
    const end = await run('drill');
    expect(end.status, end.text).toBe(3);
    expect(end.text).toMatch(/holds rows: the runbook says that its dumps hold the schema alone/);
  });
});

describe('a drill of a dump of the schema alone', () => {
  it('compares it with the live schema, expects no row, and names what differs', async () => {
    const store = at('schemas');
    mkdirSync(store);
    writeFileSync(join(store, 'shop-2026-11-19.dump'), dump('--format=custom', '--schema-only'));
    const text = runbook(store).replace('expectTables:', 'contents: schema, expectTables:');
    writeFileSync(at('schema.yaml'), text);
    const drill = async (logs: string) => {
      const end = await thawHere({
        args: ['drill', at('schema.yaml'), '--plain', '--snapshot', 'latest', '--log-dir', at(logs)],
        env: { HOME: folder, LIVE: production.urlOf('shop'), DRILL: elsewhere.urlOf('shop') },
        cwd: folder,
      });
      return { end, checks: checksOf(await readRecord(at(logs))) };
    };
    const same = await drill('logs-schema');
    expect(same.checks, same.end.text).toContain(
      'restore-database passed: the schema equals the live database: 2 schemas, 2 tables, 1 sequence, 3 columns, 1 index, 1 constraint',
    );
    expect(same.checks.filter((check) => !/ (passed|skipped): /.test(check))).toEqual([
      "restore-database not-checked: whether the application's login may use what was restored: nobody says who that is",
    ]);
    expect(same.end.status).toBe(0);
    await production.sql(
      'shop',
      'ALTER TABLE orders ALTER note TYPE varchar(99)',
      'CREATE VIEW more.seen AS SELECT 1',
    );
    const other = await drill('logs-migrated');
    expect(other.checks.join('\n')).toMatch(
      /failed: the schema differs from the live database in 3: column more.seen.*is missing; column public.orders.note is text instead of character varying\(99\); view more.seen is missing/,
    );
    expect(other.end.status).toBe(1);
    expect(await elsewhere.sql('postgres', "SELECT 1 FROM pg_database WHERE datname LIKE 'shop%'")).toEqual(
      [],
    );
  });
});
