import { afterAll, beforeAll, describe, expect, it, test } from 'vitest';
import type { OldBackup } from '../../src/sandbox/old-backup.ts';
import { countRows, listDatabases, readValue } from '../parts/count-rows.ts';
import { ensureDocker, type RunningDocker } from '../parts/docker.ts';
import type { Found } from '../parts/find-program.ts';
import { findMinio, findRgw } from '../parts/find-s3-servers.ts';
import {
  answers,
  expectNoSecret,
  expectObjectsBack,
  expectRowsOf,
  keptDatabase,
  loseEverything,
  namesBucket,
  newestRowOfOldDatabase,
  objectCount,
  thaw,
} from '../parts/lost-production.ts';
import { makeLogFolder, type PortNimara, startPortNimara } from '../parts/port-nimara.ts';
import { putManifest } from '../parts/port-nimara-backups.ts';
import { checksOf, readRecord } from '../parts/run-log.ts';
import { type S3Server, startMinio, startRgw } from '../parts/s3-servers.ts';
import { runThaw, type ThawEnd } from '../parts/thaw.ts';

let docker: RunningDocker;
beforeAll(async () => {
  docker = await ensureDocker();
});
afterAll(() => docker?.stop());

const rgw = await findRgw();
if ('binary' in rgw) describe('A cold restore of Port Nimara CRM on real parts', coldRestore);

const minio = await findMinio();
if ('binary' in minio)
  describe('The same against MinIO', () => {
    it('restores rows and objects and proves them', async () => {
      const server = await startMinio(minio.binary);
      let nimara: PortNimara | undefined;
      try {
        // The thousand are brought back from Ceph below; here it is the other server that counts.
        nimara = await startPortNimara({ server, docker, objects: 300, size: 'small' });
        const backup = await loseEverything(nimara);
        await putManifest(nimara, backup);
        const logFolder = await makeLogFolder(nimara);
        const end = await thaw(
          nimara,
          'restore',
          'port-nimara-crm',
          '--plain',
          '--env-file',
          '.env',
          '--log-dir',
          logFolder,
          ...answers,
          ...namesBucket(nimara),
        );
        expect(end, end.text).toMatchObject({ status: 0 });
        await expectRowsOf(backup, { nimara, logFolder });
        await expectObjectsBack(nimara, 300);
        await expectNoSecret(end, { nimara, logFolder });
      } finally {
        await nimara?.destroy();
        await server.stop();
      }
    });
  });

for (const [name, found] of Object.entries({ 'Ceph RGW': rgw, MinIO: minio })) sayAbsent(name, found);

function sayAbsent(name: string, found: Found): void {
  if ('binary' in found) return;
  test(`says aloud that ${name} is not tried, and why`, () => {
    process.stderr.write(`\n${name} is NOT tried: ${found.absentBecause}.\n`);
    expect(found.absentBecause).not.toBe('');
  });
}

