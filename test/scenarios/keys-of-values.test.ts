import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startTestCluster, type TestCluster } from '../databases/postgres/cluster.ts';
import { walkShop } from '../parts/walk-shop.ts';

/** Values that the server itself encrypted, with pgcrypto: a restore opens them with the key of the env file. */

const key = 'korrekte Batterie, Heftklammer';
let cluster: TestCluster;
let folder = '';
let dump: Buffer;
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
  dump = execFileSync(join(cluster.binFolder, 'pg_dump'), ['-Fc', cluster.urlOf('shop')]);
});
afterAll(async () => {
  await cluster?.remove();
  rmSync(folder, { recursive: true, force: true });
});

async function restore(column: string, given: { readonly layout: string; readonly key: string }) {
  const envFile = at(`env-of-${column}`);
  writeFileSync(envFile, `NOTES_KEY='${given.key}'\n`);
  const probe = {
    ...{ title: 'notes', secret: 'NOTES_KEY', query: `SELECT ${column} FROM notes` },
    ...{ layout: given.layout, keyEncoding: 'utf8', lossIfWrong: 'The notes are lost.' },
  };
  return walkShop({
    folder,
    dumps: { 'shop-2026-11-19.dump': dump },
    url: cluster.urlOf('shop'),
    runbook: {
      production: { envFile },
      after: [{ kind: 'verify-secrets', required: ['NOTES_KEY'], probes: [probe] }],
    },
  });
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
