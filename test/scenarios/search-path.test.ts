import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createSecret } from '../../src/base/secret.ts';
import { openDatabaseServer } from '../../src/databases/postgres/pg-database-server.ts';
import { valueFrom } from '../contracts/object-store.contract.ts';
import { startTestCluster, type TestCluster } from '../databases/postgres/cluster.ts';
import { walkShop } from '../parts/walk-shop.ts';

/** Functions that name things without their schema: pg_dump restores with an empty search path, where they find nothing. */

let cluster: TestCluster;
let folder = '';

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'thaw-path-'));
  cluster = await startTestCluster();
  await cluster.sql('postgres', 'CREATE DATABASE articles');
  await cluster.sql(
    'articles',
    'CREATE SCHEMA tools',
    'ALTER DATABASE articles SET search_path = tools, public',
    'CREATE EXTENSION unaccent WITH SCHEMA tools',
    'SET search_path = public, tools',
    'CREATE FUNCTION slug(v text) RETURNS text LANGUAGE plpgsql IMMUTABLE AS $$ BEGIN RETURN lower(unaccent(v)); END $$',
    'CREATE FUNCTION shout(v text) RETURNS text LANGUAGE sql IMMUTABLE AS $$ SELECT upper(slug(v)) $$',
    'CREATE FUNCTION own(v text) RETURNS text LANGUAGE plpgsql IMMUTABLE SET search_path = pg_catalog AS $$ BEGIN RETURN v; END $$',
    'CREATE TABLE art (id int PRIMARY KEY, title text CHECK (own(title) <> $$$$), slug text GENERATED ALWAYS AS (slug(title)) STORED)',
    "INSERT INTO art (id, title) VALUES (1, 'Äpfel'), (2, 'B')",
    'CREATE INDEX by_shout ON art (shout(title))',
    'CREATE MATERIALIZED VIEW loud AS SELECT shout(title) AS t FROM art',
    'CREATE TABLE other AS SELECT generate_series(1, 50) AS id',
  );
});
afterAll(async () => {
  await cluster?.remove();
  rmSync(folder, { recursive: true, force: true });
});

async function restore(request: {
  readonly format: string;
  readonly step?: Readonly<Record<string, unknown>>;
  readonly more?: readonly string[];
}) {
  const { format, step = {}, more = [] } = request;
  const program = join(cluster.binFolder, 'pg_dump');
  const dump = execFileSync(program, [`--format=${format}`, cluster.urlOf('articles')]);
  const { end, checks } = await walkShop({
    folder,
    dumps: { [`shop-2026-11-19.${format === 'plain' ? 'sql' : 'dump'}`]: dump },
    url: cluster.urlOf('articles'),
    runbook: { restore: step },
    more,
  });
  return { end, checks: (await checks()).filter((check) => check.includes('search path')) };
}

const said = (places: string) =>
  `restore-database passed: functions of the dump that say no search path looked in ${places} while tables were filled, and are as they were dumped`;
/** A plain dump made without --create says nothing of the database itself: public, and then where its extensions are. */
const offered = (format: string) => (format === 'plain' ? 'public, tools' : 'tools, public');

const functions = () =>
  cluster.sql(
    'articles',
    "SELECT proname, proconfig::text FROM pg_proc WHERE pronamespace = 'public'::regnamespace ORDER BY 1",
  );

describe.each(['custom', 'tar', 'plain'])('a dump whose functions look without a schema (%s)', (format) => {
  it('is offered a search path, restored with it, and its functions are as they were', async () => {
    const before = await functions();
    const { end, checks } = await restore({
      format,
      more: ['--answer', 'restore-database.search-path=lend'],
    });
    expect(checks, end.text).toEqual([said(offered(format))]);
    expect(await cluster.sql('articles', 'SELECT slug FROM public.art ORDER BY id')).toEqual([
      { slug: 'apfel' },
      { slug: 'b' },
    ]);
    expect(await cluster.sql('articles', 'SELECT t FROM public.loud ORDER BY 1')).toEqual([
      { t: 'APFEL' },
      { t: 'B' },
    ]);
    expect(await functions()).toEqual(before);
  });

  it('is restored with the one of the runbook without a question', async () => {
    const { end, checks } = await restore({ format, step: { searchPath: ['tools', 'public'] } });
    expect(checks, end.text).toEqual([said('tools, public')]);
    expect(end.text).not.toContain('question restore-database.search-path');
  });

  it('is not restored where nobody wants that, and the way is told', async () => {
    const { end } = await restore({ format });
    expect(end.status, end.text).not.toBe(0);
    expect(end.text).toMatch(/function unaccent\(text\) does not exist/);
    expect(end.text).toContain('searchPath');
    expect(await cluster.sql('articles', 'SELECT count(*) FROM public.art')).toEqual([{ count: '2' }]);
  });
});

describe('before a dump is made', () => {
  /** As a backup does: counted first, where this user may count. */
  const needs = async (url: string, mayCount = true) => {
    const server = openDatabaseServer({ url: createSecret(url) });
    const snapshot = valueFrom(await server.exportSnapshot('articles'));
    const rows = mayCount ? valueFrom(await snapshot.inventory()).tables.map((table) => table.rows) : [];
    const read = valueFrom(await snapshot.searchPathNeeds());
    await snapshot.close();
    await server.close();
    return { ...read, rows };
  };
  const why = 'function unaccent(text) does not exist';

  it('tells what a restore of it will not be able to compute, and is not ended by it', async () => {
    expect(await needs(cluster.urlOf('articles'))).toEqual({
      lost: [
        { what: 'generated column slug of public.art', why },
        { what: 'index by_shout of public.art', why: expect.stringContaining('does not exist') },
        { what: 'materialised view public.loud', why: expect.stringContaining('does not exist') },
      ],
      untried: [],
      rows: [2, 50],
    });
  });

  it('runs no code of other roles', async () => {
    await cluster.sql(
      'articles',
      'CREATE ROLE stranger LOGIN PASSWORD $$s$$',
      'CREATE TABLE told (v text)',
      'GRANT USAGE, CREATE ON SCHEMA public, tools TO stranger',
      'GRANT ALL ON told TO PUBLIC',
    );
    await cluster.sql(
      'articles',
      'SET ROLE stranger',
      'CREATE FUNCTION public.spy(v text) RETURNS text LANGUAGE plpgsql IMMUTABLE AS $$ BEGIN RAISE undefined_function; END $$',
      'CREATE TABLE public.traps (id text)',
      "INSERT INTO public.traps VALUES ('x')",
      'ALTER TABLE public.traps ADD CHECK (public.spy(id) IS NULL) NOT VALID',
    );
    const { untried } = await needs(cluster.urlOf('articles'));
    expect(untried).toEqual(['check traps_id_check of public.traps']);
    const own = await needs(cluster.urlOf('articles', { name: 'stranger', password: 's' }), false);
    expect(own.untried).toEqual([]);
    expect(own.lost.map(({ what }) => what)).toContain('check traps_id_check of public.traps');
  });
});