function coldRestore() {
  let server: S3Server;
  let nimara: PortNimara;
  let backup: OldBackup;
  let oldDatabase: string;

  beforeAll(async () => {
    server = await startRgw();
    nimara = await startPortNimara({ server, docker, objects: objectCount, size: 'small' });
    backup = await loseEverything(nimara);
    oldDatabase = await readValue(
      nimara.databaseUrl,
      'select oid as value from pg_database where datname = current_database()',
    );
  });
  afterAll(async () => {
    await nimara?.destroy();
    await server?.stop();
  });

  describe('without a manifest', () => {
    let logFolder: string;
    let end: ThawEnd;
    let lifelineBefore: string;

    beforeAll(async () => {
      logFolder = await makeLogFolder(nimara);
      lifelineBefore = await nimara.writers.lifeline();
      const { text } = await thaw(nimara, 'fingerprint', '.env', 'ENCRYPTION_KEY');
      end = await runThaw({
        args: [
          'restore',
          'port-nimara-crm',
          '--plain',
          '--env-file',
          '.env',
          '--log-dir',
          logFolder,
          ...answers,
          ...namesBucket(nimara),
        ],
        env: { ...nimara.environment, ENCRYPTION_KEY_FINGERPRINT: text.trim() },
        cwd: nimara.folder,
      });
    });

    it('ends with status 7, and only what a manifest would have told could not be verified', async () => {
      expect(end, end.text).toMatchObject({ status: 7, signal: undefined });
      const record = await readRecord(logFolder);
      expect(record.result).toMatchObject({
        state: 'finished',
        verdict: 'could-not-verify',
        rolledBack: false,
      });
      const unproven = checksOf(record).filter((check) => !/^\S+ (passed|skipped|not-checked): /.test(check));
      expect(unproven).toEqual([
        expect.stringMatching(/^choose-snapshot could-not-verify: .* has no manifest/),
        expect.stringMatching(
          /^restore-database could-not-verify: .* rows restored in 15 tables; there is no manifest/,
        ),
        expect.stringMatching(/^smoke-checklist could-not-verify: Database up.*and none does/),
      ]);
      expect(record.cleanUp.map(({ verdict }) => verdict)).toEqual(['passed']);
    });

    it('brings back every row of the source, table by table', async () => {
      await expectRowsOf(backup, { nimara, logFolder });
    });

    it('brings back 1,000 objects byte by byte and removes none', async () => {
      await expectObjectsBack(nimara);
    });

    it('stops the writers before anything else and starts them again afterwards', async () => {
      expect(await nimara.writers.lifeline()).not.toBe(lifelineBefore);
      await nimara.untilWritersWrite();
      const record = await readRecord(logFolder);
      const stopped = record.steps.find((step) => step.kind === 'stop-writers')?.attempts[0];
      const last = await newestRowOfOldDatabase(nimara, logFolder);
      expect(Date.parse(last)).toBeLessThan(Date.parse(stopped?.endedAt ?? ''));
      expect(checksOf(record)).toEqual(
        expect.arrayContaining([
          'stop-writers passed: web is down',
          'stop-writers passed: worker is down',
          'stop-writers passed: scheduler is down',
          'stop-writers passed: nobody else is connected to port_nimara_crm',
        ]),
      );
    });

    it('keeps the old database under another name', async () => {
      const { kept } = await keptDatabase(logFolder);
      expect(await listDatabases(nimara.production.url)).toContain(`${kept} ${oldDatabase}`);
    });

    it('proves the fingerprint, decrypts the stored settings and goes through the checklist', async () => {
      const checks = checksOf(await readRecord(logFolder)).join('\n');
      expect(checks).toMatch(/verify-secrets passed: ENCRYPTION_KEY has the expected fingerprint/);
      expect(checks).toMatch(/verify-secrets passed: system_settings: ENCRYPTION_KEY decrypts 2 of 2 rows/);
      expect(checks).toMatch(/smoke-checklist passed: Every receipt has its file: all 190 rows/);
      expect(checks).toMatch(
        /smoke-checklist passed: MinIO serves a receipt by its signed URL: .* served whole/,
      );
      expect(checks).toMatch(
        /smoke-checklist passed: Realtime: attested by a person \(looked at by the test\)/,
      );
    });

    it('leaves a record that verifies, and no secret in any byte of it or of the output', async () => {
      const verified = await thaw(nimara, 'records', 'verify', '--log-dir', logFolder);
      expect(verified, verified.text).toMatchObject({ status: 0 });
      await expectNoSecret(end, { nimara, logFolder });
    });

    const rollBack = () => {
      // The env file is that of the run.
      const options = ['--log-dir', logFolder, '--confirm', 'port_nimara_crm'];
      return thaw(nimara, 'rollback', ...options);
    };

    it('is undone by thaw rollback, which keeps what was restored', async () => {
      const undone = await rollBack();
      expect(undone, undone.text).toMatchObject({ status: 0 });
      const databases = await listDatabases(nimara.production.url);
      expect(databases).toContain(`port_nimara_crm ${oldDatabase}`);
      expect(databases.filter((name) => name.startsWith('port_nimara_crm__undone_'))).toHaveLength(1);
      expect(databases.filter((name) => /__(before|restore)_/.test(name))).toEqual([]);
      // The ruined one is what production had: it is back as it was, and takes connections.
      expect(Object.keys(await countRows(nimara.databaseUrl))).not.toContain('public.receipts');
      const again = await rollBack();
      expect(again).toMatchObject({ status: 2 });
      expect((await thaw(nimara, 'records', 'verify', '--log-dir', logFolder)).status).toBe(0);
    });
  });

  describe('with a manifest', () => {
    it('ends with status 0, everything verified against what the producer counted', async () => {
      await putManifest(nimara, backup);
      const logFolder = await makeLogFolder(nimara);
      const end = await thaw(
        nimara,
        'restore',
        'port-nimara-crm',
        '--json',
        '--env-file',
        '.env',
        '--log-dir',
        logFolder,
        ...answers,
        ...namesBucket(nimara),
      );
      expect(end, end.text).toMatchObject({ status: 0 });
      const lines = end.text
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line));
      expect(lines[0]).toMatchObject({ type: 'thaw', version: 1, mode: 'live' });
      expect(lines.at(-1)).toMatchObject({ type: 'ended', phase: 'finished' });
      const record = await readRecord(logFolder);
      expect(record.result).toMatchObject({ state: 'finished', verdict: 'passed' });
      expect(record.rto.met).toBe(true);
      // The CRM restores with its own login, and CREATEROLE of PostgreSQL 15 is a power that no code of a dump may have.
      expect(checksOf(record).filter((check) => !/^\S+ (passed|skipped): /.test(check))).toEqual([
        'restore-database not-checked: whether the login crm itself can read: code of a dump would run with its rights over the server',
      ]);
      expect(checksOf(record).join('\n')).toMatch(
        /restore-database passed: 15 of 15 tables equal to the manifest/,
      );
      await expectRowsOf(backup, { nimara, logFolder });
      await expectObjectsBack(nimara);
      await expectNoSecret(end, { nimara, logFolder });
      await nimara.untilWritersWrite();
    });
  });
}
