import { execFileSync } from 'node:child_process';
import { readFileSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createProcessRunner } from '../../../src/adapters/process/execa-process-runner.ts';
import { readDumpHead } from '../../../src/backups/dump-head.ts';
import { createSecret } from '../../../src/base/secret.ts';
import { openDumpTools } from '../../../src/databases/postgres/pg-dump-tools.ts';
import type { RestoreRequest } from '../../../src/ports/dump-tools.ts';
import { failureFrom, valueFrom } from '../../contracts/object-store.contract.ts';
import { startTestCluster, type TestCluster } from './cluster.ts';

let cluster: TestCluster;
let tools: ReturnType<typeof openDumpTools>;
const file = (name: string) => join(cluster.folder, name);

function dump(to: string, ...options: string[]): string {
  const path = file(to);
  const url = cluster.urlOf('shop');
  execFileSync(join(cluster.binFolder, 'pg_dump'), [`--file=${path}`, ...options, url]);
  return path;
}

function changed(from: string, to: string, change: (text: string) => string): string {
  const path = file(to);
  writeFileSync(path, change(readFileSync(from, 'utf8')));
  return path;
}

async function restoreInto(database: string, request: Partial<RestoreRequest> & { readonly file: string }) {
  await cluster.sql('postgres', `CREATE DATABASE "${database}" TEMPLATE template0`);
  return tools.restore({
    database,
    jobs: 2,
    onLine: () => {},
    onEntry: () => {},
    stallMs: 60_000,
    ...request,
  });
}

const nastyNote =
  "it''s; \\! touch /tmp/x\n\\connect postgres\n-- PostgreSQL database dump complete\n$$ \" /*";

beforeAll(async () => {
  cluster = await startTestCluster();
  tools = openDumpTools({ url: createSecret(cluster.urlOf('shop')), processes: createProcessRunner() });
  await cluster.sql('postgres', 'CREATE DATABASE shop', 'CREATE ROLE teller', 'CREATE ROLE gone LOGIN');
  await cluster.sql(
    'shop',
    'CREATE TABLE orders (id serial PRIMARY KEY, note text)',
    "INSERT INTO orders (note) SELECT 'row ' || i FROM generate_series(1, 3000) i",
    `INSERT INTO orders (note) VALUES ('${nastyNote}')`,
    'CREATE SCHEMA tills',
    'CREATE TABLE tills."odd; name" (id int)',
    'INSERT INTO tills."odd; name" VALUES (1), (2)',
    `CREATE FUNCTION shout(t text) RETURNS text LANGUAGE plpgsql AS $body$
       BEGIN
         -- it's a comment with a ' in it
         EXECUTE 'GRANT SELECT ON orders TO gone';
GRANT SELECT ON orders TO gone;
         RETURN upper(t) || E'\\'; \\\\' ;
       END $body$`,
    `COMMENT ON TABLE orders IS '${nastyNote}'`,
    'CREATE EXTENSION pgcrypto',
    'ALTER TABLE orders OWNER TO gone',
    'GRANT SELECT ON orders TO teller',
  );
});

afterAll(() => cluster.remove());

