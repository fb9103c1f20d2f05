import { describe, expect, it } from 'vitest';
import { handlerOf } from '../../src/engine/step-handler.ts';
import { type StepKind, stepSchema } from '../../src/runbook/step-schema.ts';
import { closeDoors } from '../../src/session/close-doors.ts';
import { handlers } from '../../src/steps/handlers.ts';
import { toyStep } from '../engine/toy-handlers.ts';
import { createBarredWorld } from '../fakes/barred-world.ts';
import { createFakeContext } from '../fakes/fake-context.ts';

const kinds: readonly StepKind[] = stepSchema.options.map((option) => option.shape.kind.value);

describe('what a step says it would do, at a table', () => {
  it.each(kinds)('%s says it without a fact and without asking anything of the world', async (kind) => {
    const step = toyStep(kind);
    const context = {
      ...createFakeContext({ mode: 'tabletop' }),
      mode: 'tabletop' as const,
      world: closeDoors(createBarredWorld()),
    };
    const preview = await handlerOf(handlers, step).preview(step as never, context);
    expect([...preview.sentences, ...preview.commands].join(' ')).toMatch(/\w/);
  });

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
    expect(world.openStore(targets.backups.store).address).toBe('s3://named/only');
    expect(() => world.openStore(targets.backups.store).access()).toThrow('a tabletop asks store for access');
    expect(() => world.host.freeBytes('/')).toThrow('a tabletop asks host for freeBytes');
    expect(() => world.processes.run({ program: 'true', args: [] })).toThrow(
      'a tabletop asks processes for run',
    );
    expect(() => world.openUnpacker({}).describeKey()).toThrow('a tabletop asks unpacker for describeKey');
  });
});
