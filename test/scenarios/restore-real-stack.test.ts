import { mkdtemp } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, test } from 'vitest';
import { loseProduction } from '../../src/sandbox/disaster.ts';
import type { OldBackup } from '../../src/sandbox/old-backup.ts';
import { countRows, listDatabases, readValue } from '../parts/count-rows.ts';
import { ensureDocker, type RunningDocker } from '../parts/docker.ts';
import { type Found, findMinio, findRgw } from '../parts/find-s3-servers.ts';
import { makeLogFolder, type PortNimara, startPortNimara } from '../parts/port-nimara.ts';
import { backUp, putManifest } from '../parts/port-nimara-backups.ts';
import { checksOf, filesHolding, newestRun, readEntries, readRecord } from '../parts/run-log.ts';
import { type S3Server, startMinio, startRgw } from '../parts/s3-servers.ts';
import { runThaw, type ThawEnd } from '../parts/thaw.ts';

const objectCount = 1000;

/** What only a person can see, seen beforehand. */
const attested = ['documenso', 'email', 'realtime'].flatMap((id) => [
  '--answer',
  `smoke-checklist.${id}=passed:looked at by the test`,
]);

const answers = ['--yes', '--snapshot', 'latest', '--confirm', 'port_nimara_crm', ...attested];

let docker: RunningDocker;
beforeAll(async () => {
  docker = await ensureDocker();
});
afterAll(() => docker?.stop());

/** Production with its backup taken while it worked, then ruined: database, objects, everything but the backup. */
async function loseEverything(nimara: PortNimara): Promise<OldBackup> {
  await nimara.untilWritersWrite();
  const backup = await backUp(nimara);
  await nimara.live.putFolder(nimara.objectsFolder);
  await nimara.untilWritersWrite();
  const objectsDirectory = await mkdtemp(join(nimara.folder, 'nothing-'));
  await loseProduction({
    sandbox: { databaseUrl: nimara.databaseUrl, objectsDirectory },
    onLine: () => undefined,
  });
  const keys = await nimara.live.keys();
  // A third is gone, one was overwritten with as many other bytes, one came after the backup.
  for (const key of keys.filter((_, index) => index % 3 === 0)) await nimara.live.remove(key);
  const [victim = ''] = keys.slice(1);
  await nimara.live.put(victim, Buffer.alloc((await nimara.live.get(victim)).length, 'x'));
  await nimara.live.put('receipts/after-the-backup.pdf', Buffer.from('newer than the backup'));
  return backup;
}

function thaw(nimara: PortNimara, ...args: readonly string[]): Promise<ThawEnd> {
  return runThaw({ args, env: nimara.environment, cwd: nimara.folder });
}

/** As it was when production was lost: rows of the source, table by table, and nothing that came after the dump. */
async function expectRowsOf(backup: OldBackup, nimara: PortNimara, logFolder: string): Promise<void> {
  const record = await readRecord(logFolder);
  const started = record.steps.find((step) => step.kind === 'start-services')?.attempts[0]?.startedAt ?? '';
  expect(await countRows(nimara.databaseUrl, new Date(started))).toEqual(backup.rows);
}

async function expectObjectsBack(nimara: PortNimara): Promise<void> {
  const expected = await nimara.backups.digests('minio/');
  const found = new Map(await nimara.live.digests());
  expect(expected.size).toBe(objectCount);
  expect(found.has('receipts/after-the-backup.pdf')).toBe(true);
  found.delete('receipts/after-the-backup.pdf');
  expect(found).toEqual(expected);
}

async function expectNoSecret(nimara: PortNimara, logFolder: string, end: ThawEnd): Promise<void> {
  expect(nimara.secrets.filter((secret) => end.text.includes(secret))).toEqual([]);
  expect(await filesHolding(logFolder, [...nimara.secrets, 'CANARY'])).toEqual([]);
}

