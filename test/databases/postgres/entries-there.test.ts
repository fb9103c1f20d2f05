import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { succeed } from '../../../src/base/failure.ts';
import type { ArchiveEntry } from '../../../src/ports/dump-tools.ts';
import { findEntries, judgeEntries } from '../../../src/steps/restore-database/entries-there.ts';
import { valueFrom } from '../../contracts/object-store.contract.ts';
import { startTestCluster, type TestCluster } from './cluster.ts';

let cluster: TestCluster;

beforeAll(async () => {
  cluster = await startTestCluster();
  await cluster.sql('postgres', 'CREATE DATABASE shop');
  await cluster.sql(
    'shop',
    'CREATE TABLE clients (id int CONSTRAINT is_plus CHECK (id > 0), name text DEFAULT 1)',
    'CREATE FUNCTION twice(int) RETURNS int LANGUAGE sql AS $$ SELECT 1 $$',
    'CREATE FUNCTION twice(numeric) RETURNS int LANGUAGE sql AS $$ SELECT 1 $$',
    'CREATE FUNCTION touch() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NEW; END $$',
    'CREATE TRIGGER touched BEFORE UPDATE ON clients FOR EACH ROW EXECUTE FUNCTION touch()',
    'CREATE POLICY everybody ON clients USING (true)',
    'ALTER TABLE clients ENABLE ROW LEVEL SECURITY',
    'CREATE INDEX by_name ON clients (name)',
    'CREATE VIEW good AS SELECT * FROM clients',
  );
});
afterAll(() => cluster?.remove());

const entries: readonly ArchiveEntry[] = [
  ['TABLE', 'clients'],
  ['CHECK CONSTRAINT', 'clients is_plus'],
  ['DEFAULT', 'clients name'],
  ['FUNCTION', 'twice(integer)'],
  ['FUNCTION', 'twice(numeric)'],
  ['FUNCTION', 'touch()'],
  ['TRIGGER', 'clients touched'],
  ['POLICY', 'clients everybody'],
  ['ROW SECURITY', 'clients'],
  ['INDEX', 'by_name'],
  ['VIEW', 'good'],
  ['TABLE DATA', 'clients'],
].map(([type = '', name = ''], id) => ({ id, type, schema: 'public', name }));

async function find(database: string) {
  const server = {
    query: async ({ database: name, sql }: { readonly database: string; readonly sql: string }) =>
      succeed(await cluster.sql(name, sql)),
  };
  return valueFrom(await findEntries(server, { database, entries }));
}

describe('an entry of an archive', () => {
  it('is found by its name in the catalogue', async () => {
    const found = await find('shop');
    expect(found).toEqual({ of: 12, looked: 11, lacking: [] });
    expect(judgeEntries(found, { harmless: 2 })).toEqual([
      {
        verdict: 'passed',
        against: 'dump',
        text: '12 of 12 entries of the archive went in: 11 are in the catalogue by name, 1 have none there and no error; 2 messages are harmless',
      },
    ]);
  });

  it.each([
    [
      'DROP TABLE clients CASCADE',
      [
        'TABLE public.clients',
        'CONSTRAINT public.clients is_plus',
        'DEFAULT public.clients name',
        'TRIGGER public.clients touched',
        'POLICY public.clients everybody',
        'ROW SECURITY public.clients',
        'INDEX public.by_name',
        'VIEW public.good',
      ],
    ],
    ['ALTER TABLE clients DROP CONSTRAINT is_plus', ['CONSTRAINT public.clients is_plus']],
    ['ALTER TABLE clients ALTER name DROP DEFAULT', ['DEFAULT public.clients name']],
    ['DROP FUNCTION twice(numeric)', ['FUNCTION public.twice']],
    ['DROP TRIGGER touched ON clients', ['TRIGGER public.clients touched']],
    ['DROP POLICY everybody ON clients', ['POLICY public.clients everybody']],
    ['ALTER TABLE clients DISABLE ROW LEVEL SECURITY', ['ROW SECURITY public.clients']],
    ['DROP INDEX by_name', ['INDEX public.by_name']],
    ['DROP VIEW good', ['VIEW public.good']],
  ])('that is not there is named, and the dump is not proven: %s', async (statement, lacking) => {
    await cluster.sql('postgres', 'DROP DATABASE IF EXISTS copy', 'CREATE DATABASE copy TEMPLATE shop');
    await cluster.sql('copy', statement);
    const found = await find('copy');
    expect([...found.lacking].sort()).toEqual([...lacking].sort());
    expect(judgeEntries(found, { harmless: 0 })).toMatchObject([
      { verdict: 'could-not-verify', against: 'dump' },
    ]);
  });
});
