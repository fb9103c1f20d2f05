import { execFileSync } from 'node:child_process';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createSecret } from '../../../src/base/secret.ts';
import { openDatabaseServer } from '../../../src/databases/postgres/pg-database-server.ts';
import type { Catalogue } from '../../../src/ports/catalogue.ts';
import {
  catalogueKinds,
  catalogueRoles,
  catalogueStatements,
  catalogueWithoutIcu,
} from './catalogue-source.ts';
import { startTestCluster, type TestCluster } from './cluster.ts';
import { rolesOfSource, sourceStatements } from './rights-source.ts';

let cluster: TestCluster;
beforeAll(async () => {
  cluster = await startTestCluster();
  await cluster.sql(
    'postgres',
    ...[...catalogueRoles, ...rolesOfSource].map((role) => `CREATE ROLE ${role}`),
  );
});
afterAll(() => cluster?.remove());

async function read(database: string): Promise<Catalogue> {
  const server = openDatabaseServer({ url: createSecret(cluster.urlOf(database)) });
  const found = await server.catalogue(database);
  if (!found.ok) throw new Error(`${found.failure.message} ${found.failure.detail ?? ''}`);
  return found.value;
}

const linesOf = ({ objects }: Catalogue) =>
  objects.map(({ section, name, text }) => `${section} | ${name} | ${text}`).sort();

async function copyOf(database: string): Promise<string> {
  const copy = `${database}_copy`;
  await cluster.sql('postgres', `CREATE DATABASE ${copy} TEMPLATE template0`);
  const dump = execFileSync(`${cluster.binFolder}/pg_dump`, ['-Fc', cluster.urlOf(database)]);
  execFileSync(`${cluster.binFolder}/pg_restore`, ['--exit-on-error', `--dbname=${cluster.urlOf(copy)}`], {
    input: dump,
  });
  return copy;
}

/** What is done, and the object that must then be another one. */
const changes: readonly (readonly [string, string])[] = [
  ['ALTER TABLE made.items OWNER TO shop_web', 'owners | table made.items'],
  ['REVOKE SELECT ON parts.events FROM shop_web', 'grants | table parts.events to shop_web'],
  [
    'GRANT EXECUTE ON FUNCTION made.tax TO PUBLIC',
    'grants | function made.tax(integer,numeric) to everybody',
  ],
  [
    'REVOKE SELECT (id) ON rows_of.orders FROM shop_reports',
    'grants | table column rows_of.orders.id to shop_reports',
  ],
  [
    'ALTER DEFAULT PRIVILEGES FOR ROLE shop_owner IN SCHEMA made REVOKE SELECT ON TABLES FROM shop_reports',
    'default privileges | of shop_owner in made on tables to shop_reports',
  ],
  ["ALTER DATABASE changed SET work_mem = '8MB'", 'settings | settings'],
  ["ALTER ROLE shop_web IN DATABASE changed SET search_path = 'made'", 'settings | settings of shop_web'],
  ['ALTER DATABASE changed CONNECTION LIMIT 9', 'settings | connection limit'],
  ['REVOKE CONNECT ON DATABASE changed FROM PUBLIC', 'rights to the database | to everybody'],
  ['ALTER TABLE rows_of.orders NO FORCE ROW LEVEL SECURITY', 'tables | table rows_of.orders'],
  ['ALTER POLICY own ON rows_of.orders TO shop_reports', 'policies | policy own on rows_of.orders'],
  ['ALTER POLICY own ON rows_of.orders USING (true)', 'expressions | policy own on rows_of.orders'],
  ['ALTER TABLE heirs.harbours ALTER COLUMN pier TYPE bigint', 'tables | table heirs.harbours'],
  [
    'ALTER TABLE heirs.ports ALTER COLUMN depth SET DEFAULT 5',
    'expressions | default value for heirs.ports.depth',
  ],
  ['ALTER TABLE heirs.capitals NO INHERIT heirs.cities', 'tables | table heirs.capitals'],
  [
    'ALTER TABLE parts.events DETACH PARTITION parts.events_rest',
    'expressions | partition parts.events_rest',
  ],
  ['DROP INDEX made.items_low', 'indexes | index made.items_low'],
  [
    'ALTER TABLE parts.lines DROP CONSTRAINT lines_hashed_fkey',
    'constraints | table constraint lines_hashed_fkey on parts.lines',
  ],
  ['ALTER TABLE made.items DISABLE TRIGGER stamped', 'triggers and rules | trigger stamped on made.items'],
  ['DROP RULE no_change ON views.sales', 'triggers and rules | rule no_change on views.sales'],
  ['DROP STATISTICS made.together', 'statistics | statistics object made.together'],
  ["ALTER TYPE made.state ADD VALUE 'lost'", 'types | type made.state'],
  [
    'ALTER DOMAIN made.cents DROP CONSTRAINT positive',
    'constraints | domain constraint positive on made.cents',
  ],
  ['ALTER FUNCTION made.tax RESET search_path', 'functions | function made.tax(integer,numeric)'],
  ['ALTER FUNCTION made.stamp SECURITY DEFINER', 'functions | function made.stamp()'],
  [
    'CREATE OR REPLACE FUNCTION made.twice(n int) RETURNS int IMMUTABLE RETURN n * 3',
    'texts of views | function made.twice(integer)',
  ],
  [
    'CREATE OR REPLACE VIEW views.big AS SELECT t.region FROM views.totals t WHERE t.total > 101',
    'texts of views | view views.big',
  ],
  ['ALTER SEQUENCE made.items_id_seq CACHE 7', 'sequences | sequence made.items_id_seq'],
  ["ALTER SERVER warehouse OPTIONS (SET host '10.0.0.9')", 'foreign servers | server warehouse'],
  [
    'DROP USER MAPPING FOR shop_web SERVER warehouse',
    'foreign servers | user mapping of shop_web on warehouse',
  ],
  ["COMMENT ON MATERIALIZED VIEW views.totals IS 'other'", 'comments | materialized view views.totals'],
  ['REFRESH MATERIALIZED VIEW views.totals WITH NO DATA', 'tables | materialized view views.totals'],
  ['SELECT lo_unlink(70002)', 'large objects | all large objects'],
  [
    'DROP TEXT SEARCH CONFIGURATION words.plain',
    'text search and collations | text search configuration words.plain',
  ],
  ['CREATE PUBLICATION few FOR TABLE made.items WHERE (id > 3)', 'publications | publication few'],
  ['CREATE SCHEMA more', 'schemas | schema more'],
  ['CREATE EXTENSION pgcrypto', 'extensions | extension pgcrypto'],
];

