import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { startTestCluster, type TestCluster } from '../databases/postgres/cluster.ts';
import { walkShop } from '../parts/walk-shop.ts';

/** A drill of a good dump, of a database that went on and whose rows are not all dated when they were made. */

let cluster: TestCluster;
let folder = '';
let dumps: Readonly<Record<string, Buffer>>;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'thaw-live-'));
  cluster = await startTestCluster();
  await cluster.sql('postgres', 'CREATE DATABASE shop');
  await cluster.sql(
    'shop',
    'CREATE TABLE orders (id serial PRIMARY KEY, created_at timestamptz NOT NULL)',
    "INSERT INTO orders (created_at) SELECT now() - i * interval '1 hour' FROM generate_series(1, 20) i",
    // An appointment, or the clock of whoever wrote it.
    "INSERT INTO orders (created_at) VALUES (now() + interval '40 days')",
    "CREATE TABLE dropped AS SELECT now() - interval '3 hours' AS created_at",
  );
  const dump = (...options: readonly string[]) =>
    execFileSync(join(cluster.binFolder, 'pg_dump'), [
      ...['--format=custom'],
      ...options,
      cluster.urlOf('shop'),
    ]);
  dumps = {
    'shop-2026-11-19.dump': dump(),
    'shop-2026-11-18.dump': dump('--exclude-table=dropped'),
  };
  await cluster.sql(
    'shop',
    'INSERT INTO orders (created_at) SELECT now() FROM generate_series(1, 5)',
    'CREATE TABLE made_later AS SELECT now() AS created_at',
    'CREATE TABLE empty_now (id int)',
  );
});
afterAll(async () => {
  await cluster?.remove();
  rmSync(folder, { recursive: true, force: true });
});

async function drill(snapshot: string) {
  const { end, checks } = await walkShop({
    ...{ folder, dumps, url: cluster.urlOf('shop') },
    command: 'drill',
    more: ['--snapshot', snapshot],
  });
  return { end, checks: (await checks()).filter((check) => /live|differences/.test(check)) };
}

it('finds rows that came later, and tables, and does not call them lost', async () => {
  const { end, checks } = await drill('2026-11-19');
  expect(checks, end.text).toEqual([
    expect.stringMatching(/passed: 1 of 4 tables equal to the live database; 1 more equal up to /),
    expect.stringMatching(
      /: differences that writes since the snapshot may explain: .*empty_now.*made_later.* is missing \(1 rows expected\), none of them from before /,
    ),
  ]);
  expect(end.status, end.text).not.toBe(1);
});

it('still finds what a dump leaves out', async () => {
  const { end, checks } = await drill('2026-11-18');
  expect(checks, end.text).toContainEqual(
    expect.stringMatching(
      /failed: the backup lacks what is live: public.dropped is missing \(1 rows expected\)/,
    ),
  );
  expect(end.status).toBe(1);
});
