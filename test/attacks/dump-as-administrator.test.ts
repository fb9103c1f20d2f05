// biome-ignore-all lint/suspicious/noTemplateCurlyInString: the placeholders of a runbook look like this.
import { mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startTestCluster, type TestCluster } from '../databases/postgres/cluster.ts';
import { checksOf, readRecord } from '../parts/run-log.ts';
import { shopRunbook } from '../parts/shop-runbook.ts';
import { type SaidHere, thawHere } from '../parts/thaw.ts';
import { forgeArchive } from './forge-archive.ts';

/**
 * A forged dump is restored with the rights of an owner or a superuser, live and in a drill beside production. Remains: a user who may make no role,
 * and has none made by an administrator, restores with his own rights after the risk was typed; a drill with such a user is refused.
 */

let production: TestCluster;
let folder = '';
let runs = 0;
const at = (name: string) => join(folder, name);
const dropProduction = 'DROP DATABASE shop WITH (FORCE);';

/** Whose URL the restore has. */
const administrators = [
  {
    who: 'an ordinary owner who may make databases and roles',
    name: 'keeper',
    password: 'keeper-of-the-shop',
  },
  { who: 'a superuser', name: undefined, password: '' },
];
type Administrator = (typeof administrators)[number];

function urlOf({ name, password }: Administrator, database = 'shop'): string {
  return production.urlOf(database, name === undefined ? undefined : { name, password });
}

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'thaw-attack-'));
  production = await startTestCluster();
  await production.sql(
    'postgres',
    "CREATE ROLE keeper LOGIN CREATEDB CREATEROLE PASSWORD 'keeper-of-the-shop'",
    'GRANT pg_signal_backend TO keeper',
    'CREATE DATABASE shop OWNER keeper',
  );
  await production.sql(
    'shop',
    'CREATE TABLE orders (id int PRIMARY KEY, note text)',
    "INSERT INTO orders SELECT i, 'order ' || i FROM generate_series(1, 100) i",
    'ALTER TABLE orders OWNER TO keeper',
  );
});
afterAll(async () => {
  await production?.remove();
  rmSync(folder, { recursive: true, force: true });
});

type Walk = {
  readonly command: 'restore' | 'drill';
  readonly content: Buffer;
  readonly by: Administrator;
  readonly ending?: string;
  readonly after?: Parameters<typeof shopRunbook>[0]['after'];
  readonly answers?: readonly string[];
  readonly cell?: { readonly role: string; readonly password: string };
};

async function walk({ command, content, by, ending = 'dump', after = [], answers, cell }: Walk) {
  runs += 1;
  const store = at(`store-${runs}`);
  const logs = at(`logs-${runs}`);
  mkdirSync(store);
  writeFileSync(join(store, `shop-2026-11-19.${ending}`), content);
  const named =
    cell === undefined
      ? {}
      : {
          inputs: { CELL: { about: 'its password', secret: true } },
          database: { cell: { role: cell.role, password: '${CELL}' } },
        };
  writeFileSync(at('shop.yaml'), shopRunbook({ store, endings: '[.dump][.sql]', after, ...named }));
  const given = answers ?? (command === 'restore' ? ['--yes', '--confirm', 'shop'] : []);
  const end = await thawHere({
    args: [command, at('shop.yaml'), '--plain', '--snapshot', 'latest', '--log-dir', logs, ...given],
    env: { HOME: folder, LIVE: urlOf(by), ...(cell === undefined ? {} : { CELL: cell.password }) },
    cwd: folder,
  });
  return { end, logs };
}

/** Everything a dump could reach that is not its own database. */
async function look() {
  const [databases, roles] = await Promise.all([
    production.sql('postgres', 'SELECT datname, oid FROM pg_database ORDER BY 1'),
    production.sql('postgres', 'SELECT rolname, rolsuper, rolcreatedb FROM pg_roles ORDER BY 1'),
  ]);
  return { databases, roles };
}

const forged = (statements: string) =>
  forgeArchive({
    binFolder: production.binFolder,
    url: production.urlOf('shop'),
    sql: (statement) => production.sql('shop', statement),
    statements,
  });

