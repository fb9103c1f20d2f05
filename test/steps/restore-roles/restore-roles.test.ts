import { Readable } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { restoreRolesKind } from '../../../src/steps/restore-roles/kind.ts';
import { restoreRoles } from '../../../src/steps/restore-roles/restore-roles.ts';
import { createFakeContext, words } from '../../fakes/fake-context.ts';
import { createFakeWorld } from '../../fakes/fake-world.ts';

const step = restoreRolesKind.schema.parse({
  kind: 'restore-roles',
  layout: 'pg/globals_{timestamp}.sql',
}) as never;
const end = '-- PostgreSQL database cluster dump complete\n';
const snapshot = {
  ...{ id: '2026-04-28/14', key: 'pg/crm-01/2026-04-28/14.dump.gz', takenAtMs: Date.UTC(2026, 3, 28, 14) },
  ...{ sizeBytes: 1, layers: [], loss: '' },
};

async function stage(text: string, mode: 'live' | 'drill' = 'live') {
  const world = createFakeWorld();
  for (const [key, content] of [
    ['pg/globals_20260428-140000.sql', text],
    ['pg/globals_20260101-140000.sql', `CREATE ROLE older;\n${end}`],
  ] as const) {
    const body = Readable.from([Buffer.from(content)]);
    const sizeBytes = Buffer.byteLength(content);
    await world.stores.backups?.write({ key, body, sizeBytes, attributes: { metadata: {} } });
  }
  world.production.answers.set('rolname AS role', [{ role: 'postgres' }, { role: 'crm' }]);
  world.production.answers.set("'role' AS what", [
    ...['postgres', 'crm', 'keeper'].map((name) => ({ what: 'role', name })),
    ...['postgres', 'keeper'].map((name) => ({ what: 'mighty', name })),
    ...['search_path', 'local_preload_libraries'].map((name) => ({ what: 'setting', name })),
    { what: 'database', name: 'crm' },
  ]);
  world.production.databases.set('postgres', { content: 'maintenance' });
  return { world, context: createFakeContext({ mode, world, facts: { snapshot } }) };
}

describe('roles', () => {
  it('are made where they are missing, from the file of the time of the dump; existing ones are left alone', async () => {
    const { world, context } = await stage(
      `CREATE ROLE crm;\nALTER ROLE crm WITH LOGIN PASSWORD 'x';\nCREATE ROLE reader;\nALTER ROLE reader WITH LOGIN PASSWORD 'hash-of-reader';\nGRANT crm TO reader;\n${end}`,
    );
    expect((await restoreRoles.run(step, context)).ok).toBe(true);
    expect(world.production.changes).toEqual(['role reader', 'role reader as a member of crm']);
    world.production.answers.set('rolname AS role', [{ role: 'crm' }, { role: 'reader' }]);
    expect(words(await restoreRoles.verify(step, context))).toEqual([
      'passed: pg/globals_20260428-140000.sql is whole: 2 roles',
      'passed: all 2 roles are there; made: reader',
    ]);
    expect(JSON.stringify([context.said, context.commands, [...context.facts]])).not.toContain(
      'hash-of-reader',
    );
    expect([...world.host.files.keys()].filter((path) => path.includes('globals'))).toEqual([]);
  });

  it('get no power from a file that nobody signed: what was withheld is named, with the statement', async () => {
    const { context } = await stage(
      [
        ...['CREATE ROLE evil;', "ALTER ROLE evil WITH SUPERUSER LOGIN BYPASSRLS PASSWORD 'known';"],
        ...[
          "ALTER ROLE evil SET local_preload_libraries TO 'evil';",
          "ALTER ROLE evil SET search_path TO 'a';",
        ],
        ...['GRANT pg_execute_server_program TO evil;', 'GRANT keeper TO evil;', 'GRANT crm TO evil;', end],
      ].join('\n'),
    );
    const { world } = context;
    await restoreRoles.run(step, context);
    expect(world.production.changes).toEqual(['role evil', 'role evil as a member of crm']);
    world.production.answers.set('rolname AS role', [{ role: 'evil' }]);
    const said = words(await restoreRoles.verify(step, context)).filter((one) => /more than/.test(one));
    expect(said.map((one) => one.replace(/.*not done: /, ''))).toEqual([
      'ALTER ROLE "evil" SUPERUSER BYPASSRLS;',
      `ALTER ROLE "evil" SET "local_preload_libraries" TO 'evil';`,
      'GRANT "pg_execute_server_program" TO "evil";',
      'GRANT "keeper" TO "evil";',
    ]);
  });

  it('are only read in a drill', async () => {
    const { world, context } = await stage(`CREATE ROLE reader;\n${end}`, 'drill');
    await restoreRoles.run(step, context);
    expect(world.sandbox.changes).toEqual([]);
    expect(words(await restoreRoles.verify(step, context))).toEqual([
      'passed: pg/globals_20260428-140000.sql is whole: 1 roles',
    ]);
  });

  it('of a file that breaks off are not good enough', async () => {
    const { context } = await stage('CREATE ROLE reader;\n');
    await restoreRoles.run(step, context);
    expect(words(await restoreRoles.verify(step, context))[0]).toMatch(/^failed: .* breaks off/);
  });
});
