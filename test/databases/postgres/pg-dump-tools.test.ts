import { execFileSync } from 'node:child_process';
import { copyFileSync, existsSync, readdirSync, readFileSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createProcessRunner } from '../../../src/adapters/process/execa-process-runner.ts';
import { isCustomArchive, readArchiveHeader } from '../../../src/base/archive-header.ts';
import type { Outcome } from '../../../src/base/failure.ts';
import { createSecret } from '../../../src/base/secret.ts';
import { openDatabaseServer } from '../../../src/databases/postgres/pg-database-server.ts';
import { openDumpTools } from '../../../src/databases/postgres/pg-dump-tools.ts';
import type { RestoreRequest } from '../../../src/ports/dump-tools.ts';
import { startTestCluster, type TestCluster } from './cluster.ts';

let cluster: TestCluster;
let tools: ReturnType<typeof openDumpTools>;
const file = (name: string) => join(cluster.folder, name);

function value<T>(outcome: Outcome<T>): T {
  if (!outcome.ok) throw new Error(JSON.stringify(outcome.failure));
  return outcome.value;
}

function failure<T>(outcome: Outcome<T>) {
  if (outcome.ok) throw new Error('It succeeded.');
  return outcome.failure;
}

function dump(database: string, to: string, ...options: string[]): string {
  const path = file(to);
  execFileSync(join(cluster.binFolder, 'pg_dump'), [
    '-Fc',
    `--file=${path}`,
    ...options,
    cluster.urlOf(database),
  ]);
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

beforeAll(async () => {
  cluster = await startTestCluster();
  tools = openDumpTools({ url: createSecret(cluster.urlOf('crm')), processes: createProcessRunner() });
  await cluster.sql(
    'postgres',
    'CREATE DATABASE crm',
    'CREATE ROLE app',
    "CREATE DATABASE latin1 TEMPLATE template0 ENCODING 'LATIN1' LC_COLLATE 'C' LC_CTYPE 'C'",
  );
  await cluster.sql(
    'crm',
    'CREATE TABLE clients (id serial PRIMARY KEY, name text)',
    "INSERT INTO clients (name) SELECT 'client ' || i FROM generate_series(1, 500) i",
    'CREATE TABLE "odd name" (client int REFERENCES clients)',
    'INSERT INTO "odd name" SELECT id FROM clients LIMIT 7',
    'GRANT SELECT ON clients TO app',
    'ALTER TABLE "odd name" OWNER TO app',
  );
});

afterAll(() => cluster.remove());

describe('looking at an archive', () => {
  it('knows the version of the tool it uses', async () => {
    const version = value(await tools.restoreToolVersion());
    expect(version.major).toBeGreaterThanOrEqual(12);
    expect(version.text).toMatch(/^\d+/);
  });

  it('lists the entries, the versions, and how the database was made', async () => {
    const contents = value(await tools.contents(dump('crm', 'crm.dump')));
    expect(contents.locale).toMatchObject({
      encoding: 'UTF8',
      collation: 'C.UTF-8',
      characterType: 'C.UTF-8',
    });
    expect(contents.dumpedFromVersion).toMatch(/^\d+\.\d+/);
    expect(contents.dumpedByVersion).toMatch(/^\d+\.\d+/);
    const names = contents.entries.map((entry) => `${entry.type} ${entry.schema}.${entry.name}`);
    expect(names).toContain('TABLE public.odd name');
    expect(names).toContain('TABLE DATA public.clients');
    expect(names).toContain('FK CONSTRAINT public.odd name odd name_client_fkey');
    const latin1 = value(await tools.contents(dump('latin1', 'latin1.dump')));
    expect(latin1.locale).toMatchObject({ encoding: 'LATIN1', collation: 'C', characterType: 'C' });
  });

  it('agrees with the header read from the first bytes of the file', async () => {
    const head = readFileSync(file('crm.dump')).subarray(0, 4096);
    expect(isCustomArchive(head)).toBe(true);
    const contents = value(await tools.contents(file('crm.dump')));
    const header = value(readArchiveHeader(head));
    expect(header).toMatchObject({
      format: 'custom',
      databaseName: 'crm',
      serverVersion: contents.dumpedFromVersion,
      dumpVersion: contents.dumpedByVersion,
    });
    expect(header.entryCount).toBeGreaterThanOrEqual(contents.entries.length);
    expect(header.neededMajor).toBeLessThanOrEqual(value(await tools.restoreToolVersion()).major);
  });

  it('tells a missing, an empty, a cut, a foreign and a too new file apart', async () => {
    copyFileSync(file('crm.dump'), file('cut.dump'));
    truncateSync(file('cut.dump'), 1500);
    writeFileSync(file('empty.dump'), '');
    writeFileSync(file('foreign.dump'), Buffer.alloc(5000, 7));
    const newer = Buffer.from(readFileSync(file('crm.dump')));
    newer[6] = 99;
    writeFileSync(file('newer.dump'), newer);
    const code = async (name: string) => failure(await tools.contents(file(name))).code;
    expect(await code('none.dump')).toBe('not-found');
    expect(await code('empty.dump')).toBe('damaged');
    expect(await code('cut.dump')).toBe('damaged');
    expect(await code('foreign.dump')).toBe('damaged');
    const tooNew = failure(await tools.contents(file('newer.dump')));
    expect(tooNew.code).toBe('tool-too-old');
    expect(tooNew.message).toContain('1.99');
  });
});

describe('restoring an archive', () => {
  it.each([1, 2])('brings everything back with %i jobs, and counts the entries', async (jobs) => {
    const lines: string[] = [];
    let counted = 0;
    const report = value(
      await restoreInto(`back_${jobs}`, {
        file: file('crm.dump'),
        jobs,
        onLine: (line) => lines.push(line),
        onEntry: (done) => {
          counted = done;
        },
      }),
    );
    expect(report).toMatchObject({ exitCode: 0, messages: [] });
    const total = value(await tools.contents(file('crm.dump'))).entries.length;
    // In a serial restore the entries left out on purpose (privileges) leave no trace in the output.
    expect(report.entriesDone).toBeLessThanOrEqual(total);
    expect(report.entriesDone).toBeGreaterThanOrEqual(total - 1);
    expect(counted).toBe(report.entriesDone);
    expect(lines.length).toBeGreaterThanOrEqual(total);
    expect(await cluster.sql(`back_${jobs}`, 'SELECT count(*) FROM "odd name"')).toEqual([{ count: '7' }]);
  });

  it('shows the command line without any secret', () => {
    const shown = tools.describeRestore({ file: '/work folder/crm.dump', database: 'crm restore', jobs: 4 });
    expect(shown).toContain('--jobs 4');
    expect(shown).toContain("'/work folder/crm.dump'");
    expect(shown).not.toContain(new URL(cluster.url).password);
  });

  it('restores into a database whose name looks like a connection string', async () => {
    const report = value(await restoreInto("host=elsewhere 'x' \\", { file: file('crm.dump') }));
    expect(report.messages).toEqual([]);
  });

  it('asks for a decision on a missing role, and calls a missing extension that, too', async () => {
    await cluster.sql('postgres', 'CREATE DATABASE needy', 'CREATE ROLE leaver');
    await cluster.sql(
      'needy',
      'CREATE TABLE t (a int)',
      'INSERT INTO t VALUES (1)',
      'CREATE POLICY own ON t TO leaver USING (true)',
      // Stands in for an extension of another host: this server has the record of it, and no files.
      "INSERT INTO pg_extension (oid, extname, extowner, extnamespace, extrelocatable, extversion) VALUES (99999, 'nowhere_to_be_found', 10, 'public'::regnamespace, true, '1.0')",
      "COMMENT ON EXTENSION nowhere_to_be_found IS 'gone'",
    );
    const archive = dump('needy', 'needy.dump');
    await cluster.sql('needy', 'DROP OWNED BY leaver');
    await cluster.sql('postgres', 'DROP ROLE leaver');
    const report = value(await restoreInto('needy_back', { file: archive }));
    expect(report.exitCode).toBe(1);
    const weights = report.messages.map(
      ({ weight, command }) => `${weight}: ${command?.split(' ').slice(0, 2).join(' ')}`,
    );
    expect(weights.sort()).toEqual([
      'harmless: COMMENT ON',
      'needs-decision: CREATE EXTENSION',
      'needs-decision: CREATE POLICY',
    ]);
    expect(await cluster.sql('needy_back', 'SELECT a FROM t')).toEqual([{ a: '1' }]);
  });

  it('calls a table that is there already fatal, whatever the exit status', async () => {
    await cluster.sql('postgres', 'CREATE DATABASE taken TEMPLATE back_2');
    const report = value(
      await tools.restore({
        database: 'taken',
        file: file('crm.dump'),
        jobs: 2,
        onLine: () => {},
        onEntry: () => {},
        stallMs: 60_000,
      }),
    );
    expect(report.messages.filter((message) => message.weight === 'fatal').length).toBeGreaterThan(3);
  });

  it('reports data cut off in the middle of the archive as fatal', async () => {
    copyFileSync(file('crm.dump'), file('short.dump'));
    truncateSync(file('short.dump'), readFileSync(file('crm.dump')).length - 600);
    const report = value(await restoreInto('short', { file: file('short.dump') }));
    expect(report.messages.some((message) => message.weight === 'fatal')).toBe(true);
  });

  it('does not begin where the database is not there', async () => {
    const found = failure(
      await tools.restore({
        database: 'nowhere',
        file: file('crm.dump'),
        jobs: 1,
        onLine: () => {},
        onEntry: () => {},
        stallMs: 60_000,
      }),
    );
    expect(found.code).toBe('not-found');
  });
});

describe('a restore that takes its time', () => {
  const slowIndex = [
    "CREATE FUNCTION public.slow(a int) RETURNS int IMMUTABLE LANGUAGE plpgsql AS $$ DECLARE since timestamptz := clock_timestamp(); BEGIN WHILE clock_timestamp() < since + '0.5 s' LOOP END LOOP; RETURN a; END $$",
    'CREATE TABLE public.big (a int)',
    'CREATE INDEX big_slow ON public.big (public.slow(a))',
    'INSERT INTO public.big SELECT generate_series(1, 6)',
  ];

  it('is no stall while the server builds an index in silence', async () => {
    await cluster.sql('postgres', 'CREATE DATABASE slow');
    await cluster.sql('slow', ...slowIndex);
    const archive = dump('slow', 'slow.dump');
    const startedMs = performance.now();
    const report = value(await restoreInto('slow_back', { file: archive, stallMs: 700 }));
    expect(report.messages).toEqual([]);
    expect(performance.now() - startedMs).toBeGreaterThan(2_500);
  });

  it('is a stall when it waits for a lock that nobody releases', async () => {
    await cluster.sql('postgres', 'CREATE DATABASE locked');
    const archive = file('crm.dump');
    // Whoever holds this lock keeps every CREATE TABLE of that database waiting.
    const blocker = await cluster.connect(cluster.urlOf('locked'));
    await blocker.query('BEGIN; LOCK TABLE pg_catalog.pg_class IN EXCLUSIVE MODE');
    const outcome = await tools.restore({
      database: 'locked',
      file: archive,
      jobs: 1,
      onLine: () => {},
      onEntry: () => {},
      stallMs: 800,
    });
    await blocker.query('ROLLBACK');
    expect(failure(outcome)).toMatchObject({ code: 'stalled' });
  });

  it('stops when it is told to, workers and sessions included', async () => {
    const stop = new AbortController();
    await cluster.sql('postgres', 'CREATE DATABASE stopped TEMPLATE template0');
    const running = tools.restore({
      database: 'stopped',
      file: file('slow.dump'),
      jobs: 2,
      onLine: (line) => {
        if (line.includes('big_slow')) stop.abort();
      },
      onEntry: () => {},
      stallMs: 60_000,
      signal: stop.signal,
    });
    expect(failure(await running).code).toBe('cancelled');
    await delay(100);
    const left = readdirSync('/proc').filter((pid) => {
      const path = `/proc/${pid}/cmdline`;
      return /^\d+$/.test(pid) && existsSync(path) && readSafely(path).includes('--dbname\0stopped');
    });
    expect(left).toEqual([]);
    const server = openDatabaseServer({ url: createSecret(cluster.url) });
    expect(await server.terminateSessions('stopped')).toMatchObject({ ok: true });
    await server.close();
  });
});

function readSafely(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}