describe.each(administrators)('a forged dump, restored with the URL of $who,', (by) => {
  it('cannot drop production before its name was typed', async () => {
    const before = await look();
    const { end } = await walk({ command: 'restore', content: await forged(dropProduction), by });
    expect(end.status, end.text).toBe(1);
    expect(end.text).toMatch(/pg_restore reports 1 errors: .*must be owner of database shop/);
    const after = await look();
    // A live run that stopped keeps its own database for a retry, and the role that made it.
    const [own] = after.roles.filter(({ rolname }) => rolname?.startsWith('thaw_cell_'));
    expect(own).toMatchObject({ rolsuper: 'f', rolcreatedb: 'f' });
    expect(after.databases.filter(({ datname }) => !datname?.includes('__restore_'))).toEqual(
      before.databases,
    );
    await giveUp(end, by);
    expect(await look()).toEqual(before);
  });

  it('cannot drop production from a drill beside it, which leaves nothing behind', async () => {
    const before = await look();
    const { end } = await walk({ command: 'drill', content: await forged(dropProduction), by });
    expect(end.status, end.text).toBe(1);
    expect(end.text).toMatch(/must be owner of database shop/);
    expect(await look()).toEqual(before);
  });

  it('cannot act through anything that is evaluated when it is restored, planned, counted or looked at', async () => {
    const trap = `CREATE FUNCTION public.trap(i int, w text) RETURNS int IMMUTABLE LANGUAGE plpgsql AS $$ BEGIN
        IF (SELECT rolsuper OR rolcreaterole FROM pg_roles WHERE rolname = current_user)
        THEN EXECUTE 'CREATE ROLE evil_' || w || ' SUPERUSER'; END IF; RETURN i; END $$;
      CREATE INDEX trapped ON public.orders (id) WHERE public.trap(1, 'predicate') = 1;
      CREATE INDEX also_trapped ON public.orders (public.trap(id, 'expression'));
      ALTER TABLE public.orders ADD CHECK (public.trap(1, 'check') = 1);
      CREATE STATISTICS public.st (ndistinct) ON id, (public.trap(id, 'statistics')) FROM public.orders;
      CREATE TABLE public.watched AS SELECT 1 AS id;
      ALTER TABLE public.watched ENABLE ROW LEVEL SECURITY;
      CREATE POLICY trapped ON public.watched USING (public.trap(1, 'policy') = 1);
      CREATE VIEW public.seen AS SELECT id FROM public.orders WHERE public.trap(1, 'view') = 1;
      CREATE MATERIALIZED VIEW public.kept AS SELECT public.trap(1, 'matview') AS t;`;
    const { end, logs } = await walk({
      command: 'restore',
      content: await forged(trap),
      by,
      after: [
        {
          kind: 'smoke-checklist',
          items: [
            {
              kind: 'query',
              id: 'count',
              title: 'orders are there',
              query: "SELECT count(*) FROM orders WHERE note <> ''",
              expect: { equals: '100' },
            },
            {
              kind: 'query',
              id: 'view',
              title: 'the view is there',
              query: 'SELECT count(*) FROM seen',
              expect: { equals: '100' },
            },
            {
              kind: 'query',
              id: 'watched',
              title: 'who watches',
              query: 'SELECT count(*) FROM watched',
              expect: { equals: '1' },
            },
          ],
        },
      ],
    });
    // Nothing failed where a superuser's reader looks, and the dump is all that is asked.
    expect(end.status, end.text).toBe(by.who === 'a superuser' ? 0 : 1);
    // From PostgreSQL 16 on CREATEROLE hands out no other right: there the application's own login reads after the swap, and the trap,
    // sprung with no more rights than the application has, is refused by the server.
    const [{ major } = { major: null }] = await production.sql(
      'postgres',
      "SELECT current_setting('server_version_num')::int / 10000 AS major",
    );
    const looksAsReader = by.who === 'a superuser' || Number(major) < 16;
    expect(checksOf(await readRecord(logs)).join('\n')).toMatch(
      looksAsReader
        ? /smoke-checklist passed: orders are there: 100/
        : /restore-database failed: the login keeper cannot read table public\.orders: /,
    );
    const after = await look();
    expect(after.roles.filter(({ rolname }) => rolname?.startsWith('evil'))).toEqual([]);
    expect(after.roles.filter(({ rolname }) => rolname?.startsWith('thaw_'))).toEqual([]);
    expect(
      await production.sql('shop', "SELECT DISTINCT tableowner FROM pg_tables WHERE schemaname = 'public'"),
    ).toEqual([{ tableowner: 'keeper' }]);
    const back = await thawHere({
      args: ['rollback', '--plain', '--confirm', 'shop', '--log-dir', logs],
      env: { HOME: folder, LIVE: urlOf(by) },
      cwd: folder,
    });
    expect(back.status, back.text).toBe(0);
    await dropKept();
  });
});

