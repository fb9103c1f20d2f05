// biome-ignore-all lint/suspicious/noTemplateCurlyInString: the placeholders of a runbook look like this.
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { createProcessRunner } from '../../src/adapters/process/execa-process-runner.ts';
import { createSecret } from '../../src/base/secret.ts';
import { openDumpTools } from '../../src/databases/postgres/pg-dump-tools.ts';
import { failureFrom } from '../contracts/object-store.contract.ts';
import { startTestCluster, type TestCluster } from '../databases/postgres/cluster.ts';
import { checksOf, readRecord } from '../parts/run-log.ts';
import { shopRunbook } from '../parts/shop-runbook.ts';
import { runThaw } from '../parts/thaw.ts';

/**
 * A plain dump is a script for psql, which can run programs on the host of whoever restores. Remains: what the server runs is a matter of the
 * rights of the role that restores; what a dump made with --create says of its own database is read and not run.
 */

let production: TestCluster;
let elsewhere: TestCluster;
let folder = '';
const at = (name: string) => join(folder, name);
const marker = () => at('PWNED');

/** What a row may say, word by word what a dump's own first line says. */
const oddNotes = [
  '\\restrict x',
  'a\n\\restrict abc\n\\unrestrict abc\nb',
  "it's\n\\. \n; -- $$ \\! id",
  'C:\\temp\\restrict',
];

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'thaw-plain-'));
  [production, elsewhere] = await Promise.all([startTestCluster(), startTestCluster()]);
  await production.sql('postgres', 'CREATE DATABASE shop');
  await production.sql(
    'shop',
    'CREATE TABLE orders (id serial PRIMARY KEY, note text)',
    `INSERT INTO orders (note) SELECT 'order ' || i FROM generate_series(1, 20) i`,
    ...oddNotes.map((note) => `INSERT INTO orders (note) VALUES ('${note.replaceAll("'", "''")}')`),
    `CREATE FUNCTION says() RETURNS text LANGUAGE sql AS $x$ SELECT '
\\restrict abc
' || E'it\\'s' || '
\\unrestrict abc
' $x$`,
    `COMMENT ON TABLE orders IS '\n\\restrict abc\n'`,
    `CREATE VIEW odd AS SELECT '\n\\restrict abc\n'::text AS a, E'\\\\''\n\\\\restrict abc\n'::text AS b`,
  );
});
afterAll(async () => {
  await Promise.all([production?.remove(), elsewhere?.remove()]);
  rmSync(folder, { recursive: true, force: true });
});
afterEach(() => rmSync(at('PWNED'), { force: true }));

function dump(...options: readonly string[]): string {
  const program = join(production.binFolder, 'pg_dump');
  return execFileSync(program, [...options, production.urlOf('shop')], { maxBuffer: 1e8, encoding: 'utf8' });
}

let stores = 0;
async function run(text: string, ...args: readonly string[]) {
  stores += 1;
  const store = at(`store-${stores}`);
  const logs = at(`logs-${stores}`);
  mkdirSync(store);
  writeFileSync(join(store, 'shop-2026-11-19.sql'), text);
  const path = at(`shop-${stores}.yaml`);
  writeFileSync(
    path,
    shopRunbook({
      store,
      backups: { dumps: { layout: 'shop-{date}.sql', expectTables: ['public.orders'] } },
      inputs: { DRILL: { about: 'elsewhere', secret: true } },
      drill: { database: { url: '${DRILL}' } },
    }),
  );
  const end = await runThaw({
    args: [...args, path, '--plain', '--snapshot', 'latest', '--log-dir', logs],
    env: { HOME: folder, LIVE: production.urlOf('shop'), DRILL: elsewhere.urlOf('shop') },
    cwd: folder,
  });
  return { end, logs };
}

/** What the live application sees: the same database, by its number, with the rows it had. */
async function live() {
  const [database] = await production.sql('postgres', "SELECT oid FROM pg_database WHERE datname = 'shop'");
  const [rows] = await production.sql('shop', 'SELECT count(*) AS rows, max(id) AS newest FROM orders');
  return { ...database, ...rows };
}

const byText = /tries to run commands where it is restored: line \d+ holds/;
const byPsql =
  /tries to run commands where it is restored: psql met a command .*backslash commands are restricted/;

/** Each is read in two ways, by psql and by whoever only looks at the text; and what refuses it. */
const evil: Readonly<Record<string, readonly [(command: string) => string, RegExp]>> = {
  'a dollar quote behind a number': [(command) => `SELECT 1$$ ' $$ \\! ${command}\n-- '\nSELECT 1;`, byText],
  'an escaped text behind a number': [(command) => `SELECT 1E'\\' \\! ${command}\n-- ';\nSELECT 1;`, byText],
  'texts read the old way, switched by a function': [
    (command) =>
      `SELECT pg_catalog.set_config('standard_conforming_strings', 'off', false);\nSELECT 'a\\' -- ';\n\\! ${command}\nSELECT '';`,
    byText,
  ],
  'texts read the old way, behind another statement': [
    (command) => `SELECT 1; SET standard_conforming_strings TO 'off';\nSELECT '\\'' \\! ${command} '\n;`,
    byPsql,
  ],
  'a comment that a carriage return ends': [(command) => `SELECT 1; -- x\r\\! ${command}\nSELECT 1;`, byText],
  'a line that a zero byte cuts': [(command) => `SELECT ' \0 ';\n' \\! ${command}\n;`, byText],
  'a name that looks like a text': [(command) => `SELECT 1 AS U&"\\" \\! ${command}\n-- ";\n;`, byText],
  'a comment inside a comment': [(command) => `/* /* */ ' */ \\! ${command}\n/* ' */ SELECT 1;`, byText],
  'two statements sent as one': [(command) => `SELECT 1\\; SELECT 2 \\! ${command}\n;`, byText],
  'rows of a copy that never began': [
    (command) => `COPY public.nowhere (id) FROM stdin;\n\\! ${command}\n\\.\n`,
    /relation "public.nowhere" does not exist/,
  ],
  'rows of a copy inside a text': [
    (command) => `SELECT 1$$ '\n;\nCOPY public.orders (id, note) FROM stdin;\n' $$;\n\\! ${command}\n`,
    byText,
  ],
  'a copy that psql itself does': [
    (command) => `\\copy public.orders (note) from program '${command}'`,
    byText,
  ],
  'a command behind the end of the rows': [
    (command) => `COPY public.orders (id, note) FROM stdin;\n9999\tx\n\\.\n\\! ${command}\n`,
    byText,
  ],
  'a way out of the restriction': [(command) => `\\unrestrict abc\n\\! ${command}`, byText],
  'a restriction that runs a program': [(command) => `\\restrict \`${command}\`\nSELECT 1;`, byText],
  'a value that runs a program': [(command) => `SELECT :'ENCODING' \\gset \`${command}\`\n;`, byText],
};

