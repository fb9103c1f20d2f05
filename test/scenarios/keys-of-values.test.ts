import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startTestCluster, type TestCluster } from '../databases/postgres/cluster.ts';
import { checksOf, readRecord } from '../parts/run-log.ts';
import { shopRunbook } from '../parts/shop-runbook.ts';
import { thawHere } from '../parts/thaw.ts';

/** Values that the server itself encrypted, with pgcrypto: a restore opens them with the key of the env file. */

const key = 'korrekte Batterie, Heftklammer';
let cluster: TestCluster;
let folder = '';
const at = (name: string) => join(folder, name);

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'thaw-values-'));
  cluster = await startTestCluster();
  await cluster.sql('postgres', 'CREATE DATABASE shop');
  const short = key.slice(0, 16);
  await cluster.sql(
    'shop',
    'CREATE EXTENSION pgcrypto',
    'CREATE TABLE notes (id serial PRIMARY KEY, message bytea, armored text, base64 text, raw bytea)',
    `INSERT INTO notes (message, armored, base64, raw) SELECT pgp_sym_encrypt(t, '${key}'), armor(pgp_sym_encrypt(t, '${key}', 'cipher-algo=aes256, compress-algo=1')),
       encode(pgp_sym_encrypt(t, '${key}'), 'base64'), encrypt(convert_to(t, 'UTF8'), '${short}', 'aes')
     FROM (SELECT 'Kundennotiz ' || i || repeat(' ä', i * 400) AS t FROM generate_series(1, 4) i) AS texts`,
  );
  mkdirSync(at('store'));
  const dump = execFileSync(join(cluster.binFolder, 'pg_dump'), ['-Fc', cluster.urlOf('shop')]);
  writeFileSync(at('store/shop-2026-11-19.dump'), dump);
});
afterAll(async () => {
  await cluster?.remove();
  rmSync(folder, { recursive: true, force: true });
});

let runs = 0;
async function restore(column: string, given: { readonly layout: string; readonly key: string }) {
  runs += 1;
  const envFile = at(`env-${runs}`);
  writeFileSync(envFile, `NOTES_KEY='${given.key}'\n`);
  const probe = {
    ...{ title: 'notes', secret: 'NOTES_KEY', query: `SELECT ${column} FROM notes` },
    ...{ layout: given.layout, keyEncoding: 'utf8', lossIfWrong: 'The notes are lost.' },
  };
  const runbook = shopRunbook({
    store: at('store'),
    production: { envFile },
    after: [{ kind: 'verify-secrets', required: ['NOTES_KEY'], probes: [probe] }],
  });
  writeFileSync(at('runbook.yaml'), runbook);
  const logs = at(`logs-${runs}`);
  const args = [
    'restore',
    at('runbook.yaml'),
    '--plain',
    '--yes',
    '--snapshot',
    'latest',
    '--confirm',
    'shop',
  ];
  const end = await thawHere({
    args: [...args, '--log-dir', logs],
    env: { HOME: folder, LIVE: cluster.urlOf('shop') },
    cwd: folder,
  });
  return { end, checks: async () => checksOf(await readRecord(logs)) };
}

describe('values of pgcrypto', () => {
  it.each([
    ['message', 'pgcrypto', key],
    ['armored', 'pgcrypto', key],
    ['base64', 'pgcrypto', key],
    ['raw', 'pgcrypto-raw', key.slice(0, 16)],
  ])('in the column %s are opened by their key', async (column, layout, right) => {
    const { end, checks } = await restore(column, { layout, key: right });
    expect(end.status, end.text).toBe(0);
    expect(await checks()).toContain('verify-secrets passed: notes: NOTES_KEY decrypts 4 of 4 rows');
    expect(end.text).not.toContain(right);
  });

  it('are found where the runbook says another layout', async () => {
    const { end, checks } = await restore('message', { layout: 'fernet', key });
    expect(end.status, end.text).toBe(0);
    expect(await checks()).toContain(
      'verify-secrets passed: notes: NOTES_KEY decrypts 4 of 4 rows as pgcrypto, its key read as utf8; the runbook says fernet',
    );
  });

  it.each(['message', 'raw'])(
    'in the column %s are not opened by another key, and nothing is swapped',
    async (column) => {
      const layout = column === 'raw' ? 'pgcrypto-raw' : 'pgcrypto';
      const before = await cluster.sql('postgres', "SELECT oid FROM pg_database WHERE datname = 'shop'");
      const { end } = await restore(column, { layout, key: 'another key, sad' });
      expect(end.status, end.text).toBe(1);
      expect(end.text).toContain('notes: NOTES_KEY decrypts only 0 of 4 rows');
      expect(await cluster.sql('postgres', "SELECT oid FROM pg_database WHERE datname = 'shop'")).toEqual(
        before,
      );
    },
  );
});
