import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createSecret } from '../../../src/base/secret.ts';
import { openDatabaseServer } from '../../../src/databases/postgres/pg-database-server.ts';
import type { DatabaseDriver } from '../../../src/ports/database-server.ts';
import { startTestCluster, type TestCluster } from './cluster.ts';

let cluster: TestCluster;
let server: DatabaseDriver;

beforeAll(async () => {
  cluster = await startTestCluster();
  await cluster.sql('postgres', 'CREATE DATABASE crm');
  await cluster.sql(
    'crm',
    'CREATE TABLE connectors (id int, name text, config text)',
    "INSERT INTO connectors VALUES (1, 'ldap', 'a bind password')",
    'CREATE TABLE notes (id int, note text)',
    "INSERT INTO notes VALUES (1, 'plain')",
    'CREATE VIEW harmless AS SELECT id, config AS label FROM connectors',
    'CREATE FUNCTION peek() RETURNS text LANGUAGE sql AS $$ SELECT config FROM connectors $$',
  );
  server = openDatabaseServer({ url: createSecret(cluster.urlOf('crm')) });
});
afterAll(async () => {
  await server?.close();
  await cluster?.remove();
});

const ask = (sql: string, ofDump = false) =>
  server.query({ database: 'crm', sql, never: ['config'], ofDump });

describe('a column that must never be written', () => {
  it.each([
    'SELECT config FROM connectors',
    'SELECT config AS name FROM connectors',
    'SELECT label FROM (SELECT config AS label FROM connectors) AS inner_one',
    'WITH w AS (SELECT config AS label FROM connectors) SELECT label FROM w',
    'SELECT to_jsonb(connectors) AS row FROM connectors',
    'SELECT connectors AS row FROM connectors',
    'SELECT (connectors).config AS name FROM connectors',
    "SELECT 'x' || config AS name FROM connectors",
    'SELECT name FROM connectors UNION ALL SELECT config FROM connectors',
    'SELECT name FROM (SELECT name FROM connectors UNION ALL SELECT config FROM connectors) AS both_of_them',
    'SELECT label FROM harmless',
    'SELECT peek() AS name',
    'SELECT value AS name FROM connectors, LATERAL (VALUES (config)) AS v (value)',
    'SELECT coalesce(note, config) AS name FROM notes JOIN connectors USING (id)',
    'SELECT note AS config FROM notes',
  ])('does not come out of %s', async (sql) => {
    for (const ofDump of [false, true]) {
      const asked = await ask(sql, ofDump);
      expect(asked).toMatchObject({ ok: false, failure: { code: 'invalid-input' } });
      expect(JSON.stringify(asked)).not.toContain('bind password');
    }
  });

  it('does not come out as XML, where the server knows XML', async () => {
    const sql =
      "SELECT (xpath('/table/row/config/text()', table_to_xml('connectors', true, false, '')))[1]::text AS name";
    const knowsXml = await cluster.sql('crm', "SELECT xmlcomment('')").then(
      () => true,
      (error: { code?: string }) => error.code !== '0A000',
    );
    for (const ofDump of [false, true]) {
      const asked = await ask(sql, ofDump);
      expect(asked).toMatchObject({ ok: false });
      if (knowsXml) expect(asked).toMatchObject({ failure: { code: 'invalid-input' } });
      expect(JSON.stringify(asked)).not.toContain('bind password');
    }
  });

  it.each([
    ['SELECT id, name AS label FROM connectors ORDER BY id', [{ id: '1', label: 'ldap' }]],
    ['SELECT c.name, n.note FROM connectors c JOIN notes n USING (id)', [{ name: 'ldap', note: 'plain' }]],
    ["SELECT name FROM connectors WHERE config LIKE 'a%'", [{ name: 'ldap' }]],
  ])('leaves the others to %s', async (sql, rows) => {
    expect(await ask(sql)).toEqual({ ok: true, value: rows });
  });

  it('says which column of which table stands behind a name', async () => {
    expect(await ask('SELECT config AS label FROM connectors')).toMatchObject({
      failure: { message: expect.stringContaining('label, which is config of public.connectors') },
    });
  });
});
