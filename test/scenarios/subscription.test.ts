import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join, sep } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { startTestCluster, type TestCluster } from '../databases/postgres/cluster.ts';
import { filesHolding } from '../parts/run-log.ts';
import { walkShop } from '../parts/walk-shop.ts';

/** A database that takes rows from another one: a copy of it must not, and its password is nobody's to read. */

let cluster: TestCluster;
let publisher: Server;
let folder = '';
let contacts = 0;
const password = 'geheim-77-lang';

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'thaw-subs-'));
  cluster = await startTestCluster();
  publisher = createServer((socket) => {
    contacts += 1;
    socket.destroy();
  });
  await new Promise<void>((ready) => publisher.listen(0, '127.0.0.1', ready));
  const address = publisher.address();
  const port = typeof address === 'object' ? address?.port : undefined;
  await cluster.sql(
    'postgres',
    'CREATE ROLE plain_app LOGIN CREATEDB CREATEROLE PASSWORD $$p$$',
    'CREATE DATABASE subs OWNER plain_app',
  );
  await cluster.sql(
    'subs',
    'SET ROLE plain_app; CREATE SCHEMA app; CREATE TABLE app.t (id int PRIMARY KEY); INSERT INTO app.t VALUES (1); RESET ROLE',
    `CREATE SUBSCRIPTION s CONNECTION 'host=127.0.0.1 port=${port} user=u password=${password}' PUBLICATION p WITH (connect = false, slot_name = s1)`,
    'COMMENT ON SUBSCRIPTION s IS $$of the other house$$',
  );
});
afterAll(async () => {
  await cluster?.remove();
  publisher?.close();
  rmSync(folder, { recursive: true, force: true });
});

async function walk(command: 'drill' | 'restore', how: { readonly format: string; readonly user?: string }) {
  const program = join(cluster.binFolder, 'pg_dump');
  const dump = execFileSync(program, [`--format=${how.format}`, cluster.urlOf('subs')]);
  const user = how.user === undefined ? undefined : { name: how.user, password: 'p' };
  const { end, logs, checks } = await walkShop({
    ...{ folder, command, url: cluster.urlOf('subs', user) },
    dumps: { [`shop-2026-11-19.${how.format === 'plain' ? 'sql' : 'dump'}`]: dump },
  });
  const said = (await checks()).filter((check) => check.includes('subscription'));
  return { end, checks: said, shown: [end.text, ...(await filesHolding(logs, [password]))] };
}
const said = 'subscription s of the dump was not made: a restore contacts nobody';

it.each([
  { format: 'custom', by: 'a superuser' },
  { format: 'plain', by: 'a superuser' },
  { format: 'custom', by: 'its owner', user: 'plain_app' },
  { format: 'plain', by: 'its owner', user: 'plain_app' },
])('a drill of $format by $by leaves it out, says so, and contacts nobody', async (how) => {
  const before = contacts;
  const { end, checks, shown } = await walk('drill', how);
  expect(checks, end.text).toEqual([`restore-database skipped: ${said}`]);
  expect(contacts).toBe(before);
  expect(shown.slice(1).filter((file) => !file.split(sep).includes('work'))).toEqual([]);
  expect(shown[0]).not.toContain(password);
});

it('a restore leaves it out as well, and is not verified before somebody has made it', async () => {
  // The old one stays with the old database, where it is switched off.
  await cluster.sql('subs', 'ALTER SUBSCRIPTION s DISABLE');
  const { end, checks } = await walk('restore', { format: 'custom' });
  expect(checks, end.text).toEqual([`restore-database could-not-verify: ${said}`]);
  expect(end.text).not.toContain(password);
  expect(await cluster.sql('subs', 'SELECT id FROM app.t')).toEqual([{ id: '1' }]);
});
