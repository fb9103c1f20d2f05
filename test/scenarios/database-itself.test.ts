import { execFileSync, spawnSync } from 'node:child_process';
import { chownSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createSecret } from '../../src/base/secret.ts';
import { openDatabaseServer } from '../../src/databases/postgres/pg-database-server.ts';
import { serverAccount } from '../../src/sandbox/postgres-install.ts';
import { failureFrom, valueFrom } from '../contracts/object-store.contract.ts';
import { startTestCluster, type TestCluster } from '../databases/postgres/cluster.ts';
import { walkShop } from '../parts/walk-shop.ts';

/** What belongs to a database and not to its content, onto a server that has none of that name. */

let source: TestCluster;
let blank: TestCluster;
let folder = '';
const roles = ['shop_owner', 'shop_web', 'shop_reports'];

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'thaw-itself-'));
  source = await startTestCluster();
  blank = await startTestCluster();
  for (const cluster of [source, blank])
    for (const role of roles) await cluster.sql('postgres', `CREATE ROLE ${role} LOGIN PASSWORD 'x'`);
});
afterAll(async () => {
  await Promise.all([source?.remove(), blank?.remove()]);
  rmSync(folder, { recursive: true, force: true });
});

const itself = async (cluster: TestCluster, database: string) => {
  const rows = await cluster.sql(
    'postgres',
    `SELECT to_jsonb(d) - 'oid' - 'datfrozenxid' - 'datminmxid' - 'dattablespace' - 'datacl' - 'datdba'
         || jsonb_build_object('comment', shobj_description(d.oid, 'pg_database'), 'owner', pg_get_userbyid(datdba),
           'tablespace', (SELECT spcname FROM pg_tablespace t WHERE t.oid = dattablespace),
           'grants', (SELECT jsonb_agg(concat_ws(' ', coalesce(nullif(a.grantee, 0)::regrole::text, 'everybody'), a.privilege_type, a.is_grantable))
             FROM aclexplode(coalesce(datacl, acldefault('d', datdba))) a),
           'settings', (SELECT jsonb_agg(concat_ws(' ', nullif(setrole, 0)::regrole::text, setconfig::text))
             FROM pg_db_role_setting s WHERE s.setdatabase = d.oid)) AS row
       FROM pg_database d WHERE datname = '${database}'`,
  );
  const { grants, settings, ...rest } = JSON.parse(rows[0]?.row ?? '{}');
  return { ...rest, grants: grants?.toSorted(), settings: settings?.toSorted() };
};

async function walk(command: 'restore' | 'drill', ...[database, format]: [string, string]) {
  const program = join(source.binFolder, 'pg_dump');
  const dump = execFileSync(program, [`--format=${format}`, source.urlOf(database)]);
  const { end, logs, checks } = await walkShop({
    ...{ folder, command, url: blank.urlOf(database) },
    dumps: { [`shop-2026-11-19.${format === 'plain' ? 'sql' : 'dump'}`]: dump },
  });
  return { end, logs, checks: await checks() };
}

const about = (checks: readonly string[]) =>
  checks.filter((check) => /database itself|tablespace/.test(check));

describe('what belongs to a database itself, on a blank server', () => {
  it('is as it was: owner, locale, settings, those of one role as well, limit, comment, who may connect', async () => {
    await source.sql(
      'postgres',
      `CREATE DATABASE whole OWNER shop_owner TEMPLATE template0 ENCODING 'UTF8' LOCALE_PROVIDER icu ICU_LOCALE 'de-u-co-phonebk' LOCALE 'C.UTF-8'`,
      'ALTER DATABASE whole SET search_path = app, "Own Schema", public',
      "ALTER DATABASE whole SET timezone = 'Europe/Berlin'",
      "ALTER DATABASE whole SET app.tenant = 'north''s'",
      "ALTER ROLE shop_web IN DATABASE whole SET statement_timeout = '5s'",
      "ALTER ROLE shop_web IN DATABASE whole SET app.role_key = 'k3y-of-the-shop'",
      'ALTER DATABASE whole SET default_transaction_read_only = on',
      'ALTER DATABASE whole CONNECTION LIMIT 50',
      "COMMENT ON DATABASE whole IS 'the company''s'",
      'REVOKE CONNECT, TEMPORARY ON DATABASE whole FROM PUBLIC',
      'GRANT CONNECT ON DATABASE whole TO shop_web',
      'GRANT CREATE ON DATABASE whole TO shop_reports WITH GRANT OPTION',
    );
    await source.sql(
      'whole',
      'SET default_transaction_read_only = off',
      'CREATE SCHEMA app AUTHORIZATION shop_owner',
      'CREATE TABLE app.t AS SELECT generate_series(1, 3) AS id',
      'ALTER TABLE app.t OWNER TO shop_owner',
    );
    const before = await itself(source, 'whole');
    const { end, checks, logs } = await walk('restore', 'whole', 'custom');
    expect(about(checks), end.text).toEqual([
      expect.stringMatching(
        /^restore-database passed: \d+ of what belongs to the database itself is as the dump has it/,
      ),
    ]);
    expect(await itself(blank, 'whole')).toEqual(before);
    expect(await blank.sql('whole', 'SELECT count(*) FROM t')).toEqual([{ count: '3' }]);
    // What a setting holds may be a secret.
    const kept = spawnSync('grep', ['-rlF', 'k3y-of-the-shop', logs], { encoding: 'utf8' });
    expect(kept.stdout).toBe('');
    expect(kept.status).toBe(1);
  });

  it('is tried in a drill; what cannot be is told by name, and then nothing is verified', async () => {
    await source.sql('postgres', 'CREATE ROLE gone', 'CREATE DATABASE partly OWNER shop_owner');
    await source.sql(
      'postgres',
      'ALTER DATABASE partly SET log_min_duration_statement = 250',
      "ALTER ROLE gone IN DATABASE partly SET work_mem = '64MB'",
      "ALTER ROLE postgres IN DATABASE partly SET search_path = 'app'",
      'ALTER DATABASE partly IS_TEMPLATE true',
      'CREATE TABLE t ()',
    );
    const { checks, end } = await walk('restore', 'partly', 'custom');
    const [passed, open] = about(checks);
    expect(passed, end.text).toBe(
      'restore-database passed: 1 of 5 of what belongs to the database itself is as the dump has it: owner, settings, limits',
    );
    expect(open).toMatch(
      /^restore-database could-not-verify: the database itself is not all as the dump has it: /,
    );
    for (const what of [
      'setting log_min_duration_statement (not everybody may change it',
      'setting work_mem of gone (there is no role gone)',
      'setting search_path of postgres (postgres holds more than an owner may',
      'that it is a template (',
    ])
      expect(open).toContain(what);
    await source.sql('postgres', 'ALTER DATABASE partly IS_TEMPLATE false');
  });

  it('comes from the old database where there is one, its comment as well', async () => {
    for (const cluster of [source, blank]) {
      const whose = cluster === source ? 'dumped' : 'old';
      await cluster.sql('postgres', 'CREATE DATABASE twice OWNER shop_owner');
      await cluster.sql(
        'postgres',
        `COMMENT ON DATABASE twice IS 'the ${whose} one'`,
        `ALTER DATABASE twice SET application_name = '${whose}'`,
        ...(whose === 'old' ? [] : ['ALTER DATABASE twice CONNECTION LIMIT 7']),
      );
    }
    const before = await itself(blank, 'twice');
    const { end, checks } = await walk('restore', 'twice', 'custom');
    expect(end.status, end.text).toBe(0);
    expect(about(checks)).toEqual([]);
    expect(await itself(blank, 'twice')).toEqual(before);
  });
});

