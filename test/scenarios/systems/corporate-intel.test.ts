import { execFileSync } from 'node:child_process';
import { mkdir, mkdtemp, readFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  analystPassword,
  bucketNames,
  type CorporateIntel,
  startCorporateIntel,
} from '../../parts/corporate-intel.ts';
import { readValue } from '../../parts/count-rows.ts';
import { findRgw } from '../../parts/find-s3-servers.ts';
import { checksOf, filesHolding, newestRun, readRecord } from '../../parts/run-log.ts';
import { type S3Server, startRgw } from '../../parts/s3-servers.ts';
import { runThaw } from '../../parts/thaw.ts';

const rgw = await findRgw();
if ('binary' in rgw) describe('Corporate Intel', corporateIntel);
else
  it('is NOT tried without Ceph RGW', () =>
    void process.stderr.write(`\nCorporate Intel is NOT tried: ${rgw.absentBecause}.\n`));

const minuteMs = 60_000;

function corporateIntel() {
  let server: S3Server;
  let corporate: CorporateIntel;
  let newest: string;
  let apiUrl: string;
  // The application itself: all the checklist asks of it is that it answers.
  const api = createServer((_, answer) => answer.end('{"status":"ok"}'));

  beforeAll(async () => {
    server = await startRgw();
    corporate = await startCorporateIntel(server);
    const now = Date.now();
    await corporate.backUp({ tier: 'monthly', at: new Date(now - 20 * 24 * 60 * minuteMs) });
    await corporate.backUp({ tier: 'weekly', at: new Date(now - 3 * 24 * 60 * minuteMs) });
    newest = await corporate.backUp({ tier: 'daily', at: new Date(now - 40 * minuteMs) });
    await new Promise<void>((resolve) => api.listen(0, '127.0.0.1', resolve));
    const address = api.address();
    apiUrl = `http://127.0.0.1:${typeof address === 'object' ? address?.port : 0}`;
  });
  afterAll(async () => {
    api.close();
    await corporate?.destroy();
    await server?.stop();
  });

  async function thaw(...args: readonly string[]) {
    const logFolder = await mkdtemp(join(corporate.folder, 'log-'));
    const end = await runThaw({
      args: [...args, '--plain', '--log-dir', logFolder],
      env: { ...corporate.environment, APP_URL: apiUrl },
      cwd: corporate.folder,
    });
    return { end, logFolder };
  }
  /** As the producing host does it: with the public key alone. */
  async function takeBackup(runbook: string): Promise<void> {
    const ring = await makePublicRing(corporate);
    const taken = await runThaw({
      args: ['backup', runbook],
      env: { ...corporate.environment, HOME: ring, GPG_PASSPHRASE: '', GPG_PRIVATE_KEY_FILE: '' },
      cwd: corporate.folder,
    });
    expect(taken, taken.text).toMatchObject({ status: 0 });
  }
  const agreed = [
    ...['declare', 'infrastructure', 'routing', 'communicate'].flatMap((id) => ['--answer', `${id}=yes`]),
    ...['--answer', 'smoke-checklist.search=passed', '--yes', '--snapshot', 'latest'],
  ];

  it('lists daily, weekly and monthly dumps of the bucket together, without globals and metadata', async () => {
    const end = await runThaw({
      args: ['snapshots', 'corporate-intel'],
      env: corporate.environment,
      cwd: corporate.folder,
    });
    expect(end, end.text).toMatchObject({ status: 0 });
    for (const tier of ['daily', 'weekly', 'monthly']) expect(end.text).toContain(`corporate_intel_${tier}_`);
    expect(end.text).not.toMatch(/globals|metadata/);
  });

  it('shows that ten budgets add up to 70 minutes and the RTO is 60', async () => {
    const end = await runThaw({ args: ['lint', 'corporate-intel'], env: {}, cwd: corporate.folder });
    expect(end.text).toMatch(/steps have budgets of 1:10:00 together: 10:00 more than the RTO of 1:00:00/);
  });

  it('is verified without touching production: a drill restores into a throwaway database and a sandbox bucket', async () => {
    const before = await readValue(corporate.databaseUrl, 'select count(*) as value from filings');
    const { end, logFolder } = await thaw('drill', 'corporate-intel', '--snapshot', 'latest');
    const record = await readRecord(logFolder);
    const checks = checksOf(record).join('\n');
    expect(checks, end.text).toMatch(/fetch passed: SHA-256 equals daily\/\S+\.metadata\.json/);
    expect(checks).toMatch(/company-data passed: 12 of 12 objects equal by size and MD5/);
    expect(checks).toMatch(/integrity passed: Companies are there: 300/);
    expect(checks).not.toMatch(/ failed: /);
    expect(record.cleanUp.map(({ verdict }) => verdict)).not.toContain('failed');
    expect(await corporate.sandbox.keys()).toEqual([]);
    expect(await corporate.live['company-data'].keys()).toEqual([]);
    expect(await readValue(corporate.databaseUrl, 'select count(*) as value from filings')).toBe(before);
  });

  it('comes back whole on new machines: database, three buckets from their snapshots, configuration, and a timetable in the record', async () => {
    await corporate.sql('truncate filings');
    await corporate.sql('drop role analyst');
    const { end, logFolder } = await thaw(
      ...['restore', 'corporate-intel', '--confirm', 'corporate_intel', '--confirm', 'config', ...agreed],
    );
    const record = await readRecord(logFolder);
    const checks = checksOf(record).join('\n');
    expect(record.result.state, end.text).toBe('finished');
    expect(checks).not.toMatch(/ failed: /);
    expect(await readValue(corporate.databaseUrl, 'select count(*) as value from filings')).toBe('2000');
    const asAnalyst = new URL(corporate.databaseUrl);
    asAnalyst.username = 'analyst';
    asAnalyst.password = analystPassword;
    expect(await readValue(asAnalyst.href, "select pg_has_role('readers', 'member') as value")).toBe('true');
    expect(checks).toMatch(/restore-roles passed: all \d+ roles are there; made: analyst/);
    for (const name of bucketNames)
      expect(await corporate.live[name].digests()).toEqual(await corporate.replicas[name].digests());
    expect(await readFile(join(corporate.configFolder, 'production', 'crontab'), 'utf8')).toContain(
      'postgres-backup.sh',
    );
    const markdown = await readFile(join(logFolder, await newestRun(logFolder), 'record.md'), 'utf8');
    expect(markdown).toMatch(/\| 1 \| Assess the damage and declare the incident \| On-call Engineer \| /);
    expect(markdown).toMatch(
      /The budgets of 12 steps add up to .* one after the other, .* more than the RTO of /,
    );
    expect(await filesHolding(logFolder, corporate.secrets)).toEqual([]);
  });

  it('comes back from the local folder and the replica buckets too', async () => {
    await corporate.sql('truncate filings');
    await corporate.live.embeddings.remove(await corporate.live.embeddings.keys());
    const { end, logFolder } = await thaw(
      ...['restore', 'corporate-intel-local', '--confirm', 'corporate_intel', ...agreed],
    );
    const checks = checksOf(await readRecord(logFolder)).join('\n');
    expect(checks, end.text).not.toMatch(/ failed: /);
    expect(checks).toMatch(/embeddings passed: 12 of 12 objects equal/);
    expect(await readValue(corporate.databaseUrl, 'select count(*) as value from filings')).toBe('2000');
  });

  it('refuses a point in time for a dump, with the reason, before anything is touched', async () => {
    const end = await runThaw({
      args: ['check', 'corporate-intel', '--plain'],
      env: { ...corporate.environment, APP_URL: apiUrl, RECOVER_TO: '2025-10-17 14:30:00 UTC' },
      cwd: corporate.folder,
    });
    expect(end, end.text).toMatchObject({ status: 3 });
    expect(end.text).toMatch(
      /A dump cannot be brought to 2025-10-17 14:30:00 UTC: a pg_dump holds the rows of one moment/,
    );
    expect(end.text).toMatch(/Use a runbook with the step recover-cluster/);
  });

  it('finds a dump that opens and is not the one its metadata was written for', async () => {
    await corporate.exchange(newest);
    const { end } = await thaw('drill', 'corporate-intel', '--snapshot', 'latest');
    expect(end.status, end.text).not.toBe(0);
    expect(end.text).toMatch(/SHA-256 differs from daily\/\S+\.metadata\.json/);
  });

  it('is drilled and restored from a backup that wrote down what was in it, and both end verified', async () => {
    await takeBackup('corporate-intel');
    const drilled = await thaw('drill', 'corporate-intel', '--snapshot', 'latest');
    expect(drilled.end, drilled.end.text).toMatchObject({ status: 0 });
    expect((await readRecord(drilled.logFolder)).result.verdict).toBe('passed');
    await corporate.sql('truncate filings');
    await corporate.sql('drop role analyst');
    const restored = await thaw(
      ...['restore', 'corporate-intel', '--confirm', 'corporate_intel', '--confirm', 'config', ...agreed],
    );
    expect(restored.end, restored.end.text).toMatchObject({ status: 0 });
    const record = await readRecord(restored.logFolder);
    expect(record.result.verdict).toBe('passed');
    expect(checksOf(record).join('\n')).toMatch(
      /restore-roles passed: all \d+ roles are there; made: analyst/,
    );
    expect(await readValue(corporate.databaseUrl, 'select count(*) as value from filings')).toBe('2000');
  });

  it('is drilled and restored from its own folder, and says of the replicas that nobody listed what they should hold', async () => {
    await takeBackup('corporate-intel-local');
    const expectOnlyReplicasOpen = async (logFolder: string) => {
      const open = checksOf(await readRecord(logFolder)).filter(
        (line) => !/ (passed|skipped|not-checked): /.test(line),
      );
      expect(open).toEqual(
        ['company-data', 'embeddings', 'user-uploads'].map((bucket) =>
          expect.stringMatching(
            new RegExp(`^${bucket} could-not-verify: whether the \\d+ objects in .* no list came with them`),
          ),
        ),
      );
    };
    const drilled = await thaw('drill', 'corporate-intel-local', '--snapshot', 'latest');
    expect(drilled.end, drilled.end.text).toMatchObject({ status: 7 });
    await expectOnlyReplicasOpen(drilled.logFolder);
    const restored = await thaw(
      ...['restore', 'corporate-intel-local', '--confirm', 'corporate_intel', ...agreed],
    );
    expect(restored.end, restored.end.text).toMatchObject({ status: 7 });
    await expectOnlyReplicasOpen(restored.logFolder);
  });

  it('is watched, and keeps 7 daily, 4 weekly and 12 monthly dumps with what belongs to them', async () => {
    const metrics = join(corporate.folder, 'metrics.json');
    const env = { ...corporate.environment, BACKUP_METRICS_FILE: metrics };
    const watched = await runThaw({ args: ['monitor', 'corporate-intel'], env, cwd: corporate.folder });
    expect(watched).toMatchObject({ status: 0, text: 'healthy\n' });
    expect(JSON.parse(await readFile(metrics, 'utf8'))).toMatchObject({
      metrics: { success_rate_percent: 100, daily_backup_count: expect.any(Number) },
    });
    // With today's the seven days that have a daily dump are full, and the first of these is one too many.
    const old = await corporate.backUp({ tier: 'daily', at: new Date('2025-06-01T02:00:00Z') });
    for (const day of [2, 3, 4, 5, 6, 7])
      await corporate.backUp({ tier: 'daily', at: new Date(`2025-06-0${day}T02:00:00Z`) });
    const shown = await runThaw({
      args: ['prune', 'corporate-intel', '--dry-run'],
      env,
      cwd: corporate.folder,
    });
    expect(shown, shown.text).toMatchObject({ status: 0 });
    expect(shown.text).toContain(old);
    expect(shown.text).toContain(`${old}.metadata.json`);
    expect(shown.text).toContain(old.replace('corporate_intel_daily', 'globals'));
  });
}

/** The home of a user who has nothing but the public key. */
async function makePublicRing({ folder, gpg, key }: CorporateIntel): Promise<string> {
  const home = await mkdtemp(join(folder, 'home-'));
  const keyring = join(home, '.gnupg');
  await mkdir(keyring, { mode: 0o700 });
  execFileSync('gpg', ['--homedir', keyring, '--batch', '--quiet', '--import', gpg.exportPublic(key)]);
  return home;
}