describe('a plain SQL dump', () => {
  it('is recognised by its first bytes and listed like an archive', async () => {
    const path = dump('shop.sql');
    const head = valueFrom(readDumpHead(readFileSync(path).subarray(0, 4096)));
    expect(head.format).toBe('plain');
    const contents = valueFrom(await tools.contents(path));
    expect(contents).toMatchObject({ format: 'plain', locale: { encoding: 'UTF8' } });
    expect(contents.dumpedFromVersion).toMatch(/^\d+\.\d+/);
    expect(head).toMatchObject({ serverVersion: contents.dumpedFromVersion });
    const names = contents.entries.map((entry) => `${entry.type} ${entry.schema ?? '-'}.${entry.name}`);
    expect(names).toContain('TABLE public.orders');
    expect(names).toContain('TABLE DATA tills.odd; name');
    expect(names.filter((name) => name.startsWith('TABLE DATA'))).toHaveLength(2);
  });

  it.each([[], ['--inserts'], ['--clean', '--if-exists'], ['--rows-per-insert=100']])(
    'made with %s comes back whole, without the roles of the other server',
    async (...options) => {
      const path = dump('roles.sql', ...options);
      await cluster.sql(
        'postgres',
        'ALTER ROLE gone RENAME TO elsewhere',
        'ALTER ROLE teller RENAME TO away',
      );
      const database = `plain ${options.join(' ').replace('=', ' ')}`;
      const done: number[] = [];
      const report = valueFrom(
        await restoreInto(database, { file: path, onEntry: (count) => done.push(count) }),
      );
      await cluster.sql(
        'postgres',
        'ALTER ROLE elsewhere RENAME TO gone',
        'ALTER ROLE away RENAME TO teller',
      );
      expect(report).toMatchObject({ exitCode: 0, messages: [] });
      expect(done.at(-1)).toBe(valueFrom(await tools.contents(path)).entries.length);
      const [row] = await cluster.sql(
        database,
        'SELECT count(*) AS rows, max(note) FILTER (WHERE id = 3001) AS note FROM orders',
      );
      const [live] = await cluster.sql('shop', 'SELECT note FROM orders WHERE id = 3001');
      expect(row).toEqual({ rows: '3001', note: live?.note });
      const source = "SELECT md5(prosrc) AS source FROM pg_proc WHERE proname = 'shout'";
      expect(await cluster.sql(database, source)).toEqual(await cluster.sql('shop', source));
      expect(await cluster.sql(database, "SELECT obj_description('orders'::regclass) AS text")).toEqual(
        await cluster.sql('shop', "SELECT obj_description('orders'::regclass) AS text"),
      );
    },
  );

  it('that was cut off is called damaged, wherever the cut is', async () => {
    const path = dump('whole.sql');
    const sizeBytes = statSync(path).size;
    const lastLine = readFileSync(path).lastIndexOf('database dump complete');
    for (const keptBytes of [400, Math.floor(sizeBytes / 2), lastLine]) {
      const cut = changed(path, 'cut.sql', (text) => text);
      truncateSync(cut, keptBytes);
      expect(failureFrom(await tools.contents(cut)).code).toBe('damaged');
    }
    truncateSync(file('cut.sql'), Math.floor(sizeBytes / 2));
    const database = 'half';
    const restored = await restoreInto(database, { file: file('cut.sql') });
    expect(restored.ok && restored.value.exitCode === 0).toBe(false);
  });

  it.each([
    { what: 'a shell command', code: 'hostile', line: '\\! touch /tmp/thaw-was-here' },
    { what: 'another database', code: 'hostile', line: '\\connect postgres' },
    { what: 'a database of its own', code: 'invalid-input', line: 'CREATE DATABASE other;' },
    { what: 'a role', code: 'invalid-input', line: 'ALTER ROLE postgres SUPERUSER;' },
    { what: 'a command behind a statement', code: 'hostile', line: 'SELECT 1 \\g /tmp/thaw-was-here' },
  ])('that holds $what is refused before psql sees it', async ({ line, code }) => {
    const path = changed(dump('good.sql'), 'bad.sql', (text) => text.replace('\nSET ', `\n${line}\nSET `));
    const failure = failureFrom(await tools.contents(path));
    expect(failure).toMatchObject({ code, retry: 'never' });
    expect(failure.message).toMatch(/line \d+/);
  });

  it('with a backslash key in it restores, since the key is left out', async () => {
    const path = changed(dump('plain.sql'), 'restricted.sql', (text) => {
      const open = text.replace(/^\\(un)?restrict .*\n/gm, '');
      return `${open.replace('\nSET ', '\n\\restrict abcDEF123\n\nSET ')}\n\\unrestrict abcDEF123\n\n`;
    });
    expect(valueFrom(await restoreInto('restricted', { file: path }))).toMatchObject({ exitCode: 0 });
  });

  it('stops at the first error and names it with its SQLSTATE', async () => {
    const path = changed(dump('plain.sql'), 'wrong.sql', (text) =>
      text.replace('CREATE TABLE public.orders', 'CREATE TABLE nowhere.orders'),
    );
    const report = valueFrom(await restoreInto('stopped', { file: path }));
    expect(report.exitCode).toBe(3);
    expect(report.messages).toEqual([
      expect.objectContaining({ weight: 'fatal', text: expect.stringMatching(/^3F000: .*nowhere/) }),
    ]);
  });

  const rows = async (database: string, table = 'orders') =>
    (await cluster.sql(database, `SELECT count(*) AS rows FROM ${table}`))[0]?.rows;

  it('of one schema, which every database has already, comes back whole', async () => {
    const path = dump('of-public.sql', '--schema=public');
    const report = valueFrom(await restoreInto('of public', { file: path }));
    expect(report).toMatchObject({ exitCode: 0, messages: [{ weight: 'harmless' }] });
    expect(await rows('of public')).toBe('3001');
  });

  it('of a newer pg_dump, with settings that this server does not know, comes back whole', async () => {
    const path = changed(dump('plain.sql'), 'newer.sql', (text) =>
      text.replace('\nSET ', '\nSET transaction_timeout = 0;\nSET thaw_of_the_future = 1;\nSET '),
    );
    const report = valueFrom(await restoreInto('newer', { file: path }));
    expect(report.exitCode).toBe(0);
    expect(report.messages.map(({ weight, text, command }) => `${weight} ${text} ${command}`)).toEqual(
      expect.arrayContaining([
        'harmless 42704: unrecognized configuration parameter "thaw_of_the_future" SET thaw_of_the_future = 1;',
      ]),
    );
    expect(report.messages.every(({ weight }) => weight === 'harmless')).toBe(true);
    expect(await rows('newer')).toBe('3001');
    expect(await rows('newer', 'tills."odd; name"')).toBe('2');
  });

  it.each([[['--clean']], [['--clean', '--schema=public']]])(
    'made with %s drops nothing, since nothing is there',
    async (options) => {
      const path = dump('clean.sql', ...options);
      expect(readFileSync(path, 'utf8')).toMatch(/^DROP TABLE public\.orders;$/m);
      const database = `clean ${options.length}`;
      const report = valueFrom(await restoreInto(database, { file: path }));
      expect(report.exitCode).toBe(0);
      expect(report.messages.filter(({ weight }) => weight !== 'harmless')).toEqual([]);
      expect(await rows(database)).toBe('3001');
    },
  );

  it('with policies for roles that are missing asks about each, and restores everything else', async () => {
    await cluster.sql(
      'shop',
      'CREATE ROLE authenticated',
      'CREATE ROLE auditor',
      'CREATE TABLE secrets (id int)',
      'INSERT INTO secrets SELECT generate_series(1, 5)',
      'ALTER TABLE secrets ENABLE ROW LEVEL SECURITY',
      'CREATE POLICY first ON secrets TO authenticated USING (true)',
      "CREATE POLICY second ON secrets TO auditor USING ('; -- ' <> $$\n$$)",
      'CREATE POLICY third ON secrets USING (id > 0)',
    );
    const path = dump('policies.sql');
    await cluster.sql('shop', 'DROP TABLE secrets', 'DROP ROLE authenticated', 'DROP ROLE auditor');
    const report = valueFrom(await restoreInto('policies', { file: path }));
    expect(report).toMatchObject({
      exitCode: 0,
      messages: [
        {
          weight: 'needs-decision',
          text: '42704: role "authenticated" does not exist',
          command: 'CREATE POLICY first ON public.secrets TO authenticated USING (true);',
        },
        { weight: 'needs-decision', text: '42704: role "auditor" does not exist' },
      ],
    });
    expect(await rows('policies', 'secrets')).toBe('5');
    expect(await rows('policies')).toBe('3001');
    expect(await cluster.sql('policies', 'SELECT polname FROM pg_policy')).toEqual([{ polname: 'third' }]);
  });

  it('goes on behind errors far apart, with the settings that were in force there', async () => {
    await cluster.sql(
      'shop',
      'CREATE ROLE passing',
      'CREATE TABLE large AS SELECT i, repeat(md5(i::text), 30) AS t FROM generate_series(1, 40000) i',
      'CREATE TABLE a_first (id int)',
      'CREATE POLICY p ON a_first TO passing',
      'CREATE POLICY p ON large TO passing',
    );
    const path = dump('large.sql');
    expect(statSync(path).size).toBeGreaterThan(36e6);
    // The one before the rows, and the one behind them, far more than is kept at hand.
    const early = changed(path, 'early.sql', (text) =>
      text.replace(
        '\nSET default_tablespace',
        '\nCREATE POLICY p ON public.a_first TO teller;\n\nSET default_tablespace',
      ),
    );
    await cluster.sql('shop', 'DROP TABLE large, a_first', 'DROP ROLE passing');
    const report = valueFrom(await restoreInto('far', { file: early }));
    expect(report.exitCode).toBe(3);
    expect(report.messages).toEqual([
      expect.objectContaining({ weight: 'fatal', text: expect.stringMatching(/^42P01/) }),
    ]);
    const late = valueFrom(await restoreInto('late', { file: path }));
    expect(late.exitCode).toBe(0);
    expect(late.messages.map(({ weight }) => weight)).toEqual(['needs-decision', 'needs-decision']);
    expect(await rows('late', 'large')).toBe('40000');
  });

  it.each([[['--create']], [['--create', '--clean']], [['--create', '--clean', '--if-exists']]])(
    'made with %s goes into the database it is told, and says what belongs to its own',
    async (options) => {
      await cluster.sql(
        'postgres',
        'ALTER DATABASE shop SET search_path = tills, public',
        "ALTER ROLE teller IN DATABASE shop SET work_mem = '8MB'",
        "COMMENT ON DATABASE shop IS 'the shop''s'",
        'GRANT TEMPORARY ON DATABASE shop TO teller WITH GRANT OPTION',
      );
      const path = dump('created.sql', ...options);
      expect(readFileSync(path, 'utf8')).toMatch(/^\\connect /m);
      const contents = valueFrom(await tools.contents(path));
      expect(contents).toMatchObject({
        locale: { encoding: 'UTF8', provider: 'libc', collation: 'C.UTF-8' },
        database: { comment: "the shop's" },
        rights: { databaseOwner: 'postgres' },
      });
      const statements = contents.database?.statements.join('\n');
      for (const words of [
        "search_path TO 'tills', 'public'",
        "IN DATABASE shop SET work_mem TO '8MB'",
        'TO teller WITH GRANT OPTION',
      ])
        expect(statements).toContain(words);
      const database = `created ${options.join(' ')}`;
      const before = await cluster.sql('postgres', 'SELECT count(*) FROM pg_database');
      const report = valueFrom(await restoreInto(database, { file: path }));
      expect(report.exitCode).toBe(0);
      expect(report.messages.filter(({ weight }) => weight !== 'harmless')).toEqual([]);
      expect(await rows(database)).toBe('3001');
      const after = await cluster.sql('postgres', 'SELECT count(*) - 1 AS count FROM pg_database');
      expect(after).toEqual(before);
    },
  );

  it('of a database in LATIN1 comes back with its letters', async () => {
    await cluster.sql(
      'postgres',
      "CREATE DATABASE west TEMPLATE template0 ENCODING 'LATIN1' LC_COLLATE 'C' LC_CTYPE 'C'",
    );
    await cluster.sql('west', 'CREATE TABLE t (name text)', "INSERT INTO t VALUES ('Müßiggang')");
    const path = file('west.sql');
    execFileSync(join(cluster.binFolder, 'pg_dump'), [`--file=${path}`, cluster.urlOf('west')]);
    expect(readFileSync(path).includes(Buffer.from('M\xfc\xdfiggang', 'latin1'))).toBe(true);
    const contents = valueFrom(await tools.contents(path));
    expect(contents.locale).toEqual({});
    const report = valueFrom(await restoreInto('from the west', { file: path }));
    expect(report).toMatchObject({ exitCode: 0, messages: [] });
    expect(await cluster.sql('from the west', 'SELECT name FROM t')).toEqual([{ name: 'Müßiggang' }]);
  });

  it('shows the command line as it runs', () => {
    const line = tools.describeRestore({ file: '/w/a.sql', database: 'side', jobs: 4, format: 'plain' });
    expect(line).toMatch(/^\S*psql --no-psqlrc .*--set=ON_ERROR_STOP=1 .* < \/w\/a\.sql$/);
  });
});

