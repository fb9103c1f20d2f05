import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startTestCluster, type TestCluster } from '../databases/postgres/cluster.ts';
import { walkShop } from '../parts/walk-shop.ts';

let cluster: TestCluster;
let folder = '';

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'thaw-owners-'));
  cluster = await startTestCluster();
  await cluster.sql('postgres', 'CREATE ROLE crm_owner', 'CREATE ROLE audit_owner', 'CREATE ROLE crm_read');
});
afterAll(async () => {
  await cluster?.remove();
  rmSync(folder, { recursive: true, force: true });
});

async function make(database: string, ...more: readonly string[]): Promise<void> {
  await cluster.sql('postgres', `CREATE DATABASE ${database} OWNER crm_owner`);
  await cluster.sql(
    database,
    'CREATE TABLE clients (id int)',
    'INSERT INTO clients VALUES (1), (2)',
    'CREATE TABLE audit (id int)',
    'ALTER TABLE clients OWNER TO crm_owner',
    'ALTER TABLE audit OWNER TO crm_owner',
    ...more,
  );
}

const granted = ['ALTER TABLE audit OWNER TO audit_owner', 'GRANT SELECT ON clients TO crm_read'];

async function walk(
  command: 'restore' | 'drill',
  ...[database, format, afterDump = async () => {}]: [string, string, (() => Promise<void>)?]
) {
  const program = join(cluster.binFolder, 'pg_dump');
  const dump = execFileSync(program, [`--format=${format}`, cluster.urlOf(database)]);
  await afterDump();
  const { end, checks } = await walkShop({
    ...{ folder, command, url: cluster.urlOf(database) },
    dumps: { [`shop-2026-11-19.${format === 'plain' ? 'sql' : 'dump'}`]: dump },
  });
  return { end, checks: await checks() };
}

const aboutRights = (checks: readonly string[]) =>
  checks.filter((check) => /owners|grants|what the application may do/.test(check));

describe('owners and grants of a dump', () => {
  it.each(['custom', 'plain'])('are put back in a live restore (%s)', async (format) => {
    const database = `granted_${format}`;
    await make(database, ...granted);
    const { end, checks } = await walk('restore', database, format);
    expect(aboutRights(checks), end.text).toEqual([
      'restore-database passed: 2 owners and 1 grants and default privileges are as the dump has them',
    ]);
    expect(
      await cluster.sql(
        database,
        `SELECT relname, pg_get_userbyid(relowner) AS owner, has_table_privilege('crm_read', oid, 'SELECT') AS may
         FROM pg_class WHERE relname IN ('audit', 'clients') ORDER BY 1`,
      ),
    ).toEqual([
      { relname: 'audit', owner: 'audit_owner', may: 'f' },
      { relname: 'clients', owner: 'crm_owner', may: 't' },
    ]);
  });

  it.each(['custom', 'plain'])('do not stop a dump whose names have line breaks (%s)', async (format) => {
    const database = `broken_${format}`;
    const name = '"audit\n; of all"';
    await make(database, `ALTER TABLE audit RENAME TO ${name}`, `GRANT SELECT ON ${name} TO crm_read`);
    const { end, checks } = await walk('restore', database, format);
    expect(checks.join('\n'), end.text).toContain(`passed: ${database} is the restored database`);
    expect(aboutRights(checks)).toEqual([
      'restore-database passed: 2 owners and 1 grants and default privileges are as the dump has them',
    ]);
    expect(
      await cluster.sql(
        database,
        "SELECT tablename, tableowner, has_table_privilege('crm_read', format('%I', tablename), 'SELECT') AS may FROM pg_tables WHERE schemaname = 'public' ORDER BY 1",
      ),
    ).toEqual([
      { tablename: 'audit\n; of all', tableowner: 'crm_owner', may: 't' },
      { tablename: 'clients', tableowner: 'crm_owner', may: 'f' },
    ]);
  });

  it('are tried in a drill, which leaves nothing of it', async () => {
    await make('drilled', ...granted);
    const { end, checks } = await walk('drill', 'drilled', 'custom');
    expect(aboutRights(checks), end.text).toEqual([
      'restore-database passed: 2 owners and 1 grants and default privileges can be as the dump has them (tried, and taken back)',
    ]);
  });

  it('are told one by one where they cannot be put back, and then the restore is not verified', async () => {
    await cluster.sql('postgres', 'CREATE ROLE gone', 'CREATE ROLE mighty SUPERUSER');
    await make('lacking', 'ALTER TABLE audit OWNER TO mighty', 'GRANT SELECT ON clients TO gone');
    const { end, checks } = await walk('restore', 'lacking', 'custom', async () => {
      await cluster.sql('lacking', 'REVOKE ALL ON clients FROM gone');
      await cluster.sql('postgres', 'DROP ROLE gone');
    });
    expect(end.status, end.text).toBe(7);
    expect(aboutRights(checks)).toEqual([
      'restore-database passed: 1 of 2 owners are as the dump has them',
      'restore-database could-not-verify: what the application may do is not all as the dump has it: table public.audit (mighty holds more than an owner may, and code of the dump would run with it); grant SELECT on TABLE clients to gone (there is no role gone)',
    ]);
    expect(
      await cluster.sql('lacking', "SELECT tableowner FROM pg_tables WHERE tablename = 'audit'"),
    ).toEqual([{ tableowner: 'crm_owner' }]);
  });
});
