import { createHash } from 'node:crypto';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { compareCatalogues } from '../../src/backups/catalogue.ts';
import { type Manifest, readManifestText, writeManifest } from '../../src/backups/manifest.ts';
import { createSecret } from '../../src/base/secret.ts';
import { openDatabaseServer } from '../../src/databases/postgres/pg-database-server.ts';
import { catalogueOfOwner, catalogueRoles } from '../databases/postgres/catalogue-source.ts';
import { startTestCluster, type TestCluster } from '../databases/postgres/cluster.ts';
import { checksOf, readRecord } from '../parts/run-log.ts';
import { shopRunbook } from '../parts/shop-runbook.ts';
import { thawHere } from '../parts/thaw.ts';

/** What comes back is what was there: `thaw backup` writes the catalogue down, and every walk compares it. */

let source: TestCluster;
let blank: TestCluster;
let folder = '';
const at = (name: string) => join(folder, name);
const password = 'open-sesame';

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'thaw-catalogue-'));
  mkdirSync(at('store'));
  [source, blank] = await Promise.all([startTestCluster(), startTestCluster()]);
  for (const cluster of [source, blank])
    await cluster.sql(
      'postgres',
      ...catalogueRoles.map((role) => `CREATE ROLE ${role} LOGIN PASSWORD '${password}'`),
    );
  await source.sql(
    'postgres',
    "CREATE DATABASE kinds OWNER shop_owner TEMPLATE template0 ENCODING 'UTF8' LOCALE_PROVIDER icu ICU_LOCALE 'de' LOCALE 'C.UTF-8'",
    "ALTER DATABASE kinds SET work_mem = '8MB'",
    "ALTER ROLE shop_web IN DATABASE kinds SET app.tenant = 'north'",
    'ALTER DATABASE kinds CONNECTION LIMIT 40',
    'REVOKE CONNECT ON DATABASE kinds FROM PUBLIC',
    'GRANT CONNECT ON DATABASE kinds TO shop_web',
  );
  await source.sql('kinds', ...catalogueOfOwner);
  const runbook = shopRunbook({
    store: at('store'),
    backups: { dumps: { layout: '{timestamp}.dump[.zst]' } },
    producer: { compression: 'zstd' },
  });
  writeFileSync(at('runbook.yaml'), runbook);
  const made = await thaw(source, ['backup', at('runbook.yaml')]);
  expect(made.status, made.text).toBe(0);
});
afterAll(async () => {
  await Promise.all([source?.remove(), blank?.remove()]);
  rmSync(folder, { recursive: true, force: true });
});

const thaw = (cluster: TestCluster, args: readonly string[]) =>
  thawHere({ args, env: { HOME: folder, LIVE: cluster.urlOf('kinds') }, cwd: folder });

let walks = 0;
async function walk(command: 'drill' | 'restore', cluster: TestCluster) {
  walks += 1;
  const logs = at(`logs-${walks}`);
  const end = await thaw(cluster, [
    ...[command, at('runbook.yaml'), '--plain', '--yes', '--snapshot', 'latest', '--confirm', 'kinds'],
    ...['--log-dir', logs],
  ]);
  return { end, checks: checksOf(await readRecord(logs)) };
}

const about = (checks: readonly string[]) =>
  checks.filter((check) => /catalogue/.test(check) && !/entries of the archive/.test(check));

function manifestFile(): { readonly path: string; readonly manifest: Manifest } {
  const name = readdirSync(at('store')).find((one) => one.endsWith('.manifest.json')) ?? '';
  const read = readManifestText(readFileSync(join(at('store'), name), 'utf8'), name);
  if (!read.ok) throw new Error(read.failure.message);
  return { path: join(at('store'), name), manifest: read.value };
}

async function compareNow(cluster: TestCluster) {
  const server = openDatabaseServer({ url: createSecret(cluster.urlOf('kinds')) });
  const found = await server.catalogue('kinds');
  const { catalogue } = manifestFile().manifest;
  if (!found.ok || catalogue === undefined) throw new Error('There is no catalogue.');
  return compareCatalogues(catalogue, { ...found.value, notRead: {} });
}

/** What the application reads of each kind, with its own login. */
async function readAsApplication(cluster: TestCluster) {
  const client = await cluster.connect(cluster.urlOf('kinds', { name: 'shop_web', password }));
  const value = async (sql: string) => Object.values((await client.query(sql)).rows[0] ?? {})[0];
  return {
    partitioned: await value('SELECT count(*)::int FROM parts.events'),
    inherited: await value('SELECT count(*)::int FROM heirs.cities'),
    'row level security': await value('SELECT array_agg(id ORDER BY id) FROM rows_of.orders'),
    foreign: await value("SELECT has_table_privilege('afar.stock', 'SELECT')"),
    'large objects': await value('SELECT md5(lo_get(content)) FROM files.papers WHERE content = 70001'),
    'materialized views': await value('SELECT sum(total)::int FROM views.totals'),
    generated: await value('SELECT sum(gross)::text FROM made.items'),
    identity: await value('INSERT INTO made.items (price, span) VALUES (1, NULL) RETURNING id'),
    ICU: await value("SELECT string_agg(name, ' ' ORDER BY name) FROM words.names"),
    blind: await value("SELECT name FROM words.names WHERE mail = 'b@X'"),
  };
}

