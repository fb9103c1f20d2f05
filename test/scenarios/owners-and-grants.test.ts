import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startTestCluster, type TestCluster } from '../databases/postgres/cluster.ts';
import { checksOf, readRecord } from '../parts/run-log.ts';
import { thawHere } from '../parts/thaw.ts';

let cluster: TestCluster;
let folder = '';
const at = (name: string) => join(folder, name);

const runbook = (store: string) => `
thaw: 1
name: shop
title: Shop
objectives: { rto: 1h, rpo: 24h }
inputs:
  LIVE: { about: production, secret: true }
backups:
  store: { kind: directory, path: ${store} }
  dumps: { layout: "shop-{date}[.dump][.tar][.sql]" }
production: { database: { url: "\${LIVE}" } }
drill: { database: { url: "\${LIVE}", besideProduction: true } }
steps:
  - { kind: choose-snapshot }
  - { kind: fetch }
  - { kind: decrypt }
  - { kind: restore-database }
`;

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

async function walk(command: 'restore' | 'drill', ...[database, format]: [string, string]) {
  const name = `${command}-${database}-${format}`;
  mkdirSync(at(name));
  const dump = execFileSync(join(cluster.binFolder, 'pg_dump'), [
    `--format=${format}`,
    cluster.urlOf(database),
  ]);
  writeFileSync(join(at(name), `shop-2026-11-19.${format === 'plain' ? 'sql' : 'dump'}`), dump);
  writeFileSync(at('runbook.yaml'), runbook(at(name)));
  const logs = at(`logs-${name}`);
  const end = await thawHere({
    args: [
      command,
      at('runbook.yaml'),
      '--plain',
      '--yes',
      '--snapshot',
      'latest',
      '--confirm',
      database,
      '--log-dir',
      logs,
    ],
    env: { HOME: folder, LIVE: cluster.urlOf(database) },
    cwd: folder,
  });
  return { end, checks: checksOf(await readRecord(logs)) };
}

const saidOf = (checks: readonly string[]) =>
  checks.filter((check) => check.includes('what the application may do'));

describe('owners and grants of a dump', () => {
  it.each(['custom', 'plain'])(
    'are said to be left out of a live restore, which is not verified (%s)',
    async (format) => {
      await make(`granted_${format}`, ...granted);
      const { end, checks } = await walk('restore', `granted_${format}`, format);
      expect(end.status, end.text).toBe(1);
      expect(saidOf(checks)).toEqual([
        'restore-database could-not-verify: what the application may do was not restored: the dump has the owners audit_owner (all of it belongs to crm_owner) and 1 entries about who may use what (GRANT), which were left out',
      ]);
    },
  );

  it('are said in a drill, too, where there are several owners', async () => {
    await make('drilled', ...granted);
    const { checks } = await walk('drill', 'drilled', 'custom');
    expect(saidOf(checks).join()).toMatch(/could-not-verify: .*the owners .*audit_owner.* and 1 entries/);
  });

  it('are nothing to speak of where everything belongs to the owner of the database', async () => {
    await make('simple');
    const restored = await walk('restore', 'simple', 'custom');
    expect(saidOf(restored.checks), restored.end.text).toEqual([]);
    expect(restored.checks).toContain('restore-database passed: 2 of 2 tables of the archive are there');
    const drilled = await walk('drill', 'simple', 'custom');
    expect(saidOf(drilled.checks), drilled.end.text).toEqual([]);
  });
});
