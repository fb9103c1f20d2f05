import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { createProcessRunner } from '../../../src/adapters/process/execa-process-runner.ts';
import { createSecret } from '../../../src/base/secret.ts';
import { openDatabaseServer } from '../../../src/databases/postgres/pg-database-server.ts';
import { openDumpTools } from '../../../src/databases/postgres/pg-dump-tools.ts';
import type { Catalogue, CatalogueObject } from '../../../src/ports/catalogue.ts';
import { valueFrom } from '../../contracts/object-store.contract.ts';
import { startTestCluster, type TestCluster } from './cluster.ts';
import { catalogueSql, rolesOfSource, sourceStatements } from './rights-source.ts';

let cluster: TestCluster;
const cell = { role: 'thaw_cell_rights', database: 'incoming', comment: 'thaw run test' };

beforeAll(async () => {
  cluster = await startTestCluster({ settings: { wal_level: 'logical' } });
  for (const role of rolesOfSource) await cluster.sql('postgres', `CREATE ROLE ${role}`);
  await cluster.sql(
    'postgres',
    "CREATE ROLE keeper LOGIN CREATEDB CREATEROLE PASSWORD 'keeper'",
    `GRANT ${rolesOfSource.join(', ')} TO keeper`,
    'CREATE DATABASE harbour',
  );
  await cluster.sql('harbour', ...sourceStatements);
});
afterAll(() => cluster?.remove());

const catalogue = async (database: string) =>
  (await cluster.sql(database, catalogueSql)).map(({ line }) => line ?? '');

type By = { readonly name: string; readonly password: string } | undefined;

/** From the dump to what is in place, as a run does it. */
async function restore(request: {
  readonly format: string;
  readonly by?: By;
  readonly signed: boolean;
  readonly newOwner: string;
}) {
  const { format, by, signed, newOwner } = request;
  const file = join(cluster.folder, `harbour.${format}`);
  execFileSync(join(cluster.binFolder, 'pg_dump'), [
    `--format=${format}`,
    `--file=${file}`,
    cluster.urlOf('harbour'),
  ]);
  const url = createSecret(cluster.urlOf('postgres', by));
  const server = openDatabaseServer({ url });
  const processes = createProcessRunner();
  const contents = valueFrom(await openDumpTools({ url, processes }).contents(file));
  valueFrom(await server.createDatabase({ name: cell.database, comment: cell.comment }));
  const login = valueFrom(await server.makeCell({ ...cell, extensions: contents.extensions ?? [] }));
  const tools = openDumpTools({ url, processes, login });
  const report = valueFrom(
    await tools.restore({
      ...{ file, database: cell.database, jobs: 1, stallMs: 60_000 },
      ...{ onLine: () => {}, onEntry: () => {} },
    }),
  );
  valueFrom(await server.closeCell(cell));
  const request_ = { ...cell, newOwner, rights: contents.rights, signed, makeRoles: false };
  const before = await catalogue(cell.database);
  const tried = valueFrom(await server.putBackRights({ ...request_, trial: true }));
  expect(await catalogue(cell.database)).toEqual(before);
  const done = valueFrom(await server.putBackRights({ ...request_, trial: false }));
  valueFrom(await server.dropCell(cell));
  await server.close();
  return { messages: report.messages.filter(({ weight }) => weight !== 'harmless'), tried, done };
}

afterEach(async () => {
  await cluster.sql(
    'postgres',
    `DROP DATABASE IF EXISTS ${cell.database}`,
    `DROP ROLE IF EXISTS ${cell.role}`,
  );
});

const linesOf = (found: Catalogue | undefined) =>
  found?.objects.map(({ section, name, text }) => `${section} | ${name} | ${text}`).sort();

async function rightsNow(like: Catalogue | undefined) {
  const server = openDatabaseServer({ url: createSecret(cluster.urlOf(cell.database)) });
  const found = await server.catalogue(cell.database);
  if (!found.ok) throw new Error(found.failure.message);
  const isRead = ({ section }: CatalogueObject) => like?.sections.includes(section) === true;
  return linesOf({ ...found.value, objects: found.value.objects.filter(isRead) });
}

const differences = async () => {
  const [source, restored] = [await catalogue('harbour'), await catalogue(cell.database)];
  return {
    lacking: source.filter((line) => !restored.includes(line)),
    instead: restored.filter((line) => !source.includes(line)),
  };
};

/** Whatever else there is: it is made by hand, later. */
const subscription = {
  what: 'subscription from_afar',
  why: 'a restore contacts nobody: make it by hand once this database is in use',
};

