import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { startTestCluster, type TestCluster } from '../databases/postgres/cluster.ts';
import { shopRunbook } from '../parts/shop-runbook.ts';
import { thawHere } from '../parts/thaw.ts';
import { makeTmpfs } from '../parts/tmpfs.ts';

/** The disk of the database server is full in the middle of a restore, and nobody saw it coming: other databases grow, too. */

let cluster: TestCluster;
let disk: Awaited<ReturnType<typeof makeTmpfs>>;
let folder: string;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'thaw-full-disk-'));
  cluster = await startTestCluster();
  await cluster.sql(
    'postgres',
    'CREATE DATABASE shop',
    "CREATE ROLE shopkeeper LOGIN CREATEDB PASSWORD 'sesame'",
  );
  mkdirSync(join(folder, 'store'));
  await cluster.sql(
    'shop',
    "CREATE TABLE orders AS SELECT id, repeat('a line of an order, ', 20) AS note FROM generate_series(1, 150000) AS id",
  );
  const dump = join(folder, 'store', 'shop-2026-11-19.dump');
  execFileSync(join(cluster.binFolder, 'pg_dump'), ['-Fc', `--file=${dump}`, cluster.urlOf('shop')]);
  await cluster.sql(
    'shop',
    'DROP TABLE orders',
    "CREATE TABLE orders AS SELECT 1 AS id, 'old' AS note",
    'VACUUM FULL',
  );
  await cluster.sql('postgres', 'ALTER DATABASE shop OWNER TO shopkeeper', 'CHECKPOINT');
  await cluster.control('stop');
  const base = join(cluster.folder, 'data', 'base');
  const beside = `${base}.before`;
  execFileSync('mv', [base, beside]);
  // Room for the new database's own files and a third of its one table.
  const usedBytes = Number(execFileSync('du', ['-sb', beside]).toString().split('\t')[0]);
  disk = await makeTmpfs({ folder: base, sizeBytes: usedBytes + 40_000_000 });
  execFileSync('sh', [
    '-c',
    `cp -a "${beside}/." "${base}/" && chown --reference="${beside}" "${base}" && chmod 700 "${base}"`,
  ]);
  rmSync(beside, { recursive: true });
  await cluster.control('start');
  writeFileSync(join(folder, 'shop.yaml'), shopRunbook({ store: join(folder, 'store') }));
});
afterAll(async () => {
  await cluster?.control('stop');
  await disk?.remove();
  await cluster?.remove();
  rmSync(folder, { recursive: true, force: true });
});

const thaw = (as: 'owner' | 'superuser', ...args: readonly string[]) =>
  thawHere({
    args: [...args, '--plain', '--yes', '--log-dir', join(folder, `logs-${as}`)],
    env: {
      HOME: folder,
      LIVE:
        as === 'owner'
          ? cluster.urlOf('shop', { name: 'shopkeeper', password: 'sesame' })
          : cluster.urlOf('shop'),
    },
    cwd: folder,
  });

it.each(['owner', 'superuser'] as const)(
  'is told as that, with the room free again and production untouched, through the URL of the %s',
  async (as) => {
    const agreed = ['--snapshot', 'latest', '--confirm', 'shop', '--confirm', 'run it as shopkeeper'];
    const end = await thaw(as, 'restore', 'shop.yaml', ...agreed);
    expect(end.status, end.text).toBe(1);
    expect(end.text).toMatch(/The disk of the database server at 127\.0\.0\.1:\d+ is full/);
    expect(end.text).toContain('What had been restored was dropped, so the room is free again');
    const names = await cluster.sql('postgres', "SELECT datname FROM pg_database WHERE datname LIKE 'shop%'");
    expect(names).toEqual([{ datname: 'shop' }]);
    expect(await cluster.sql('shop', 'SELECT note FROM orders')).toEqual([{ note: 'old' }]);
    expect(
      await cluster.sql(
        'postgres',
        "SELECT rolname FROM pg_roles WHERE rolname LIKE 'thaw_cell%' AND rolcanlogin",
      ),
    ).toEqual([]);
  },
);
