import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startTestCluster, type TestCluster } from '../databases/postgres/cluster.ts';
import { checksOf, readRecord } from '../parts/run-log.ts';
import { shopRunbook } from '../parts/shop-runbook.ts';
import { thawHere } from '../parts/thaw.ts';

/** A dump that others made, with neither digest nor manifest beside it, of one thing of each kind whose name can be looked for. */
const schema = [
  'CREATE SCHEMA "odd name"',
  "CREATE TYPE mood AS ENUM ('good', 'bad')",
  'CREATE TYPE pair AS (a int, b text)',
  'CREATE DOMAIN plus AS int CONSTRAINT is_plus CHECK (VALUE > 0)',
  'CREATE FUNCTION twice(int) RETURNS int LANGUAGE sql IMMUTABLE AS $$ SELECT $1 * 2 $$',
  'CREATE FUNCTION twice(n numeric, "odd (arg" text) RETURNS numeric LANGUAGE sql IMMUTABLE AS $$ SELECT n * 2 $$',
  'CREATE PROCEDURE nothing() LANGUAGE sql AS $$ SELECT 1 $$',
  'CREATE AGGREGATE total(int) (SFUNC = int4pl, STYPE = int, INITCOND = 0)',
  'CREATE TABLE clients (id serial PRIMARY KEY, name text NOT NULL, mood mood, n plus, UNIQUE (name))',
  'CREATE TABLE "odd name"."Table . With (dots)" (id int REFERENCES clients, CONSTRAINT "odd one" CHECK (id > 0))',
  'CREATE TABLE parts (at date, n int) PARTITION BY RANGE (at)',
  "CREATE TABLE parts_2026 PARTITION OF parts FOR VALUES FROM ('2026-01-01') TO ('2027-01-01')",
  'CREATE INDEX parts_n ON parts (n)',
  'CREATE VIEW good AS SELECT * FROM clients',
  'CREATE MATERIALIZED VIEW counted AS SELECT count(*) FROM clients',
  'CREATE STATISTICS related ON id, n FROM clients',
  'CREATE FUNCTION touch() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NEW; END $$',
  'CREATE TRIGGER touched BEFORE UPDATE ON clients FOR EACH ROW EXECUTE FUNCTION touch()',
  'CREATE RULE quiet AS ON DELETE TO clients DO INSTEAD NOTHING',
  'ALTER TABLE clients ENABLE ROW LEVEL SECURITY',
  'CREATE POLICY everybody ON clients USING (true)',
  "INSERT INTO clients (name, n) VALUES ('Ada', 1), ('Bob', 2)",
  "INSERT INTO parts VALUES ('2026-11-19', 1)",
];

let cluster: TestCluster;
let folder = '';
const at = (name: string) => join(folder, name);

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'thaw-proof-'));
  cluster = await startTestCluster();
  await cluster.sql('postgres', 'CREATE DATABASE shop');
  await cluster.sql('shop', ...schema);
  mkdirSync(at('store'));
  for (const [format, ending] of [
    ['custom', 'dump'],
    ['tar', 'tar'],
    ['plain', 'sql'],
  ] as const) {
    mkdirSync(at(format));
    const dump = execFileSync(join(cluster.binFolder, 'pg_dump'), [
      `--format=${format}`,
      cluster.urlOf('shop'),
    ]);
    writeFileSync(join(at(format), `shop-${new Date().toISOString().slice(0, 10)}.${ending}`), dump);
  }
});
afterAll(async () => {
  await cluster?.remove();
  rmSync(folder, { recursive: true, force: true });
});

let walks = 0;

/** @param proof what the runbook says; left out, it says nothing. */
async function walk(
  args: readonly string[],
  given: { readonly proof?: string; readonly format?: string; readonly live?: string } = {},
) {
  const { proof, format = 'custom', live = cluster.urlOf('shop') } = given;
  walks += 1;
  const runbook = at(`runbook-${walks}.yaml`);
  const text = shopRunbook({ store: at(format), endings: '[.dump][.tar][.sql]', drill: {} });
  writeFileSync(runbook, `${proof === undefined ? '' : `proof: ${proof}\n`}${text}`);
  const logs = at(`logs-${walks}`);
  const [command = '', ...more] = args;
  const end = await thawHere({
    args: [command, runbook, '--plain', ...more, '--log-dir', logs],
    env: { HOME: folder, LIVE: live },
    cwd: folder,
  });
  return { end, logs, index: () => readFileSync(join(logs, 'backup-drills.md'), 'utf8') };
}

