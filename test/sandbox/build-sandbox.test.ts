import { existsSync } from 'node:fs';
import { mkdir, readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { gunzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { assert } from '../../src/base/assert.ts';
import { buildSandbox, type Sandbox } from '../../src/sandbox/build-sandbox.ts';
import { decryptSetting } from '../../src/sandbox/crm/encrypt-setting.ts';
import { objectContent } from '../../src/sandbox/crm/object-content.ts';
import { loseProduction } from '../../src/sandbox/disaster.ts';
import { endGpgAgent } from '../../src/sandbox/gpg-key.ts';
import { findPostgresFolder } from '../../src/sandbox/postgres-install.ts';
import { waitForWriters } from '../../src/sandbox/wait-for-writers.ts';
import { openSupervisedServices } from '../../src/services/supervisor/supervised-services.ts';
import { commandLinesWith, readColumn, readNumber, runTool, startServices } from './sandbox-parts.ts';

const lines: string[] = [];
let sandbox: Sandbox;

beforeAll(async () => {
  const built = await buildSandbox({ onLine: (line) => lines.push(line), startServices });
  assert(built.ok, `the sandbox is built: ${JSON.stringify(built)}`);
  sandbox = built.value;
});

afterAll(() => sandbox?.destroy());

/** Opens the dump as an operator with the key file alone would, and restores it beside production. */
async function restoreBeside(key: string, database: string): Promise<{ url: string; list: string }> {
  const home = join(sandbox.folder, `keyring-${database}`);
  await mkdir(home, { mode: 0o700 });
  const env = { GNUPGHOME: home };
  const quiet = ['--batch', '--quiet', '--no-tty', '--pinentry-mode', 'loopback', '--passphrase-fd', '0'];
  const passphrase = `${sandbox.environment.BACKUP_GPG_PASSPHRASE}\n`;
  const keyFile = sandbox.environment.BACKUP_GPG_PRIVATE_KEY_FILE ?? '';
  await runTool({ program: 'gpg', args: [...quiet, '--import', keyFile], env, input: passphrase });
  const file = join(sandbox.backupDirectory, key);
  const opened = await runTool({
    program: 'gpg',
    args: [...quiet, '--decrypt', file],
    env,
    input: passphrase,
  });
  await endGpgAgent(home);
  const dump = gunzipSync(opened);
  const pgRestore = join(await findPostgresFolder(), 'pg_restore');
  const list = await runTool({ program: pgRestore, args: ['--list'], input: dump });
  await readColumn(sandbox.databaseUrl, `create database ${database} template template0`);
  const url = new URL(sandbox.databaseUrl);
  url.pathname = `/${database}`;
  await runTool({
    program: pgRestore,
    args: ['--no-owner', '--no-privileges', '--exit-on-error', '--dbname', database],
    env: { PGHOST: url.hostname, PGPORT: url.port, PGUSER: url.username, PGPASSWORD: url.password },
    input: dump,
  });
  return { url: url.href, list: list.toString() };
}

const objectRows = `select storage_key || ' ' || size_bytes as value from receipts
  union all select storage_key || ' ' || size_bytes from documents`;

async function sizesOfFiles(folder: string, rows: readonly string[]): Promise<readonly string[]> {
  return Promise.all(
    rows.map(async (row) => {
      const [key = ''] = row.split(' ');
      return `${key} ${(await stat(join(folder, key))).size}`;
    }),
  );
}

describe('a company that works', () => {
  it('says what happens in calm lines', () => {
    expect(lines.length).toBeGreaterThan(4);
    expect(lines.join('\n')).not.toContain('CANARY');
  });

  it('has about 20,000 rows in fifteen tables of two schemas and 300 files', async () => {
    const { rows } = sandbox.truth;
    expect(Object.keys(rows)).toHaveLength(15);
    expect(rows['reporting.monthly_revenue']).toBeGreaterThan(10);
    expect(Object.values(rows).reduce((sum, count) => sum + count, 0)).toBeGreaterThan(19_000);
    const objects = await readdir(sandbox.objectsDirectory, { recursive: true });
    expect(objects.filter((name) => name.endsWith('.pdf')).length).toBeGreaterThanOrEqual(300);
  });

  it('keeps writing: every service adds rows after any moment', async () => {
    const clients = () => readNumber(sandbox.databaseUrl, 'select count(*) as value from clients');
    const before = await clients();
    const written = await waitForWriters({ databaseUrl: sandbox.databaseUrl, since: new Date() });
    expect(written).toEqual({ ok: true, value: undefined });
    await expect.poll(clients, { timeout: 5000 }).toBeGreaterThan(before);
    const services = await readColumn(
      sandbox.databaseUrl,
      "select distinct application_name as value from pg_stat_activity where application_name like 'crm-%' order by 1",
    );
    expect(services).toEqual(expect.arrayContaining(['crm-scheduler', 'crm-web', 'crm-worker']));
  });

  it('answers on its health address and serves the files that rows name', async () => {
    const health = await fetch(sandbox.healthUrl);
    expect(health.status).toBe(200);
    expect(await health.json()).toMatchObject({ status: 'ok', clients: expect.any(Number) });
    const [row = ''] = await readColumn(sandbox.databaseUrl, `${objectRows} limit 1`);
    const [key = '', size] = row.split(' ');
    const file = await fetch(`${sandbox.environment.CRM_URL}/files/${key}`);
    const body = Buffer.from(await file.arrayBuffer());
    expect(body.equals(objectContent({ key, sizeBytes: Number(size) }))).toBe(true);
    expect((await fetch(`${sandbox.environment.CRM_URL}/files/..%2f.env`)).status).toBe(404);
  });

  it('has a file of the right size for every receipt and document', async () => {
    const rows = await readColumn(sandbox.databaseUrl, objectRows);
    expect(await sizesOfFiles(sandbox.objectsDirectory, rows)).toEqual(rows);
  });

  it('keeps settings that only the key of its .env opens', async () => {
    const values = await readColumn(
      sandbox.databaseUrl,
      'select value from system_settings where encrypted order by key',
    );
    const key = sandbox.environment.ENCRYPTION_KEY ?? '';
    expect(await readFile(sandbox.envFile, 'utf8')).toContain(`ENCRYPTION_KEY=${key}\n`);
    expect(values.map((value) => decryptSetting(value, key))).toEqual([
      expect.stringContaining('CANARY'),
      expect.stringContaining('CANARY'),
    ]);
    expect(values.map((value) => decryptSetting(value, '0'.repeat(64)))).toEqual([undefined, undefined]);
  });

  it('comes back by itself after every connection is cut', async () => {
    const cut = await readColumn(
      sandbox.databaseUrl,
      `select pg_terminate_backend(pid) as value from pg_stat_activity
       where application_name in ('crm-web', 'crm-worker', 'crm-scheduler')`,
    );
    expect(cut.length).toBeGreaterThanOrEqual(3);
    const written = await waitForWriters({ databaseUrl: sandbox.databaseUrl, since: new Date() });
    expect(written.ok).toBe(true);
  });

  it('ends its services cleanly on SIGTERM', async () => {
    const services = openSupervisedServices({ controlFile: sandbox.controlFile });
    const stopped = await services.stop({ names: [], onLine: () => undefined });
    expect(stopped.ok).toBe(true);
    const log = await readFile(join(sandbox.folder, 'services', 'worker.log'), 'utf8');
    expect(log).toMatch(/reconnected socket 1 of 12[\s\S]+socket 12 of 12\n.*queue is empty[\s\S]+ended\n$/);
    const rest = 'select count(*) as value from audit_logs';
    const before = await readNumber(sandbox.databaseUrl, rest);
    await sleep(600);
    expect(await readNumber(sandbox.databaseUrl, rest)).toBe(before);
    await startServices(sandbox.controlFile);
    expect((await waitForWriters({ databaseUrl: sandbox.databaseUrl, since: new Date() })).ok).toBe(true);
  });

  it('shows no secret in any command line, and has the canary in each of them', async () => {
    expect(await commandLinesWith('CANARY')).toEqual([]);
    const hexCanary = Buffer.from('CANARY').toString('hex');
    const ours = sandbox.secrets.filter(
      (secret) => secret.includes('CANARY') || secret.startsWith(hexCanary),
    );
    expect(ours).toHaveLength(8);
    for (const file of [
      sandbox.envFile,
      sandbox.controlFile,
      sandbox.environment.BACKUP_GPG_PRIVATE_KEY_FILE,
    ]) {
      expect((await stat(file ?? '')).mode & 0o777).toBe(0o600);
    }
  });
});

describe('its old backups', () => {
  it('restore, with the key file alone and the rights of the application, to exactly the rows of the truth', async () => {
    const { url, list } = await restoreBeside(sandbox.truth.key, 'beside_newest');
    expect(list).toMatch(/EXTENSION - pgcrypto/);
    expect(list).toMatch(/TABLE DATA reporting monthly_revenue/);
    for (const [table, count] of Object.entries(sandbox.truth.rows)) {
      const [schema, name] = table.split('.');
      const restored = await readNumber(url, `select count(*) as value from "${schema}"."${name}"`);
      expect(`${table} ${restored}`).toBe(`${table} ${count}`);
    }
    const rows = await readColumn(url, objectRows);
    expect(await sizesOfFiles(join(sandbox.backupDirectory, 'minio'), rows)).toEqual(rows);
  });

  it('are three hours: the newest, one an hour older with fewer rows, and one that is empty', async () => {
    const names = await readdir(join(sandbox.backupDirectory, 'pg'), { recursive: true });
    const keys = names.filter((name) => name.endsWith('.dump.gz.gpg')).toSorted();
    expect(keys).toHaveLength(3);
    const sizes = await Promise.all(
      keys.map(async (key) => (await stat(join(sandbox.backupDirectory, 'pg', key))).size),
    );
    expect(sizes[0]).toBe(0);
    expect(`pg/${keys[2]}`).toBe(sandbox.truth.key);
    const { url } = await restoreBeside(`pg/${keys[1]}`, 'beside_older');
    const older = await readNumber(url, 'select count(*) as value from clients');
    expect(older).toBeLessThan(sandbox.truth.rows['public.clients'] ?? 0);
  });
});

describe('its disaster', () => {
  it('leaves a ruined database, no objects, and services that still write', async () => {
    const words: string[] = [];
    const lost = await loseProduction({ sandbox, onLine: (line) => words.push(line) });
    expect(lost.objectsRemoved).toBeGreaterThanOrEqual(300);
    expect(await readdir(sandbox.objectsDirectory)).toEqual([]);
    expect(words.join('\n')).toMatch(/truncate clients[\s\S]+ERROR: division by zero/);
    const tables = await readColumn(
      sandbox.databaseUrl,
      "select table_schema || '.' || table_name as value from information_schema.tables where table_type = 'BASE TABLE'",
    );
    expect(tables).toContain('public.clients');
    expect(tables).not.toContain('public.receipts');
    expect(tables).not.toContain('reporting.monthly_revenue');
    const clients = () => readNumber(sandbox.databaseUrl, 'select count(*) as value from clients');
    const before = await clients();
    expect(before).toBeLessThan(100);
    await expect.poll(clients, { timeout: 5000 }).toBeGreaterThan(before);
  });
});

describe('its end', () => {
  it('leaves no process and no folder, also when called twice', async () => {
    await Promise.all([sandbox.destroy(), sandbox.destroy()]);
    await sandbox.destroy();
    expect(existsSync(sandbox.folder)).toBe(false);
    expect(await commandLinesWith(sandbox.folder)).toEqual([]);
    await expect(fetch(sandbox.healthUrl)).rejects.toThrow();
  });
});