describe('an archive in tar format', () => {
  it('is recognised, listed, and restored by one job', async () => {
    const path = dump('shop.tar', '--format=tar');
    const head = valueFrom(readDumpHead(readFileSync(path).subarray(0, 4096)));
    expect(head).toMatchObject({ format: 'tar', header: { databaseName: 'shop' } });
    expect(valueFrom(await tools.contents(path))).toMatchObject({ format: 'tar' });
    const report = valueFrom(await restoreInto('from tar', { file: path, jobs: 4 }));
    expect(report).toMatchObject({ exitCode: 0, messages: [] });
    expect(await cluster.sql('from tar', 'SELECT count(*) AS rows FROM orders')).toEqual([{ rows: '3001' }]);
  });
});

describe('an archive in directory format', () => {
  it('is restored from its folder, and recognised in a tar of it', async () => {
    const path = dump('shop.dir', '--format=directory');
    expect(valueFrom(await tools.contents(path))).toMatchObject({ format: 'directory' });
    const report = valueFrom(await restoreInto('from folder', { file: path, jobs: 2 }));
    expect(report).toMatchObject({ exitCode: 0, messages: [] });
    execFileSync('tar', ['-cf', file('shop.dir.tar'), '-C', path, '.']);
    const head = readFileSync(file('shop.dir.tar')).subarray(0, 4096);
    expect(valueFrom(readDumpHead(head))).toMatchObject({ format: 'directory' });
    execFileSync('tar', ['-cf', file('later.tar'), '-C', cluster.folder, 'shop.dir']);
    expect(valueFrom(readDumpHead(readFileSync(file('later.tar')).subarray(0, 1024)))).toMatchObject({
      format: 'directory',
    });
  });
});