const drill = ['drill', '--yes', '--snapshot', 'latest'];
const restore = ['restore', '--yes', '--snapshot', 'latest', '--confirm', 'shop'];

describe('a dump that others made', () => {
  it.each(['custom', 'tar', 'plain'])(
    'comes back whole and equals the live database: a success (%s)',
    async (format) => {
      const { end, logs, index } = await walk(drill, { format });
      const record = await readRecord(logs);
      expect(end.status, end.text).toBe(0);
      expect(end.text).toMatch(/ VERIFIED against the live database /);
      expect(index()).toContain('| VERIFIED against the live database |');
      expect(record.result).toMatchObject({ verdict: 'passed', proof: 'dump', proven: ['dump', 'live'] });
      expect(checksOf(record).join('\n')).toMatch(
        /restore-database passed: (\d+) of \1 entries of the archive went in: \d+ are in the catalogue by name/,
      );
      // What would have checked the rest is said.
      const open = record.result.notChecked?.map(({ text, remedy }) => `${text} → ${remedy}`).join('\n');
      expect(open).toMatch(/no manifest to compare them with → Take backups with `thaw backup`/);
      expect(end.text).toMatch(
        /not checked: .*no manifest to compare them with\n.*→ Take backups with `thaw backup`/,
      );
    },
  );

  it('is not verified where the runbook asks for a manifest: nothing failed, and that is status 7', async () => {
    const { end, logs, index } = await walk(drill, { proof: 'manifest' });
    expect(end.status, end.text).toBe(7);
    expect((await readRecord(logs)).result.verdict).toBe('could-not-verify');
    expect(index()).toContain('| COULD NOT VERIFY everything |');
  });

  it('is restored, and verified against the dump alone: there is no live database to compare with', async () => {
    const { end, logs } = await walk(restore);
    expect(end.status, end.text).toBe(0);
    expect(end.text).toMatch(/ VERIFIED against the dump /);
    expect((await readRecord(logs)).result.proven).toEqual(['dump']);
  });

  it('is not verified by a restore where the live database is asked for, which only a drill compares', async () => {
    const { end } = await walk(restore, { proof: 'live' });
    expect(end.status, end.text).toBe(7);
    expect(end.text).toMatch(/could not verify: nothing was held against the live database/);
  });

  it('that lacks a row of the live database fails, whatever is asked', async () => {
    await cluster.sql('postgres', 'CREATE DATABASE more TEMPLATE shop');
    await cluster.sql('more', 'CREATE TABLE later (id int)', 'INSERT INTO later VALUES (1)');
    const { end } = await walk(drill, { proof: 'dump', live: cluster.urlOf('more') });
    expect(end.status, end.text).toBe(1);
    expect(end.text).toMatch(/the backup lacks what is live: public.later is missing/);
  });

  it.each([
    [undefined, 0, 'Verified against the dump.'],
    ['manifest', 7, 'Not all could be verified: see above.'],
  ])('is verified by its own proof: asked for %s', async (proof, status, words) => {
    const { end } = await walk(['verify', '--restore'], proof === undefined ? {} : { proof });
    expect(end.status, end.text).toBe(status);
    expect(end.text).toContain(words);
  });

  it('makes a drill that proved not everything no failure for the monitor either: 7, and not 1', async () => {
    const { end, logs } = await walk(drill, { proof: 'manifest' });
    expect(end.status, end.text).toBe(7);
    const looked = await thawHere({
      args: ['monitor', at(`runbook-${walks}.yaml`), '--log-dir', logs],
      env: { HOME: folder, LIVE: cluster.urlOf('shop') },
      cwd: folder,
    });
    expect(looked.text).toMatch(/warning: the newest drill, .*, did not prove everything/);
    expect(looked.status, looked.text).toBe(7);
  });
});
