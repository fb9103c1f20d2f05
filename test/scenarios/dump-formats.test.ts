import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync, zstdCompressSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startTestCluster, type TestCluster } from '../adapters/postgres/cluster.ts';
import { checksOf, readRecord } from '../parts/run-log.ts';
import { runThaw } from '../parts/thaw.ts';

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
    const end = await runThaw({
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
