import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { resolveTargets } from '../../src/engine/targets.ts';
import { handlerOf } from '../../src/kinds/handlers.ts';
import { type AnyCheckContext, stepId } from '../../src/kinds/kind.ts';
import { handlers, runbookSchema } from '../../src/registry/kinds.ts';
import { parseRunbook } from '../../src/runbook/parse-runbook.ts';
import { nameWorld } from '../../src/session/name-world.ts';
import { valueFrom } from '../contracts/object-store.contract.ts';
import { toyStep } from '../engine/toy-handlers.ts';
import { createBarredWorld } from '../fakes/barred-world.ts';
import { createFakeContext } from '../fakes/fake-context.ts';

const folder = new URL('../../runbooks/', import.meta.url);
const runbooks = readdirSync(folder).filter((name) => name.endsWith('.yaml'));

/** A value that nobody gave, as a runbook writes it. */
const input = (name: string) => `\${${name}}`;

describe('what a step says it would do, at a table', () => {
  it.each(runbooks)(
    'is said for every step of %s, without a value, a fact, or anything asked',
    async (name) => {
      const text = readFileSync(new URL(name, folder), 'utf8');
      const { runbook } = valueFrom(parseRunbook({ path: name, text, schema: runbookSchema }));
      const context = {
        ...createFakeContext({ mode: 'tabletop' }),
        targets: resolveTargets(runbook, 'tabletop'),
        world: nameWorld(createBarredWorld()),
      };
      for (const step of runbook.steps) {
        const preview = await handlerOf(handlers, step).preview(step, context);
        expect([...preview.sentences, ...preview.commands].join(' '), stepId(step)).toMatch(/\w/);
      }
    },
  );

  it('names the command of the restore as it would run', async () => {
    const step = toyStep('restore-database');
    const context = { ...createFakeContext({}), world: nameWorld(createBarredWorld()) };
    const preview = await handlerOf(handlers, step).preview(step, context);
    expect(preview.commands).toEqual([
      expect.stringMatching(/^pg_restore --dbname crm__restore_\w+ archive\.dump$/),
    ]);
  });
});

describe('the world by its names', () => {
  it('has nothing in it that could be asked or changed', () => {
    const { targets } = createFakeContext({});
    const world = nameWorld(createBarredWorld());
    const named = world.openStore(targets.backups.store);
    expect(named).toEqual({ address: 'backups' });
    expect(Object.keys(world).sort()).toEqual([
      'host',
      'nameStore',
      'openDatabaseServer',
      'openDumpTools',
      'openServices',
      'openStore',
      'secretFiles',
    ]);
    expect(Object.keys(world.host)).toEqual(['facts', 'now']);
    expect(Object.keys(world.secretFiles)).toEqual(['describe']);
    const url = targets.production.databaseUrl;
    expect(Object.keys(world.openDatabaseServer(url))).toEqual(['address', 'databaseName']);
    expect(Object.keys(world.openDumpTools(url))).toEqual(['describeRestore', 'describeDump']);
    // Never called: the compiler is the test, for each kind of step in the same way.
    const attempts = async () => {
      // @ts-expect-error a store that is only named cannot be listed
      world.openStore(targets.backups.store).list({ prefix: '' });
      // @ts-expect-error there are no programs
      await world.processes.run({ program: 'true', args: [] });
      // @ts-expect-error a host that is only named has no files
      await world.host.removeFile('/srv/production');
      // @ts-expect-error a server that is only named drops nothing
      await world.openDatabaseServer(url).dropDatabase('crm');
    };
    expect(attempts).toBeTypeOf('function');
  });

  it('names a place whose value nobody gave by the name of that value', () => {
    const world = nameWorld(createBarredWorld());
    const store = { kind: 's3', endpoint: input('URL'), region: 'r', bucket: input('BUCKET') } as const;
    const keys = createFakeContext({}).targets.production.databaseUrl;
    expect(world.openStore({ ...store, accessKey: keys, secretKey: keys }).address).toBe(
      `s3://${input('BUCKET')} at ${input('URL')}`,
    );
  });
});

describe('the world of a preflight', () => {
  it('can be looked at, and what would change it does not compile', () => {
    // Never called: the compiler is the test.
    const attempts = async ({ world, targets }: Pick<AnyCheckContext, 'world' | 'targets'>) => {
      await world.openStore(targets.backups.store).access();
      // @ts-expect-error a preflight removes nothing
      await world.openStore(targets.backups.store).remove('pg/14.dump');
      // @ts-expect-error a preflight stops nothing
      await world.openServices({ kind: 'process', controlFile: '/c' }).stop({ names: [], onLine: () => {} });
      // @ts-expect-error a preflight drops nothing
      await world.openDatabaseServer(targets.target.databaseUrl).dropDatabase('crm');
      // @ts-expect-error a preflight swaps no folders
      await world.trees.swap({ target: '/a', incoming: '/b', kept: '/c', hadTarget: true });
      // @ts-expect-error a preflight sends no mail
      await world.mail.send({});
    };
    expect(attempts).toBeTypeOf('function');
  });
});