describe('the catalogue of a database', () => {
  it('is the same after a dump and a restore, for eight kinds of schemas', async () => {
    await cluster.sql('postgres', 'CREATE DATABASE kinds');
    // A server without ICU lists collations of ICU all the same.
    const hasIcu = await cluster
      .sql('postgres', "CREATE COLLATION of_icu (provider = icu, locale = 'de')")
      .then(() => true)
      .catch((error: { code?: string }) => {
        if (error.code !== '0A000') throw error;
        return false;
      });
    await cluster.sql('kinds', ...(hasIcu ? catalogueStatements : catalogueWithoutIcu));
    const before = await read('kinds');
    expect(linesOf(await read(await copyOf('kinds')))).toEqual(linesOf(before));
    expect(Object.keys(catalogueKinds)).toHaveLength(8);
    // Every section has something in it, or this would compare nothing.
    const empty = before.sections.filter(
      (section) => !before.objects.some((object) => object.section === section),
    );
    expect(empty).toEqual([
      ...[
        'tablespaces',
        'security labels',
        'publications',
        'subscriptions',
        'event triggers',
        'late comments',
      ],
      'grants of MAINTAIN',
    ]);
  });

  it('is another one after each change, and tells which object', async () => {
    await cluster.sql('postgres', 'CREATE DATABASE changed TEMPLATE kinds_copy');
    const before = linesOf(await read('changed'));
    await cluster.sql('changed', ...changes.map(([sql]) => sql));
    const after = linesOf(await read('changed'));
    const named = (lines: readonly string[], others: readonly string[]) =>
      lines.filter((line) => !others.includes(line)).map((line) => line.split(' | ').slice(0, 2).join(' | '));
    const differing = new Set([...named(before, after), ...named(after, before)]);
    expect(changes.filter(([, what]) => !differing.has(what))).toEqual([]);
  });

  it('holds no secret: neither of a user mapping, nor of a setting of the application', async () => {
    await cluster.sql('postgres', 'CREATE DATABASE secrets');
    await cluster.sql(
      'secrets',
      ...(catalogueKinds['foreign tables'] ?? []),
      "ALTER DATABASE secrets SET app.key = 'hunter2'",
      "CREATE FOREIGN DATA WRAPPER own OPTIONS (password 'hunter2')",
      "CREATE FUNCTION f() RETURNS int LANGUAGE sql SET app.key = 'hunter2' AS 'SELECT 1'",
      "CREATE SUBSCRIPTION s CONNECTION 'host=127.0.0.1 password=hunter2' PUBLICATION x WITH (connect = false, slot_name = NONE)",
    );
    const found = await read('secrets');
    await cluster.sql('secrets', 'DROP SUBSCRIPTION s');
    expect(linesOf(found).filter((line) => line.includes('hunter2'))).toEqual([]);
    expect(linesOf(found).filter((line) => line.includes('app.key'))).toHaveLength(2);
  });

  it('is the same where there is everything that can have an owner', async () => {
    await cluster.sql('postgres', 'CREATE DATABASE owned');
    await cluster.sql('owned', ...sourceStatements);
    const before = await read('owned');
    expect(linesOf(await read(await copyOf('owned')))).toEqual(linesOf(before));
    await cluster.sql('owned', 'DROP SUBSCRIPTION from_afar');
    await cluster.sql('owned_copy', 'DROP SUBSCRIPTION from_afar');
  });
});
