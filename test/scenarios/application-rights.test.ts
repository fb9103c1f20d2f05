// biome-ignore-all lint/suspicious/noTemplateCurlyInString: the placeholders of a runbook look like this.
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startTestCluster, type TestCluster } from '../databases/postgres/cluster.ts';
import { filesHolding, newestRun } from '../parts/run-log.ts';
import { thawHere } from '../parts/thaw.ts';
import { walkShop } from '../parts/walk-shop.ts';

/** Whether the application's login can use what was restored: judged before the swap, proven by its own reading after it. */

let cluster: TestCluster;
let folder = '';
const web = { name: 'crm_web', password: 'p-web-7731' };

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'thaw-application-'));
  cluster = await startTestCluster();
  await cluster.sql(
    'postgres',
    'CREATE ROLE crm_owner',
    'CREATE ROLE audit_owner',
    'CREATE ROLE crm_staff',
    `CREATE ROLE crm_web LOGIN PASSWORD '${web.password}' IN ROLE crm_staff`,
  );
});
afterAll(async () => {
  await cluster?.remove();
  rmSync(folder, { recursive: true, force: true });
});

async function make(database: string, ...more: readonly string[]): Promise<void> {
  await cluster.sql('postgres', `CREATE DATABASE ${database} OWNER crm_owner`);
  await cluster.sql(
    database,
    'CREATE TABLE clients (id serial PRIMARY KEY)',
    'INSERT INTO clients DEFAULT VALUES',
    'CREATE TABLE audit (id int)',
    'ALTER TABLE clients OWNER TO crm_owner',
    'ALTER TABLE audit OWNER TO audit_owner',
    // By a group, and by itself.
    'GRANT SELECT, INSERT ON clients TO crm_staff',
    'GRANT USAGE ON SEQUENCE clients_id_seq TO crm_web',
    ...more,
  );
}

type Walk = {
  readonly database: string;
  readonly command?: 'restore' | 'drill';
  readonly dump?: readonly string[];
  /** Of the step that restores. */
  readonly application?: Readonly<Record<string, string>>;
  readonly after?: readonly Readonly<Record<string, unknown>>[];
  readonly args?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  readonly afterDump?: () => Promise<unknown>;
};

async function walk({ database, command = 'restore', ...more }: Walk) {
  const options = ['--format=custom', ...(more.dump ?? []), cluster.urlOf(database)];
  const dump = execFileSync(join(cluster.binFolder, 'pg_dump'), options);
  await more.afterDump?.();
  const { end, logs, checks } = await walkShop({
    ...{ folder, command, url: cluster.urlOf(database) },
    dumps: { 'shop-2026-11-19.dump': dump },
    runbook: {
      ...(more.application?.url === undefined
        ? {}
        : { inputs: { APP: { about: 'the URL of the application', secret: true } } }),
      ...(more.application === undefined ? {} : { restore: { application: more.application } }),
      ...(more.after === undefined ? {} : { after: more.after }),
    },
    more: more.args ?? [],
    // As its container calls the server: whoever logs in is what counts.
    env: { APP: appUrl(database), ...more.env },
  });
  return { end, logs, checks: (await checks()).filter((one) => /login|crm_web/.test(one)) };
}

async function resume(database: string, logs: string) {
  return thawHere({
    args: ['resume', await newestRun(logs), '--plain', '--yes', '--confirm', database, '--log-dir', logs],
    env: { HOME: folder, LIVE: cluster.urlOf(database), APP: appUrl(database) },
    cwd: folder,
  });
}

const appUrl = (database: string) => `postgresql://${web.name}:${web.password}@db:5432/${database}`;
const lost =
  'the login crm_web would lose what it may do in the live database: SELECT, INSERT on table public.clients; USAGE on sequence public.clients_id_seq';