const expectedReads = {
  partitioned: 12,
  inherited: 3,
  'row level security': [1, 3],
  foreign: true,
  'large objects': createHash('md5').update(Buffer.alloc(5000, 0xab)).digest('hex'),
  'materialized views': 465,
  generated: '65.45',
  identity: 150,
  ICU: 'Mueller Müller Muller',
  blind: 'Müller',
};

describe('eight kinds of schemas', () => {
  it('come through a drill with the catalogue that the manifest tells', async () => {
    const { manifest } = manifestFile();
    expect(manifest.catalogue?.sections.find(({ name }) => name === 'tables')?.count).toBeGreaterThan(15);
    const { end, checks } = await walk('drill', source);
    expect(about(checks), end.text).toEqual([
      expect.stringMatching(/^restore-database passed: of the catalogue, [\d,]+ objects in \d+ sections of /),
      'restore-database skipped: of the catalogue was not compared: settings (the database that is there tells, and not the dump); rights to the database (the database that is there tells, and not the dump)',
    ]);
  });

  it('come back on a blank server, equal in every section, and the application reads them', async () => {
    const { end, checks } = await walk('restore', blank);
    expect(about(checks), end.text).toEqual([
      expect.stringMatching(
        /^restore-database passed: the catalogue equals the manifest: [\d,]+ objects in \d+ sections$/,
      ),
    ]);
    expect(end.status, end.text).toBe(0);
    const { differences, notCompared, equal, expected } = await compareNow(blank);
    expect({ differences, notCompared }).toEqual({ differences: [], notCompared: [] });
    expect(equal).toEqual(expected);
    expect(await readAsApplication(blank)).toEqual(expectedReads);
    expect(await readAsApplication(source)).toEqual(expectedReads);
  });

  it('come back in place of a database that is there', async () => {
    const { end, checks } = await walk('restore', blank);
    expect(about(checks)[0], end.text).toMatch(/^restore-database passed: of the catalogue, /);
    const { differences } = await compareNow(blank);
    expect(differences).toEqual([]);
    expect(await readAsApplication(blank)).toEqual(expectedReads);
  });
});

describe('a catalogue that is not the one of the manifest', () => {
  it('fails before anything is swapped, and names section and object', async () => {
    const { path, manifest } = manifestFile();
    const before = readFileSync(path);
    const { catalogue } = manifest;
    if (catalogue === undefined) throw new Error('There is no catalogue.');
    const sections = catalogue.sections.map((section) =>
      section.name === 'policies'
        ? {
            ...section,
            sha256: '0'.repeat(64),
            objects: { ...section.objects, 'policy lost on rows_of.orders': 'abc' },
          }
        : section,
    );
    writeFileSync(path, writeManifest({ ...manifest, catalogue: { ...catalogue, sections } }));
    const [old] = await blank.sql('postgres', "SELECT oid FROM pg_database WHERE datname = 'kinds'");
    const { end, checks } = await walk('restore', blank);
    writeFileSync(path, before);
    expect(end.status).toBe(1);
    expect(end.text).toContain(
      'the catalogue differs from the manifest in 1: policies: policy lost on rows_of.orders is missing',
    );
    expect(about(checks)).toEqual([]);
    expect(await blank.sql('postgres', "SELECT oid FROM pg_database WHERE datname = 'kinds'")).toEqual([old]);
  });

  it('is explained where the restore itself has left something out', async () => {
    await source.sql('postgres', 'CREATE ROLE gone');
    await source.sql(
      'kinds',
      'GRANT SELECT (id) ON rows_of.orders TO gone',
      'ALTER TABLE heirs.harbours OWNER TO gone',
      'ALTER DEFAULT PRIVILEGES FOR ROLE shop_owner IN SCHEMA made GRANT SELECT ON TABLES TO gone',
      "CREATE SUBSCRIPTION s CONNECTION 'host=127.0.0.1' PUBLICATION x WITH (connect = false, slot_name = NONE)",
      'CREATE PUBLICATION everything FOR ALL TABLES',
    );
    rmSync(at('store'), { recursive: true });
    mkdirSync(at('store'));
    await thaw(source, ['backup', at('runbook.yaml')]);
    const { checks, end } = await walk('restore', blank);
    const [compared, explained] = about(checks);
    expect(compared, end.text).toMatch(/^restore-database passed: /);
    for (const words of [
      'subscriptions: subscription s is missing (a subscription is never made of a dump: it would begin to replicate)',
      'publications: publication everything is missing (it is made only of a backup whose author is proven)',
      'owners: table heirs.harbours is another (there is no role gone)',
      'grants: table column rows_of.orders.id to gone is missing (there is no role gone)',
      'default privileges: of shop_owner in made on tables to gone is missing (there is no role gone)',
    ])
      expect(explained).toContain(words);
  });
});