describe('a user who may make no role', () => {
  const by = { who: 'a plain owner', name: 'plain', password: 'plain-owner-of-the-shop' };
  beforeAll(async () => {
    await production.sql(
      'postgres',
      "CREATE ROLE plain LOGIN CREATEDB PASSWORD 'plain-owner-of-the-shop'",
      'GRANT pg_signal_backend, keeper TO plain',
    );
  });

  it('is told so before anybody is stopped, and restores nothing unless the risk was typed', async () => {
    const before = await look();
    const { end } = await walk({ command: 'restore', content: await forged(dropProduction), by });
    expect(end.status, end.text).toBe(4);
    expect(end.text).toMatch(/before the walk could not verify: plain may not create roles/);
    expect(end.text).toMatch(/ALTER ROLE "plain" CREATEROLE/);
    expect(end.text).toMatch(/--confirm.*run it as plain/);
    expect(await look()).toEqual(before);
  });

  it('may type the risk, and then restores as before', async () => {
    const content = await forged('');
    // Everything is plain's then, and the owner of before is told of it.
    const answers = [
      ...['--yes', '--confirm', 'run it as plain', '--confirm', 'shop'],
      ...['--answer', 'restore-database.application=accept:keeper gets them back by hand'],
    ];
    const { end, logs } = await walk({ command: 'restore', content, by, answers });
    const checks = checksOf(await readRecord(logs));
    expect(checks, end.text).toContain('restore-database passed: 1 of 1 tables of the archive are there');
    expect(checks).toContain(
      'restore-database could-not-verify: the login keeper lacks what it might do in the old database, which was accepted: SELECT, INSERT, UPDATE, DELETE on table public.orders',
    );
    const back = await thawHere({
      args: ['rollback', '--plain', '--confirm', 'shop', '--log-dir', logs],
      env: { HOME: folder, LIVE: urlOf(by) },
      cwd: folder,
    });
    expect(back.status, back.text).toBe(0);
  });

  it('cannot drill beside production', async () => {
    const before = await look();
    const { end } = await walk({ command: 'drill', content: await forged(dropProduction), by });
    expect(end.status, end.text).toBe(3);
    expect(end.text).toMatch(/plain may not create roles/);
    expect(await look()).toEqual(before);
  });
});

