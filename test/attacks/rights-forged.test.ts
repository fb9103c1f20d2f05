import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createSecret } from '../../src/base/secret.ts';
import { openDatabaseServer } from '../../src/databases/postgres/pg-database-server.ts';
import type { DumpRights } from '../../src/ports/database-rights.ts';
import type { DatabaseDriver } from '../../src/ports/database-server.ts';
import { valueFrom } from '../contracts/object-store.contract.ts';
import { startTestCluster, type TestCluster } from '../databases/postgres/cluster.ts';

/**
 * An administrator puts owners and grants back. Whoever changed the dump chose the texts of it: none of them is run, and none gives anybody more than
 * an owner of the restored objects may give. Remains: a grant on restored objects to a role that is there, which is what a dump is for.
 */

let cluster: TestCluster;
const cell = { role: 'thaw_cell_forged', database: 'incoming', comment: 'thaw run test' };

beforeAll(async () => {
  cluster = await startTestCluster();
  await cluster.sql(
    'postgres',
    "CREATE ROLE keeper LOGIN CREATEDB CREATEROLE PASSWORD 'keeper'",
    'CREATE ROLE evil LOGIN',
    'CREATE ROLE boss CREATEROLE',
    'CREATE ROLE underling IN ROLE boss',
    'CREATE ROLE reads_files IN ROLE pg_read_server_files',
    'CREATE ROLE plain',
    'GRANT boss, underling, plain TO keeper',
  );
});
afterAll(() => cluster?.remove());

const administrators = [
  { who: 'a superuser', user: undefined },
  { who: 'an owner with CREATEROLE and CREATEDB', user: { name: 'keeper', password: 'keeper' } },
] as const;

/** All that is not the restored database: roles, memberships, rights on what the server brings. */
const look = async () => [
  await cluster.sql('postgres', "SELECT * FROM pg_authid WHERE rolname !~ '^thaw_' ORDER BY oid"),
  await cluster.sql(
    'postgres',
    "SELECT * FROM pg_auth_members WHERE roleid::regrole::text !~ '^thaw_' ORDER BY 1, 2, 3",
  ),
  await cluster.sql('postgres', 'SELECT * FROM pg_db_role_setting'),
  await cluster.sql(
    'incoming',
    "SELECT oid::regprocedure::text AS name, proacl::text FROM pg_proc WHERE pronamespace = 'pg_catalog'::regnamespace AND proacl IS NOT NULL ORDER BY 1, 2",
  ),
  await cluster.sql('incoming', 'SELECT * FROM pg_default_acl'),
  await cluster.sql('incoming', 'SELECT evtname FROM pg_event_trigger'),
  await cluster.sql('incoming', 'SELECT pubname FROM pg_publication'),
];

describe.each(administrators)('rights put back by $who', ({ user }) => {
  let server: DatabaseDriver;

  beforeEach(async () => {
    const url = createSecret(cluster.urlOf('postgres', user));
    server = openDatabaseServer({ url });
    valueFrom(await server.createDatabase({ name: cell.database, comment: cell.comment }));
    const login = valueFrom(await server.makeCell(cell));
    const restored = cluster.urlOf(cell.database, { name: login.user, password: login.password.reveal() });
    const client = await cluster.connect(restored);
    await client.query(
      `CREATE TABLE public.orders (id int); CREATE FUNCTION public.act() RETURNS event_trigger LANGUAGE plpgsql
         AS $$ BEGIN CREATE ROLE made_by_trigger SUPERUSER; END $$`,
    );
    await client.end();
    valueFrom(await server.closeCell(cell));
    return async () => {
      valueFrom(await server.dropDatabase({ name: cell.database }));
      valueFrom(await server.dropCell(cell));
      await server.close();
    };
  });

  const newOwner = user?.name ?? 'plain';
  const putBack = async (rights: Partial<DumpRights>, signed = false) =>
    valueFrom(
      await server.putBackRights({
        ...cell,
        newOwner,
        rights: { objects: [], statements: [], ...rights },
        trial: false,
        signed,
        makeRoles: false,
      }),
    );
  const ownerOf = async (table: string) =>
    (await cluster.sql(cell.database, `SELECT tableowner FROM pg_tables WHERE tablename = '${table}'`))[0]
      ?.tableowner;

  it.each([
    'postgres',
    'boss',
    'underling',
    'reads_files',
    'pg_read_all_data',
    'nobody',
    'keeper"; DROP TABLE orders; --',
  ])('give nothing to %s', async (owner) => {
    const before = await look();
    const report = await putBack({ objects: [{ kind: 'table', schema: 'public', name: 'orders', owner }] });
    expect(report?.left).toMatchObject([{ what: 'table public.orders' }]);
    expect(await ownerOf('orders')).toBe(newOwner);
    expect(await look()).toEqual(before);
  });

  it.each([
    'ALTER ROLE evil SUPERUSER;',
    'GRANT postgres TO evil;',
    'GRANT pg_execute_server_program TO evil;',
    'GRANT ALL ON FUNCTION pg_catalog.pg_read_file(text) TO evil;',
    'GRANT SELECT ON TABLE public.orders TO evil; DROP TABLE public.orders;',
    'GRANT SELECT ON TABLE public.orders TO evil, boss;',
    'GRANT SELECT ON TABLE (SELECT public.act()) TO evil;',
    'GRANT SELECT ON TABLE public.orders TO evil GRANTED BY postgres;',
    'SET SESSION AUTHORIZATION postgres; GRANT ALL ON TABLE public.orders TO evil; RESET SESSION AUTHORIZATION;',
    'SET SESSION AUTHORIZATION boss; GRANT ALL ON TABLE public.orders TO evil;',
    'SET ROLE postgres; CREATE ROLE more SUPERUSER;',
    'ALTER DEFAULT PRIVILEGES FOR ROLE postgres GRANT ALL ON TABLES TO evil;',
    'ALTER DEFAULT PRIVILEGES FOR ROLE boss GRANT ALL ON TABLES TO evil;',
    "COPY public.orders TO PROGRAM 'touch /tmp/evil';",
    'CREATE EVENT TRIGGER acts ON ddl_command_start EXECUTE FUNCTION public.act();',
    "CREATE PUBLICATION everything FOR ALL TABLES WITH (publish = 'insert');",
    'GRANT SELECT ON TABLE public.orders TO evil /* ; */ ; SELECT public.act(); --',
    'GRANT SELECT ON TABLE public."orders"";" TO evil',
  ])('never run what stands in the place of a grant: %s', async (sql) => {
    const before = await look();
    for (const type of ['ACL', 'DEFAULT ACL', 'EVENT TRIGGER', 'PUBLICATION', 'PUBLICATION TABLES IN SCHEMA'])
      for (const tag of ['TABLE orders', 'FUNCTION pg_read_file(text)', 'DATABASE shop'])
        await putBack({ statements: [{ type, schema: 'public', tag, sql }] });
    expect(await look()).toEqual(before);
    expect(await ownerOf('orders')).toBe(newOwner);
  });

  it('make no trigger that acts at every statement for a dump of anybody, and run none while they are at it', async () => {
    const sql = 'CREATE EVENT TRIGGER acts ON ddl_command_start EXECUTE FUNCTION public.act();';
    const statements = [{ type: 'EVENT TRIGGER', schema: '', tag: 'acts', sql }];
    const report = await putBack({ statements });
    expect(report?.left).toMatchObject([{ what: 'event trigger acts' }]);
    expect(await cluster.sql('postgres', "SELECT 1 FROM pg_roles WHERE rolname = 'made_by_trigger'")).toEqual(
      [],
    );
  });
});