describe('a plain dump that would run a program on the host of the restore', () => {
  const sample = () =>
    readFileSync(join(import.meta.dirname, 'evil-plain.sql'), 'utf8').replaceAll('PWNED_FILE', marker());

  it.each([
    { mode: 'a drill', args: ['drill'] },
    { mode: 'a live restore', args: ['restore', '--yes', '--confirm', 'shop'] },
  ])('runs none in $mode, which does not begin', async ({ args }) => {
    const before = await live();
    const { end } = await run(sample(), ...args);
    expect(existsSync(marker()), end.text).toBe(false);
    expect(end.status, end.text).toBe(3);
    expect(end.text).toMatch(/before the walk failed: .* tries to run commands where it is restored/);
    expect(end.text).not.toContain('step 1 of');
    expect(await live()).toEqual(before);
  });

  it('is called hostile by whoever unpacks it, since a large one is not read beforehand', async () => {
    const file = at('evil.sql');
    writeFileSync(file, sample());
    const tools = openDumpTools({
      url: createSecret(production.urlOf('shop')),
      processes: createProcessRunner(),
    });
    const refused = failureFrom(await tools.contents(file));
    expect(refused).toMatchObject({ code: 'hostile' });
    expect(refused.message).toMatch(/tries to run commands where it is restored/);
  });

  it.each(Object.keys(evil))('by %s', async (what) => {
    const [make, says] = evil[what] ?? [];
    const text = make?.(`touch ${marker()}`) ?? '';
    const last = '\n--\n-- PostgreSQL database dump complete';
    const whole = dump().replace(last, () => `\n${text}\n${last}`);
    expect(whole).toContain(text);
    const { end } = await run(whole, 'drill');
    expect(existsSync(marker()), end.text).toBe(false);
    expect(end.status, end.text).toBe(says === byText ? 3 : 1);
    expect(end.text).toMatch(says ?? /^$/);
    expect(await elsewhere.sql('postgres', "SELECT 1 FROM pg_database WHERE datname LIKE 'shop%'")).toEqual(
      [],
    );
  });
});

describe('a genuine plain dump', () => {
  it.each([
    [],
    ['--inserts'],
    ['--clean', '--if-exists'],
    ['--restrict-key=abc'],
    ['--column-inserts', '--rows-per-insert=7'],
  ])('made with %s comes back word by word, whatever its rows say', async (...options) => {
    const { end, logs } = await run(dump(...options), 'drill');
    const checks = checksOf(await readRecord(logs)).join('\n');
    expect(checks, end.text).toMatch(/restore-database passed: 1 of 1 tables equal to the live database/);
    expect(checks).not.toContain(' failed: ');
  });

  it('is live what it was, row by row', async () => {
    const words = async () => ({
      rows: await production.sql('shop', 'SELECT id, note FROM orders ORDER BY id'),
      says: await production.sql('shop', 'SELECT says()'),
      comment: await production.sql('shop', "SELECT obj_description('orders'::regclass) AS text"),
      view: await production.sql('shop', 'SELECT * FROM odd'),
    });
    const before = await words();
    for (const options of [[], ['--inserts']]) {
      const text = `\uFEFF${dump(...options)}`;
      const { oid } = await live();
      const { end } = await run(text, 'restore', '--yes', '--confirm', 'shop');
      expect((await live()).oid, end.text).not.toBe(oid);
      expect(await words()).toEqual(before);
    }
  });

  it('made with --create reaches no database but that of the run, whatever stands among what it says of its own', async () => {
    const before = await live();
    const forged = dump('--create').replace(
      /^\\connect shop$/gm,
      '\\connect postgres\nALTER ROLE postgres CONNECTION LIMIT 0;\nDROP DATABASE shop;\n\\connect shop',
    );
    expect(forged).toContain('DROP DATABASE shop;');
    const { end } = await run(forged, 'drill');
    expect(end.text).toMatch(/24 rows in \d+ tables/);
    expect(await live()).toEqual(before);
    expect(
      await elsewhere.sql('postgres', "SELECT rolconnlimit FROM pg_roles WHERE rolname = 'postgres'"),
    ).toEqual([{ rolconnlimit: '-1' }]);
    for (const connect of [
      '\\connect shop other',
      '\\connect "service=x" \\! id',
      '\\connect -reuse-previous=on shop 127.0.0.1',
    ]) {
      const refused = await run(forged.replace(/^\\connect postgres$/m, connect), 'drill');
      expect(refused.end.status, refused.end.text).toBe(3);
      expect(refused.end.text).toMatch(/tries to run commands where it is restored/);
    }
  });
});