describe('tablespaces', () => {
  const placed = async (database: string) => {
    await source.sql('postgres', `CREATE DATABASE ${database} TABLESPACE fast`);
    await source.sql(
      database,
      'CREATE TABLE here AS SELECT 1 AS id',
      'CREATE TABLE there (id int PRIMARY KEY USING INDEX TABLESPACE slow) TABLESPACE slow',
      'INSERT INTO there VALUES (1), (2)',
    );
  };
  const makeTablespace = async (...[cluster, name]: [TestCluster, string]) => {
    const place = join(cluster.folder, `space-${name}`);
    mkdirSync(place);
    const account = await serverAccount();
    if (account !== undefined) chownSync(place, account.uid, account.gid);
    await cluster.sql('postgres', `CREATE TABLESPACE ${name} LOCATION '${place}'`);
  };
  beforeAll(async () => {
    for (const name of ['fast', 'slow']) await makeTablespace(source, name);
  });

  it.each(['custom', 'plain'])(
    'that are not there are no reason to stop: all is in one place, and said (%s)',
    async (format) => {
      await placed(`moved_${format}`);
      const { end, checks } = await walk('restore', `moved_${format}`, format);
      expect(
        about(checks).filter((check) => check.includes('tablespace')),
        end.text,
      ).toEqual([
        ...(format === 'custom'
          ? [
              'restore-database passed: the database of tablespace fast is in the default one: this server has none of that name for a restore',
            ]
          : []),
        'restore-database passed: 2 objects of tablespace slow are where their database is: this server has none of that name for a restore',
      ]);
      expect(await blank.sql(`moved_${format}`, 'SELECT count(*) FROM there')).toEqual([{ count: '2' }]);
    },
  );

  it.each(['custom', 'plain'])('that are there hold what they held (%s)', async (format) => {
    if (format === 'custom') for (const name of ['fast', 'slow']) await makeTablespace(blank, name);
    await placed(`placed_${format}`);
    const { end, checks } = await walk('restore', `placed_${format}`, format);
    expect(
      about(checks).filter((check) => check.includes('tablespace')),
      end.text,
    ).toEqual([]);
    expect(
      await blank.sql(
        `placed_${format}`,
        `SELECT relname, spcname FROM pg_class c LEFT JOIN pg_tablespace t ON t.oid = reltablespace
         WHERE relname IN ('here', 'there', 'there_pkey') ORDER BY 1`,
      ),
    ).toEqual([
      { relname: 'here', spcname: null },
      { relname: 'there', spcname: 'slow' },
      { relname: 'there_pkey', spcname: 'slow' },
    ]);
    if (format === 'custom') expect((await itself(blank, `placed_${format}`)).tablespace).toBe('fast');
  });
});

describe('a template whose sorting rules are of another version', () => {
  it('is named, with the statement that mends it', async () => {
    const other = await startTestCluster();
    const server = openDatabaseServer({ url: createSecret(other.urlOf('shop')) });
    const make = () => server.createDatabase({ name: 'shop', comment: '' });
    await other.sql(
      'postgres',
      "UPDATE pg_database SET datlocprovider = 'i', daticulocale = 'und', datcollversion = '1.0' WHERE datname = 'template0'",
    );
    const refused = failureFrom(await make());
    expect(refused.message).toContain('the sorting rules of the system changed since its template was made');
    const [, statement = ''] = /run: (ALTER DATABASE .*;)/.exec(refused.remedy) ?? [];
    await other.sql('postgres', statement);
    valueFrom(await make());
    await server.close();
    await other.remove();
  });
});