const rgw = await findRgw();
if ('binary' in rgw)
  describe('A cold restore of Port Nimara CRM on real parts', () => {
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
          ],
          env: { ...nimara.environment, ENCRYPTION_KEY_FINGERPRINT: text.trim() },
          cwd: nimara.folder,
        });
      });

      it('ends with status 1, and only what a manifest would have told could not be verified', async () => {
        expect(end, end.text).toMatchObject({ status: 1, signal: undefined });
        const record = await readRecord(logFolder);
        expect(record.result).toMatchObject({
          state: 'finished',
          verdict: 'could-not-verify',
          rolledBack: false,
        });
        const unproven = checksOf(record).filter((check) => !/^\S+ passed: /.test(check));
        expect(unproven).toEqual([
          expect.stringMatching(/^choose-snapshot could-not-verify: .* has no manifest/),
          expect.stringMatching(
            /^restore-database could-not-verify: .* rows restored in 15 tables; there is no manifest/,
          ),
          expect.stringMatching(/^smoke-checklist could-not-verify: Database up.*no manifest says/),
        ]);
        expect(record.cleanUp.map(({ verdict }) => verdict)).toEqual(['passed']);
      });

      it('brings back every row of the source, table by table', async () => {
        await expectRowsOf(backup, nimara, logFolder);
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
        await expectNoSecret(nimara, logFolder, end);
      });

      it('is undone by thaw rollback, which keeps what was restored', async () => {
        const undone = await thaw(
          nimara,
          'rollback',
          '--env-file',
          '.env',
          '--log-dir',
          logFolder,
          '--confirm',
          'port_nimara_crm',
        );
        expect(undone, undone.text).toMatchObject({ status: 0 });
        const databases = await listDatabases(nimara.production.url);
        expect(databases).toContain(`port_nimara_crm ${oldDatabase}`);
        expect(databases.filter((name) => name.startsWith('port_nimara_crm__undone_'))).toHaveLength(1);
        expect(databases.filter((name) => /__(before|restore)_/.test(name))).toEqual([]);
        // The ruined one is what production had: it is back as it was, and takes connections.
        expect(Object.keys(await countRows(nimara.databaseUrl))).not.toContain('public.receipts');
        const again = await thaw(
          nimara,
          'rollback',
          '--env-file',
          '.env',
          '--log-dir',
          logFolder,
          '--confirm',
          'port_nimara_crm',
        );
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
        expect(checksOf(record).filter((check) => !/^\S+ passed: /.test(check))).toEqual([]);
        expect(checksOf(record).join('\n')).toMatch(
          /restore-database passed: 15 of 15 tables equal to the manifest/,
        );
        await expectRowsOf(backup, nimara, logFolder);
        await expectObjectsBack(nimara);
        await expectNoSecret(nimara, logFolder, end);
        await nimara.untilWritersWrite();
      });
    });
  });

const minio = await findMinio();
if ('binary' in minio)
  describe('The same against MinIO', () => {
    it('restores rows and objects and proves them', async () => {
      const server = await startMinio(minio.binary);
      let nimara: PortNimara | undefined;
      try {
        nimara = await startPortNimara({ server, docker, objects: objectCount, size: 'small' });
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
        );
        expect(end, end.text).toMatchObject({ status: 0 });
        await expectRowsOf(backup, nimara, logFolder);
        await expectObjectsBack(nimara);
        await expectNoSecret(nimara, logFolder, end);
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

async function keptDatabase(logFolder: string): Promise<{ readonly kept: string }> {
  for (const entry of await readEntries(logFolder)) {
    if (entry.kind === 'fact-recorded' && entry.name === 'swapped') return entry.value as { kept: string };
  }
  throw new Error(`Run ${await newestRun(logFolder)} swapped nothing.`);
}

/** Nobody may connect to it while it is kept, so its door is opened for one look. */
async function newestRowOfOldDatabase(nimara: PortNimara, logFolder: string): Promise<string> {
  const { kept } = await keptDatabase(logFolder);
  const { url } = nimara.production;
  const allow = (isAllowed: boolean) =>
    readValue(url, `alter database ${kept} allow_connections ${isAllowed}`);
  await allow(true);
  const newest = await readValue(
    url.replace(/postgres$/, kept),
    'select max(created_at) as value from clients',
  );
  await allow(false);
  return newest;
}