describe('the rights of the application', () => {
  it('are lost with a dump without grants: told by name before the swap, which is not made then', async () => {
    await make('stopped');
    const { end } = await walk({ database: 'stopped', dump: ['--no-privileges'] });
    expect(end.text).toContain(lost);
    expect(end.text).not.toContain('is now the restored database');
    expect(end.status, end.text).toBe(1);
    const [row] = await cluster.sql(
      'stopped',
      "SELECT has_table_privilege('crm_web', 'clients', 'SELECT') AS may",
    );
    expect(row?.may).toBe('t');
  });

  it('are swapped all the same where somebody says why; then its own login is refused, and that fails', async () => {
    await make('accepted');
    const { end, checks } = await walk({
      database: 'accepted',
      dump: ['--no-privileges'],
      application: { url: '${APP}' },
      args: ['--answer', 'restore-database.application=accept:granted by hand afterwards'],
    });
    expect(checks, end.text).toEqual([
      'restore-database could-not-verify: the login crm_web lacks what it might do in the old database, which was accepted: SELECT, INSERT on table public.clients; USAGE on sequence public.clients_id_seq',
      'restore-database failed: the login crm_web logged in, and may read none of the 2 tables and views',
    ]);
    expect(end.status, end.text).toBe(1);
  });

  it('are proven after the swap by its own reading, and then the checklist asks for no other proof', async () => {
    await make('proven', 'CREATE VIEW names AS SELECT id FROM clients', 'GRANT SELECT ON names TO crm_web');
    const { end, checks, logs } = await walk({
      database: 'proven',
      application: { url: '${APP}' },
      after: [
        {
          kind: 'smoke-checklist',
          items: [
            {
              ...{ kind: 'query', id: 'one', title: 'One', query: 'SELECT count(*) FROM clients' },
              expect: { equals: '1' },
            },
          ],
        },
      ],
    });
    expect(checks, end.text).toEqual([
      'restore-database passed: the login crm_web may do all that it might in the old database (2 of 3 tables and views to read)',
      'restore-database passed: the login crm_web logged in, and read all 2 tables and views that it may read',
    ]);
    expect(await filesHolding(logs, [web.password])).toEqual([]);
  });

  it('are not proven by the catalogue alone: what is refused to the login itself fails, with what to do', async () => {
    await make(
      'refused',
      'CREATE VIEW names AS SELECT id FROM clients',
      'ALTER VIEW names OWNER TO audit_owner',
      'GRANT SELECT ON names TO crm_web',
      'ALTER TABLE audit ENABLE ROW LEVEL SECURITY',
      'INSERT INTO audit VALUES (1)',
      'GRANT SELECT ON audit TO crm_web',
    );
    const { end, checks } = await walk({ database: 'refused', application: { url: '${APP}' } });
    expect(checks, end.text).toEqual([
      'restore-database passed: the login crm_web may do all that it might in the old database (3 of 3 tables and views to read)',
      'restore-database failed: the login crm_web cannot read view public.names: permission denied for table clients',
      'restore-database could-not-verify: the login crm_web sees no row of table public.audit, where rows are: a policy (row-level security) hides them',
    ]);
    expect(end.text).toContain('GRANT');
    expect(end.status, end.text).toBe(1);
  });

  it('are of no use to a login that the database does not let in: told before the swap, too', async () => {
    await make('closed');
    const { end, checks } = await walk({
      database: 'closed',
      application: { url: '${APP}' },
      args: ['--answer', 'restore-database.application=accept:the door is opened afterwards'],
      afterDump: () => cluster.sql('postgres', 'REVOKE CONNECT ON DATABASE closed FROM PUBLIC'),
    });
    expect(end.text).toContain(
      'answered restore-database.application: accept: the door is opened afterwards',
    );
    expect(checks, end.text).toEqual([
      'restore-database failed: the login crm_web may not connect to the database: it lacks CONNECT',
      `restore-database failed: Cannot read in closed as crm_web on 127.0.0.1:${cluster.port}: this user lacks the privilege.`,
    ]);
    expect(end.status, end.text).toBe(1);
  });

  it('of a login whose password is another one now are told after the swap', async () => {
    await make('locked');
    const { end, checks } = await walk({
      database: 'locked',
      application: { url: '${APP}' },
      env: { APP: `postgresql://crm_web:of-last-year@db/locked` },
    });
    expect(checks.at(-1), end.text).toBe(
      `restore-database failed: Cannot read in locked as crm_web on 127.0.0.1:${cluster.port}: the password of this user is refused.`,
    );
    expect(end.text).not.toContain('of-last-year');
  });

  it('of a superuser are not proven: nothing is read, since code of the dump would run with them, and that is said', async () => {
    await make(
      'mighty',
      "CREATE FUNCTION runs(int) RETURNS int IMMUTABLE LANGUAGE plpgsql AS $$ BEGIN IF current_user = 'postgres' THEN RAISE EXCEPTION 'it ran'; END IF; RETURN 1; END $$",
      'ALTER FUNCTION runs(int) OWNER TO crm_owner',
      'SET ROLE crm_owner',
      'CREATE INDEX trapped ON clients (id) WHERE runs(1) = 1',
      'CREATE VIEW trap AS SELECT runs(1) AS id',
      'RESET ROLE',
    );
    const { end, checks } = await walk({
      database: 'mighty',
      application: { url: '${APP}' },
      env: { APP: cluster.urlOf('mighty') },
    });
    expect(end.status, end.text).toBe(0);
    expect(checks).toContain(
      `restore-database not-checked: whether the login ${new URL(cluster.url).username} itself can read: code of a dump would run with its rights over the server`,
    );
    expect(end.text).not.toContain('it ran');
  });

  it('are judged of every login that the live database knows where the runbook names none', async () => {
    await make('unnamed');
    const { end, checks } = await walk({ database: 'unnamed' });
    expect(checks, end.text).toEqual([
      'restore-database passed: the login crm_web may do all that it might in the old database (1 of 2 tables and views to read)',
      'restore-database not-checked: whether the login crm_web itself can log in and read: thaw has no password of it',
    ]);
  });

  it('are judged in a drill beside production, and nobody logs in', async () => {
    await make('drilled');
    const { end, checks } = await walk({
      ...{ database: 'drilled', command: 'drill', dump: ['--no-privileges'] },
      application: { url: '${APP}' },
    });
    expect(checks, end.text).toEqual([
      `restore-database failed: ${lost}`,
      'restore-database not-checked: whether the login crm_web itself can log in and read: a drill logs in as nobody of production',
    ]);
  });

  it('are judged on a blank host by what no application does without', async () => {
    await make('blank');
    const { end, logs } = await walk({
      database: 'blank',
      application: { url: '${APP}' },
      dump: ['--no-privileges'],
      afterDump: () => cluster.sql('postgres', 'DROP DATABASE blank'),
    });
    expect(end.text).toContain(
      'the login crm_web would lack what an application needs: SELECT on every table and view',
    );
    expect(end.text).not.toContain('is now the restored database');
    // Granted on what is ready beside: asked again, that is seen.
    const [beside] = await cluster.sql(
      'postgres',
      "SELECT datname FROM pg_database WHERE datname ~ '^blank__'",
    );
    await cluster.sql(beside?.datname ?? '', 'GRANT SELECT ON clients TO crm_web');
    const again = await resume('blank', logs);
    expect(again.text).toContain(
      'passed: the login crm_web may use what was restored (1 of 2 tables and views to read); there is no live database to compare its rights with',
    );
    expect(again.text).toContain(
      'passed: the login crm_web logged in, and read all 1 tables and views that it may read',
    );
  });

  it('of another database than the one that is restored block the walk before it begins', async () => {
    await make('mistaken');
    const { end } = await walk({
      database: 'mistaken',
      application: { url: '${APP}' },
      env: { APP: 'postgresql://crm_web@db/another' },
    });
    expect(end.text).toContain(
      "The application's URL leads to the database another, and mistaken is restored.",
    );
    expect(end.text).not.toContain('CREATE DATABASE');
  });

  it('need a role that the server has; once it is made the walk goes on', async () => {
    await make('absent');
    const { end, logs } = await walk({ database: 'absent', application: { role: 'crm_gone' } });
    expect(end.text).toContain('the application logs in as crm_gone, and this server has no such role');
    expect(end.text).not.toContain('is now the restored database');
    expect(end.status, end.text).toBe(1);
    await cluster.sql('postgres', 'CREATE ROLE crm_gone LOGIN IN ROLE crm_staff');
    const again = await resume('absent', logs);
    expect(again.text).toContain('absent is now the restored database');
    expect(again.text).toContain('passed: the login crm_gone may do all that it might in the old database');
  });
});