describe('owners, grants and what only an administrator may make', () => {
  it.each(['custom', 'plain', 'tar', 'directory'])(
    'come back as they were, from a dump whose author is proven (%s)',
    async (format) => {
      const { messages, tried, done } = await restore({ format, signed: true, newOwner: 'postgres' });
      expect(messages).toEqual([]);
      // Nobody's rights were asked for beside (logins).
      const { catalogue: foreseen, logins, ...report } = { catalogue: undefined, logins: [], ...tried };
      expect(logins).toEqual([]);
      expect(done).toEqual(report);
      // What a trial says of owners and grants is what the catalogue says when they are back.
      expect(linesOf(foreseen)).toEqual(await rightsNow(foreseen));
      expect(done).toMatchObject({ left: [subscription], code: { triggers: 1, rules: 1 } });
      expect(done?.code.definers).toEqual(['berths.price(integer,text)']);
      expect(await catalogue(cell.database)).toEqual(await catalogue('harbour'));
    },
  );

  it('of another owner belong to him, but for what has to belong to a superuser', async () => {
    const { done } = await restore({ format: 'custom', signed: true, newOwner: 'web' });
    // In the source these belong to a superuser.
    const left = done?.left.filter(({ what }) => what !== subscription.what) ?? [];
    expect(left.every(({ why }) => why.startsWith('postgres holds more than an owner may'))).toBe(true);
    expect(done?.left.map(({ what }) => what)).not.toContain('publication of_schema');
    const { lacking, instead } = await differences();
    expect(lacking.every((line) => / postgres( |$)/.test(line))).toBe(true);
    expect(instead.every((line) => / web( |$)/.test(line))).toBe(true);
    expect(await catalogue(cell.database)).toContain('publication of_schema postgres false');
  });

  it('of a dump of anybody nothing is made that acts at every statement or for the whole database', async () => {
    const { done } = await restore({ format: 'custom', signed: false, newOwner: 'postgres' });
    const why = 'it is made only of a backup whose author is proven';
    expect(done?.left).toEqual([
      { what: 'publication everything', why },
      { what: 'publication tables in schema of_schema berths', why },
      { what: 'event trigger watching', why },
      subscription,
    ]);
    expect(await differences()).toEqual({
      lacking: [expect.stringMatching(/^event trigger watching/), 'publication everything postgres true'],
      instead: [],
    });
  });

  it.each(['keeper', 'audit_owner'])(
    'an owner who may make roles puts back what he may act for, with the rest for %s',
    async (newOwner) => {
      const by = { name: 'keeper', password: 'keeper' };
      const { done } = await restore({ format: 'custom', by, signed: true, newOwner });
      const left = done?.left.map(({ what, why }) => `${what}: ${why}`) ?? [];
      expect(left.filter((line) => /watching|everything|of_schema/.test(line)).length).toBe(4);
      const { lacking, instead } = await differences();
      // Extensions and what stands on them, and what belongs to a superuser, cannot be made without one.
      const known =
        /postgres|extension|wrapper|elsewhere|far|called|watching|dblink|event trigger|publication/;
      expect(lacking.filter((line) => !known.test(line))).toEqual([]);
      expect(instead.filter((line) => !/keeper|audit_owner|schema public/.test(line))).toEqual([]);
      expect(await catalogue(cell.database)).toContain(
        'column berths.boats.id reporting=r*/harbour_owner,web=r/reporting',
      );
    },
  );

  it('of more tables than the server has locks for at once', async () => {
    const server = openDatabaseServer({ url: createSecret(cluster.urlOf('postgres')) });
    valueFrom(await server.createDatabase({ name: cell.database, comment: cell.comment }));
    const login = valueFrom(await server.makeCell(cell));
    const restored = { name: login.user, password: login.password.reveal() };
    const client = await cluster.connect(cluster.urlOf(cell.database, restored));
    const tables = 3000;
    for (let from = 0; from < tables; from += 500)
      await client.query(
        `DO $$ BEGIN FOR i IN ${from + 1}..${from + 500} LOOP
           EXECUTE format('CREATE TABLE public.t%s (id int PRIMARY KEY, note text)', i); END LOOP; END $$`,
      );
    await client.end();
    valueFrom(await server.closeCell(cell));
    const objects = Array.from({ length: tables }, (_, index) => ({
      ...{ kind: 'table', schema: 'public', name: `t${index + 1}` },
      owner: index % 2 === 0 ? 'harbour_owner' : 'audit_owner',
    }));
    const request = { ...cell, newOwner: 'audit_owner', signed: false, makeRoles: false };
    for (const trial of [true, false]) {
      const done = valueFrom(
        await server.putBackRights({ ...request, rights: { objects, statements: [] }, trial }),
      );
      expect(done).toMatchObject({ owners: { done: tables, of: tables }, left: [] });
    }
    valueFrom(await server.dropCell(cell));
    await server.close();
    expect(
      await cluster.sql(
        cell.database,
        "SELECT tableowner, count(*) AS n FROM pg_tables WHERE schemaname = 'public' GROUP BY 1 ORDER BY 1",
      ),
    ).toEqual([
      { tableowner: 'audit_owner', n: '1500' },
      { tableowner: 'harbour_owner', n: '1500' },
    ]);
  });
});