describe('a role that an administrator made for a user who may make none', () => {
  const by = { who: 'another plain owner', name: 'modest', password: 'modest-owner-of-the-shop' };
  let password = '';
  const named = async (walked: Omit<Walk, 'by'>) =>
    walk({ ...walked, by, cell: { role: 'thaw_cell', password } });

  beforeAll(async () => {
    await production.sql(
      'postgres',
      "CREATE ROLE modest LOGIN CREATEDB PASSWORD 'modest-owner-of-the-shop'",
      'GRANT pg_signal_backend, keeper TO modest',
    );
    const file = at('cell.env');
    const args = ['cell', '--sql', 'modest', file];
    const printed = await thawHere({ args, env: { HOME: folder }, cwd: folder });
    expect(printed.status, printed.text).toBe(0);
    password = readFileSync(file, 'utf8').trim().replace('THAW_CELL_PASSWORD=', '');
    expect(printed.text).not.toContain(password);
    expect(statSync(file).mode & 0o777).toBe(0o600);
    await production.sql('postgres', printed.text);
  });

  it('restores, gives everything away, and is as it was', async () => {
    await dropKept();
    const before = await look();
    const { end, logs } = await named({ command: 'restore', content: await forged('') });
    const checks = checksOf(await readRecord(logs));
    expect(checks, end.text).toContain('restore-database passed: 1 of 1 tables of the archive are there');
    expect(
      await production.sql('shop', "SELECT DISTINCT tableowner FROM pg_tables WHERE schemaname = 'public'"),
    ).toEqual([{ tableowner: 'keeper' }]);
    const back = await thawHere({
      args: ['rollback', '--plain', '--confirm', 'shop', '--log-dir', logs],
      env: { HOME: folder, LIVE: urlOf(by), CELL: password },
      cwd: folder,
    });
    expect(back.status, back.text).toBe(0);
    await dropKept();
    expect(await look()).toEqual(before);
  });

  it('is set back after a dump has changed its password and its settings', async () => {
    const spoilt = `ALTER ROLE CURRENT_USER PASSWORD 'spoilt'; ALTER ROLE CURRENT_USER SET search_path = evil;`;
    const first = await named({ command: 'drill', content: await forged(spoilt) });
    expect(first.end.status, first.end.text).toBe(1);
    expect(await production.sql('postgres', 'SELECT * FROM pg_db_role_setting')).toEqual([]);
    const again = await named({ command: 'drill', content: await forged('') });
    expect(checksOf(await readRecord(again.logs)), again.end.text).toContain(
      'restore-database passed: 1 of 1 tables of the archive are there',
    );
  });

  it.each(['restore', 'drill'] as const)('cannot drop production in a %s', async (command) => {
    const before = await look();
    const { end } = await named({ command, content: await forged(dropProduction) });
    expect(end.text).toMatch(/must be owner of database shop/);
    if (command === 'restore') await giveUp(end, { ...by, cell: password });
    expect(await look()).toEqual(before);
  });

  it.each([
    ['ALTER ROLE thaw_cell CREATEDB', 'ALTER ROLE thaw_cell NOCREATEDB', /it has rights over the server/],
    ['GRANT keeper TO thaw_cell', 'REVOKE keeper FROM thaw_cell', /it is a member of other roles/],
    ['REVOKE thaw_cell FROM modest', 'GRANT thaw_cell TO modest', /is no member of it/],
    ['ALTER ROLE thaw_cell NOLOGIN', 'ALTER ROLE thaw_cell LOGIN', /it may not log in/],
    ["ALTER ROLE thaw_cell PASSWORD 'other'", undefined, /the password of this user is refused/],
  ])('is refused before anybody is stopped after %s', async (spoil, mend, says) => {
    await production.sql('postgres', spoil);
    const before = await look();
    const { end } = await named({ command: 'restore', content: await forged('') });
    expect(end.status, end.text).toBe(3);
    expect(end.text).toMatch(says);
    expect(end.text).toMatch(/thaw cell modest FILE/);
    expect(await look()).toEqual(before);
    if (mend !== undefined) await production.sql('postgres', mend);
  });
});

/** What a swap and its way back leave beside production. */
async function dropKept(): Promise<void> {
  const kept = await production.sql('postgres', "SELECT datname FROM pg_database WHERE datname ~ '__'");
  for (const { datname } of kept) await production.sql('postgres', `DROP DATABASE ${datname}`);
}

/** What the run leaves for a retry is taken away, and nothing of it stays. */
async function giveUp(stopped: SaidHere, by: Administrator & { readonly cell?: string }): Promise<void> {
  const [, runId = ''] = /thaw resume (\S+)/.exec(stopped.text) ?? [];
  const end = await thawHere({
    args: ['discard', '--plain', '--log-dir', at(`logs-${runs}`), '--confirm', runId || 'missing'],
    env: { HOME: folder, LIVE: urlOf(by), CELL: by.cell ?? '' },
    cwd: folder,
  });
  expect(end.status, `${stopped.text}\n${end.text}`).toBe(0);
}

describe('thaw check', () => {
  it.each(administrators)('says of the URL of $who what it may more than is needed', async (by) => {
    const store = at('store-of-check');
    mkdirSync(store, { recursive: true });
    writeFileSync(join(store, 'shop-2026-11-19.dump'), await forged('SELECT 1;'));
    const text = shopRunbook({ store }).replace('  - kind: restore-database\n', '');
    writeFileSync(at('check.yaml'), text);
    const args = ['check', at('check.yaml'), '--log-dir', at('logs-of-check')];
    const said = await thawHere({ args, env: { HOME: folder, LIVE: urlOf(by) }, cwd: folder });
    expect(said.status, said.text).toBe(0);
    const remark = '! more than needed  permissions: the database URL of';
    if (by.name === undefined) expect(said.text).toContain(remark);
    else expect(said.text).not.toContain(remark);
  });
});
