import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { OldBackup } from '../../src/sandbox/old-backup.ts';
import { countRows, listDatabases } from '../parts/count-rows.ts';
import { type CuttingProxy, startCuttingProxy } from '../parts/cutting-proxy.ts';
import { findRgw } from '../parts/find-s3-servers.ts';
import { makeLogFolder, type PortNimara, startPortNimara } from '../parts/port-nimara.ts';
import { backUp, dumpArchive, putDump, putManifest, zip } from '../parts/port-nimara-backups.ts';
import { checksOf, filesHolding, newestRun, readRecord } from '../parts/run-log.ts';
import { type S3Server, startRgw } from '../parts/s3-servers.ts';
import { runThaw, type ThawEnd } from '../parts/thaw.ts';

const rgw = await findRgw();
if ('binary' in rgw) describe('A drill without a terminal, as cron starts it', drills);
else
  it('is NOT tried without Ceph RGW', () =>
    void process.stderr.write(`\nDrills are NOT tried: ${rgw.absentBecause}.\n`));

const hourMs = 3_600_000;

type Drill = {
  readonly logFolder: string;
  readonly snapshot?: string;
  /** Beside and before what the operator has. */
  readonly env?: Readonly<Record<string, string>>;
};

function drills() {
  let server: S3Server;
  let nimara: PortNimara;
  let backup: OldBackup;
  let forwarded: CuttingProxy;

  beforeAll(async () => {
    server = await startRgw();
    forwarded = await startCuttingProxy({ targetPort: Number(new URL(server.endpoint).port) });
    nimara = await startPortNimara({ server, docker: undefined, objects: 60, size: 'tiny' });
    await nimara.untilWritersWrite();
    backup = await backUp(nimara);
    await nimara.live.putFolder(nimara.objectsFolder);
    await nimara.untilWritersWrite();
  });
  afterAll(async () => {
    await nimara?.destroy();
    await forwarded?.close();
    await server?.stop();
  });

  function drill({ logFolder, snapshot = 'latest', env = {} }: Drill): Promise<ThawEnd> {
    return runThaw({
      args: [
        'drill',
        'port-nimara-crm',
        '--plain',
        '--snapshot',
        snapshot,
        '--env-file',
        '.env',
        '--log-dir',
        logFolder,
      ],
      env: { ...nimara.environment, ...env },
      cwd: nimara.folder,
    });
  }

  /** All of the world that a drill must not change, and what it may leave nowhere. */
  async function look() {
    const [databases, drillDatabases, live, sandbox, lifeline, rows] = await Promise.all([
      listDatabases(nimara.production.url),
      listDatabases(nimara.drillCluster.url),
      nimara.live.digests(),
      nimara.sandbox.keys(),
      nimara.writers.lifeline(),
      countRows(nimara.databaseUrl),
    ]);
    return { still: { databases, drillDatabases, live, sandbox, lifeline }, rows };
  }

  /** Runs a drill and proves that it left everything as it was, while production went on writing. */
  async function drillLeavingNoTrace(request: Drill) {
    const before = await look();
    const end = await drill(request);
    const after = await look();
    expect(after.still).toEqual(before.still);
    const lost = Object.entries(before.rows).filter(([table, rows]) => (after.rows[table] ?? 0) < rows);
    expect(lost).toEqual([]);
    expect(after.rows['public.clients']).toBeGreaterThan(before.rows['public.clients'] ?? 0);
    return end;
  }

  it('restores beside, compares with the live database, takes everything away again and notes it in the index', async () => {
    const logFolder = await makeLogFolder(nimara);
    const end = await drillLeavingNoTrace({ logFolder });
    const record = await readRecord(logFolder);
    const checks = checksOf(record).join('\n');
    // Without a manifest a drill, too, can only say what it cannot verify.
    expect(end, end.text).toMatchObject({ status: 7 });
    expect(record.result, end.text).toMatchObject({ state: 'finished', verdict: 'could-not-verify' });
    expect(checks).toMatch(
      /restore-database passed: \d+ of 15 tables equal to the live database; \d+ more equal up to/,
    );
    expect(checks).not.toMatch(/ failed: /);
    expect(checks).toMatch(/mirror-objects passed: 60 of 60 objects equal by size and MD5/);
    expect(checks).toMatch(/smoke-checklist passed: MinIO serves a receipt by its signed URL/);
    expect(checks).toMatch(/verify-secrets passed: system_settings: ENCRYPTION_KEY decrypts 2 of 2 rows/);
    expect(record.cleanUp.map(({ verdict, text }) => `${verdict}: ${text}`)).toEqual([
      expect.stringMatching(/^passed: 60 objects of the drill removed/),
      expect.stringMatching(/^passed: throwaway database drill__restore_\w+ dropped/),
      'passed: decrypted files removed from this host',
    ]);
    expect(record.steps.filter(({ outcome }) => outcome === 'skipped').map(({ kind }) => kind)).toEqual([
      'stop-writers',
      'start-services',
    ]);
    const index = await readFile(join(logFolder, 'backup-drills.md'), 'utf8');
    expect(index).toContain(`| DRILL | port-nimara-crm | COULD NOT VERIFY everything | `);
    expect(index).toContain(`(${await newestRun(logFolder)}/record.md)`);
    expect(await filesHolding(logFolder, nimara.secrets)).toEqual([]);
    expect(nimara.secrets.filter((secret) => end.text.includes(secret))).toEqual([]);
  });

  it('ends with status 0 where a manifest says what the dump should hold', async () => {
    await putManifest(nimara, backup);
    const logFolder = await makeLogFolder(nimara);
    const end = await drillLeavingNoTrace({ logFolder, env: { THAW_DEBUG: '1' } });
    expect(end, end.text).toMatchObject({ status: 0 });
    expect((await readRecord(logFolder)).result.verdict).toBe('passed');
    const index = await readFile(join(logFolder, 'backup-drills.md'), 'utf8');
    expect(index).toContain(
      '| DRILL | port-nimara-crm | VERIFIED against the manifest and the live database | ',
    );
    // What was asked of the world, for whoever debugs it: no secret, not even in what was said to be one on the way.
    const [file = ''] = (await readdir(logFolder)).filter((name) => /^debug-\d+\.log$/.test(name));
    const trace = await readFile(join(logFolder, file), 'utf8');
    expect(trace).toMatch(/ program +\d+ ms +exit 0 +\S*pg_restore /);
    expect(trace).toMatch(/ sql +\d+ ms +\d+ rows? +127\.0\.0\.1:\d+\/postgres: CREATE ROLE /);
    expect(await filesHolding(logFolder, [...nimara.secrets, 'CANARY'])).toEqual([]);
  });

  describe('refuses production', () => {
    const databases: readonly (readonly [string, () => string])[] = [
      ['by the same address', () => nimara.databaseUrl],
      ['by another database of the same server', () => nimara.production.url],
      ['by the name localhost', () => nimara.databaseUrl.replace('127.0.0.1', 'localhost')],
      ['by its socket', () => bySocket(nimara)],
    ];
    for (const [how, url] of databases) {
      it(`as the drill's database, ${how}: status 3, nothing changed`, async () => {
        const logFolder = await makeLogFolder(nimara);
        const end = await drillLeavingNoTrace({ logFolder, env: { DRILL_DATABASE_URL: url() } });
        expect(end, end.text).toMatchObject({ status: 3 });
        expect(end.text).toMatch(/The drill's server .* is production: both have the system identifier \d+/);
        expect(end.text).toMatch(/Name another PostgreSQL server as the drill's database/);
        expect((await readRecord(logFolder)).steps.map(({ outcome }) => outcome)).not.toContain('passed');
      });
    }

    const endpoints: readonly (readonly [string, () => string])[] = [
      ['by the same address', () => server.endpoint],
      ['by the name localhost', () => server.endpoint.replace('127.0.0.1', 'localhost')],
      ['through a forwarded port', () => forwarded.endpoint],
    ];
    for (const [how, endpoint] of endpoints) {
      it(`as the drill's bucket, ${how}: status 3, nothing changed`, async () => {
        const logFolder = await makeLogFolder(nimara);
        const end = await drillLeavingNoTrace({
          logFolder,
          env: { DRILL_S3_ENDPOINT: endpoint(), DRILL_S3_BUCKET: nimara.live.config.bucket },
        });
        expect(end, end.text).toMatchObject({ status: 3 });
        expect(end.text).toMatch(/The drill's object store .* is production/);
        expect(end.text).toMatch(/Name a sandbox bucket or folder/);
      });
    }
  });

  describe('finds what a dump leaves out', () => {
    const dumps = [
      {
        left: 'a table',
        options: ['--exclude-table=gdpr_exports'],
        named: /the backup lacks what is live: public.gdpr_exports is missing \(3 rows expected\)/,
      },
      {
        left: 'a schema',
        options: ['--schema=public', '--extension=*'],
        named: /the backup lacks what is live: reporting.monthly_revenue is missing \(\d+ rows expected\)/,
      },
      {
        left: 'extensions',
        options: ['--schema=public'],
        named: /pg_restore reports 1 errors: .*operator class "public.gin_trgm_ops" does not exist/,
      },
    ];
    for (const [index, { left, options, named }] of dumps.entries()) {
      it(`names ${left} left out by ${options.join(' ')}, ends with status 1 and leaves nothing behind`, async () => {
        const archive = await zip(await dumpArchive(nimara, ...options));
        const at = new Date(Date.now() - (index + 1) * hourMs);
        const { id } = await putDump(nimara, { at, content: nimara.gpg.encryptTo([nimara.key], archive) });
        const logFolder = await makeLogFolder(nimara);
        const end = await drillLeavingNoTrace({ logFolder, snapshot: id });
        expect(end, end.text).toMatchObject({ status: 1 });
        expect(end.text).toMatch(named);
        expect((await readRecord(logFolder)).result).toMatchObject({ state: 'finished', verdict: 'failed' });
        // The last words say it again: whoever reads cron's mail reads them only.
        expect(end.text.split('The walk is over')[0]?.split('\n').slice(-9).join('\n')).toMatch(named);
        const drillIndex = await readFile(join(logFolder, 'backup-drills.md'), 'utf8');
        expect(drillIndex).toContain('| DRILL | port-nimara-crm | FAILED | ');
      });
    }
  });
}

function bySocket(nimara: PortNimara): string {
  const url = new URL(nimara.databaseUrl);
  const { port } = url;
  url.hostname = 'localhost';
  url.searchParams.set('host', nimara.productionFolder);
  url.searchParams.set('port', port);
  return url.href;
}
