import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { resolveTargets } from '../../src/engine/targets.ts';
import { handlerOf } from '../../src/kinds/handlers.ts';
import { stepId } from '../../src/kinds/kind.ts';
import { handlers, runbookSchema } from '../../src/registry/kinds.ts';
import { parseRunbook } from '../../src/runbook/parse-runbook.ts';
import { closeDoors } from '../../src/session/close-doors.ts';
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
        world: closeDoors(createBarredWorld()),
      };
      for (const step of runbook.steps) {
        const preview = await handlerOf(handlers, step).preview(step as never, context);
        expect([...preview.sentences, ...preview.commands].join(' '), stepId(step)).toMatch(/\w/);
      }
    },
  );

  it('names the command of the restore as it would run', async () => {
    const step = toyStep('restore-database');
    const context = { ...createFakeContext({}), world: closeDoors(createBarredWorld()) };
    const preview = await handlerOf(handlers, step).preview(step as never, context);
    expect(preview.commands).toEqual([
      expect.stringMatching(/^pg_restore --dbname crm__restore_\w+ archive\.dump$/),
    ]);
  });
});

describe('the closed doors', () => {
  it('throw whatever is asked of them beyond a name', () => {
    const { targets } = createFakeContext({});
    const world = closeDoors(createBarredWorld());
    expect(world.openStore(targets.backups.store).address).toBe('backups');
    expect(() => world.openStore(targets.backups.store).access()).toThrow('a tabletop asks store for access');
    expect(() => world.host.freeBytes('/')).toThrow('a tabletop asks host for freeBytes');
    expect(() => world.processes.run({ program: 'true', args: [] })).toThrow(
      'a tabletop asks processes for run',
    );
    expect(() => world.openUnpacker({}).describeKey()).toThrow(
      'a tabletop asks openUnpacker for describeKey',
    );
  });

  it('name a place whose value nobody gave by the name of that value', () => {
    const world = closeDoors(createBarredWorld());
    const store = { kind: 's3', endpoint: input('URL'), region: 'r', bucket: input('BUCKET') } as const;
    const keys = createFakeContext({}).targets.production.databaseUrl;
    expect(world.openStore({ ...store, accessKey: keys, secretKey: keys }).address).toBe(
      `s3://${input('BUCKET')} at ${input('URL')}`,
    );
  });
});
