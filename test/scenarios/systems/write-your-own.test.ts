import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startTestCluster, type TestCluster } from '../../databases/postgres/cluster.ts';
import { checksOf, readRecord } from '../../parts/run-log.ts';
import { runThaw } from '../../parts/thaw.ts';

const page = readFileSync(fileURLToPath(new URL('../../../docs/write-your-own.md', import.meta.url)), 'utf8');

let production: TestCluster;
let folder = '';
const at = (name: string) => join(folder, name);

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'thaw-shop-'));
  // The last YAML of the page, as a reader would copy it.
  writeFileSync(at('shop.yaml'), /```yaml\n([\s\S]*?)```\s*$/.exec(page)?.[1] ?? '');
  production = await startTestCluster();
  await production.sql('postgres', 'CREATE DATABASE shop');
  await production.sql(
    'shop',
    'CREATE TABLE orders (id serial PRIMARY KEY)',
    'INSERT INTO orders SELECT FROM generate_series(1, 90)',
    "CREATE TABLE invoices AS SELECT i || '/invoice ' || i || '.pdf' AS file FROM generate_series(1, 25) i",
  );
  for (let number = 1; number <= 25; number += 1) {
    mkdirSync(at(`uploads/${number}`), { recursive: true });
    writeFileSync(at(`uploads/${number}/invoice ${number}.pdf`), `invoice ${number}`);
  }
  for (const name of ['backups', 'drills']) mkdirSync(at(name));
  const dump = execFileSync(join(production.binFolder, 'pg_dump'), [production.urlOf('shop')]);
  writeFileSync(at('backups/shop-2026-11-19.sql.gz'), gzipSync(dump));
  execFileSync('tar', ['-czf', at('backups/uploads-2026-11-19.tar.gz'), '-C', at('uploads'), '.']);
});
afterAll(async () => {
  await production?.remove();
  rmSync(folder, { recursive: true, force: true });
});

function thaw(...args: readonly string[]) {
  const [command = '', ...rest] = args;
  return runThaw({
    args: [command, at('shop.yaml'), ...rest],
    env: {
      HOME: folder,
      SHOP_DATABASE_URL: production.urlOf('shop'),
      SHOP_BACKUPS: at('backups'),
      SHOP_UPLOADS: at('uploads'),
      DRILL_UPLOADS: at('drills'),
    },
    cwd: folder,
  });
}
const plain = (logs: string) => ['--plain', '--log-dir', at(logs)];

describe('the runbook of the page "Write your own runbook"', () => {
  it('holds together, and every command the page names works with it', async () => {
    expect(await thaw('lint')).toMatchObject({ status: 0 });
    expect(await thaw('check', '--plain')).toMatchObject({ status: 0 });
    expect((await thaw('snapshots')).text).toContain('2026-11-19');
    expect(await thaw('schedule', '--for', 'cron')).toMatchObject({ status: 0 });
  });

  it('is drilled on a server of its own and leaves nothing behind', async () => {
    const end = await thaw('drill', '--snapshot', 'latest', ...plain('logs-drill'));
    expect([0, 7], end.text).toContain(end.status);
    const record = await readRecord(at('logs-drill'));
    const checks = checksOf(record).join('\n');
    expect(checks).toMatch(/smoke-checklist passed: Every invoice has its file: all 25 rows/);
    expect(checks).toMatch(/uploads passed: 25 files/);
    expect(readdirSync(at('drills'))).toEqual([]);
    const cleaned = record.cleanUp.map(({ text }) => text);
    expect(cleaned).toContainEqual(expect.stringMatching(/^throwaway cluster \S+ stopped and removed$/));
    const databases = "SELECT datname FROM pg_database WHERE datname LIKE 'shop%'";
    expect(await production.sql('postgres', databases)).toEqual([{ datname: 'shop' }]);
  });

  it('brings the shop back', async () => {
    await production.sql('shop', 'DROP TABLE orders');
    rmSync(at('uploads/7'), { recursive: true });
    const answers = ['--yes', '--snapshot', 'latest', '--confirm', 'shop', '--confirm', 'uploads'];
    const attested = ['--answer', 'smoke-checklist.buy=passed:bought by the test'];
    const end = await thaw('restore', ...answers, ...attested, ...plain('logs-restore'));
    expect([0, 7], end.text).toContain(end.status);
    const record = await readRecord(at('logs-restore'));
    const unproven = checksOf(record).filter((check) => !/ (passed|skipped|not-checked): /.test(check));
    expect(unproven.filter((check) => !/manifest|digest|root may give/.test(check))).toEqual([]);
    expect(await production.sql('shop', 'SELECT count(*) FROM orders')).toEqual([{ count: '90' }]);
    expect(readFileSync(at('uploads/7/invoice 7.pdf'), 'utf8')).toBe('invoice 7');
  });
});
