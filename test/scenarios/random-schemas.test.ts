import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync, zstdCompressSync } from 'node:zlib';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createSecret } from '../../src/base/secret.ts';
import { openDatabaseServer } from '../../src/databases/postgres/pg-database-server.ts';
import { startTestCluster, type TestCluster } from '../databases/postgres/cluster.ts';
import { randomSchema, statementsOf } from '../databases/postgres/random-schema.ts';
import { type GpgHome, type GpgKey, makeGpgHome } from '../parts/gpg-keys.ts';
import { runsOf } from '../parts/property-runs.ts';
import { walkShop } from '../parts/walk-shop.ts';

/** Schemas and rows that are drawn, in every format and layer, through the restore of the product: what comes back is what was there. */

let source: TestCluster;
let blank: TestCluster;
let folder = '';
let gpg: GpgHome;
let key: GpgKey;
const at = (name: string) => join(folder, name);
const largest = { maxBuffer: 1e8 };

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'thaw-random-'));
  [source, blank] = await Promise.all([startTestCluster(), startTestCluster()]);
  for (const cluster of [source, blank])
    await cluster.sql('postgres', 'CREATE ROLE odd_owner', 'CREATE ROLE odd_reader');
  execFileSync('age-keygen', ['-o', at('age.key')], { stdio: 'ignore' });
  gpg = makeGpgHome();
  key = gpg.makeKey({ userId: 'backups@shop.invalid', kind: 'ed25519' });
});
afterAll(async () => {
  await Promise.all([source?.remove(), blank?.remove()]);
  gpg?.remove();
  rmSync(folder, { recursive: true, force: true });
});

const dump = (...options: readonly string[]) =>
  execFileSync(join(source.binFolder, 'pg_dump'), [...options, source.urlOf('odd')], largest);

/** Each ending is one that a script may give its dump. */
const formats = {
  dump: () => dump('--format=custom'),
  tar: () => dump('--format=tar'),
  'dir.tar': () => {
    rmSync(at('odd.dir'), { recursive: true, force: true });
    dump('--format=directory', `--file=${at('odd.dir')}`);
    return execFileSync('tar', ['-cf', '-', '-C', folder, 'odd.dir'], largest);
  },
  sql: () => dump(),
  'ins.sql': () => dump('--inserts', '--rows-per-insert=3'),
};

const layers = {
  '': (bytes: Buffer) => bytes,
  '.gz': (bytes: Buffer) => gzipSync(bytes),
  '.zst': (bytes: Buffer) => zstdCompressSync(bytes),
  '.age': (bytes: Buffer) => {
    const recipient = execFileSync('age-keygen', ['-y', at('age.key')], { encoding: 'utf8' }).trim();
    return execFileSync('age', ['-r', recipient], { input: bytes, ...largest });
  },
  '.gpg': (bytes: Buffer) => gpg.encryptTo([key], bytes),
};
const wrappings = fc.constantFrom(
  [''],
  ['.gz'],
  ['.zst'],
  ['.age'],
  ['.gz', '.age'],
  ['.zst', '.age'],
  ['.gpg'],
  ['.gz', '.gpg'],
) as fc.Arbitrary<readonly (keyof typeof layers)[]>;

async function restore(...[bytes, ending]: [Buffer, string]) {
  const secret = ending.endsWith('.gpg')
    ? { privateKeyFile: gpg.exportSecret(key) }
    : { ageIdentityFile: at('age.key') };
  const { end } = await walkShop({
    folder,
    dumps: { [`shop-2026-11-19.${ending}`]: bytes },
    url: blank.urlOf('odd'),
    runbook: {
      endings: '[.dump][.dir][.ins][.tar][.sql][.gz][.zst][.age][.gpg]',
      backups: { key: secret },
    },
  });
  return end;
}

/** Everything: what the catalogue says, and every row of every table, in an order of its own. */
async function whole(cluster: TestCluster, format: string) {
  const server = openDatabaseServer({ url: createSecret(cluster.urlOf('odd')) });
  const found = await server.catalogue('odd');
  if (!found.ok) throw new Error(found.failure.message);
  const tables = await cluster.sql(
    'odd',
    `SELECT c.oid::regclass AS name, CASE relkind WHEN 'S' THEN 'ROW(t.last_value, t.is_called)' ELSE 't' END AS row FROM pg_class c JOIN pg_namespace n ON n.oid = relnamespace
     WHERE nspname = 'odd' AND relkind IN ('r', 'm', 'S')`,
  );
  const rows: string[] = [];
  for (const { name, row: all } of tables) {
    const [row] = await cluster.sql(
      'odd',
      `SELECT count(*) || ' ' || coalesce(md5(string_agg(${all}::text, E'\\n' ORDER BY ${all}::text COLLATE "C")), '') AS sum
       FROM ONLY ${name} t`,
    );
    rows.push(`${name}: ${row?.sum}`);
  }
  // A plain dump says nothing of the database itself.
  const isThere = (section: string) => !format.endsWith('sql') || section !== 'rights to the database';
  const objects = found.value.objects.filter(({ section }) => isThere(section));
  const lines = objects.map(({ section, name, text }) => `${section} | ${name} | ${text}`);
  return { lines: lines.sort(), rows: rows.sort() };
}

describe('a drawn schema with drawn rows', () => {
  it.each(Object.entries(formats))(
    'comes back whole from a dump called .%s, in any layer',
    async (name, make) => {
      await fc.assert(
        fc.asyncProperty(randomSchema, wrappings, async (tables, wrapping) => {
          for (const cluster of [source, blank])
            await cluster.sql('postgres', 'DROP DATABASE IF EXISTS odd WITH (FORCE)');
          await source.sql('postgres', 'CREATE DATABASE odd OWNER odd_owner');
          await source.sql('odd', ...statementsOf(tables, { owner: 'odd_owner', reader: 'odd_reader' }));
          const bytes = wrapping.reduce<Buffer>((inner, layer) => layers[layer](inner), make());
          const end = await restore(bytes, `${name}${wrapping.join('')}`);
          expect(end.text, end.text).toContain('is now the restored database');
          expect(await whole(blank, name)).toEqual(await whole(source, name));
        }),
        { numRuns: runsOf(1), endOnFailure: true },
      );
    },
  );
});
