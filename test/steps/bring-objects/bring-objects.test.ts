import { Readable } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { bringObjects } from '../../../src/steps/bring-objects/bring-objects.ts';
import { bringObjectsKind } from '../../../src/steps/bring-objects/kind.ts';
import { createFakeContext, words } from '../../fakes/fake-context.ts';
import { createFakeWorld } from '../../fakes/fake-world.ts';

function stepOf(given: { readonly drillInto?: string; readonly into?: string }) {
  return bringObjectsKind.schema.parse({
    kind: 'bring-objects',
    id: 'documents',
    from: { kind: 'tree', prefix: 'replica/', store: { kind: 'directory', path: 'backups' } },
    into: { kind: 'directory', path: given.into ?? 'live' },
    ...(given.drillInto === undefined ? {} : { drillInto: { kind: 'directory', path: given.drillInto } }),
  }) as never;
}

async function stage(mode: 'live' | 'drill') {
  const world = createFakeWorld();
  const put = async (store: string, ...[key, text]: [string, string]) => {
    const body = Readable.from([Buffer.from(text)]);
    await world.stores[store]?.write({ key, body, sizeBytes: text.length, attributes: { metadata: {} } });
  };
  await put('backups', 'replica/a.pdf', 'one');
  await put('backups', 'replica/b/c.pdf', 'two');
  await put('backups', 'other/d.pdf', 'three');
  await put('live', 'a.pdf', 'one');
  await put('live', 'mine.pdf', 'stays');
  return { world, context: createFakeContext({ mode, world }) };
}

async function keysOf(world: ReturnType<typeof createFakeWorld>, name: string) {
  const keys: string[] = [];
  for await (const page of world.stores[name]?.list({ prefix: '' }) ?? [])
    if (page.ok) keys.push(...page.value.map(({ key }) => key));
  return keys;
}

describe('objects of one bucket, from a replica of it', () => {
  it('are brought where they differ; what only the target has stays', async () => {
    const { world, context } = await stage('live');
    expect((await bringObjects.run(stepOf({}), context)).ok).toBe(true);
    expect(context.said).toContain('1 objects to write, 3 B; 1 equal already');
    expect(await keysOf(world, 'live')).toEqual(['a.pdf', 'b/c.pdf', 'mine.pdf']);
    const [known, equal] = words(await bringObjects.verify(stepOf({}), context));
    expect(known).toMatch(/^could-not-verify: whether the 2 objects in .* are all that were backed up/);
    expect(equal).toMatch(
      /^passed: 2 of 2 objects equal by size and MD5; 1 more are only in the target and stay/,
    );
  });

  it('go below a prefix of their own in a drill, and are taken away again', async () => {
    const { world, context } = await stage('drill');
    const step = stepOf({ drillInto: 'sandbox' });
    expect((await bringObjects.run(step, context)).ok).toBe(true);
    const keys = await keysOf(world, 'sandbox');
    expect(keys).toHaveLength(2);
    for (const key of keys) expect(key).toMatch(/^thaw-drill-.*\/documents\//);
    expect(words((await bringObjects.cleanUp?.(step, context)) ?? [])).toEqual([
      expect.stringMatching(/^passed: 2 objects of the drill removed/),
    ]);
    expect(await keysOf(world, 'sandbox')).toEqual([]);
    expect(await keysOf(world, 'live')).toEqual(['a.pdf', 'mine.pdf']);
  });

  it('are left alone by a drill for which no store is named', async () => {
    const { context } = await stage('drill');
    expect(await bringObjects.run(stepOf({}), context)).toMatchObject({ value: { kind: 'not-executed' } });
  });

  it('are never brought into production by a drill, nor into their own source', async () => {
    const { context } = await stage('drill');
    expect(words(await bringObjects.check(stepOf({ drillInto: 'live' }), context))).toEqual([
      expect.stringMatching(/^failed: The drill's object store .* is production/),
    ]);
    const live = await stage('live');
    expect(words(await bringObjects.check(stepOf({ into: 'backups' }), live.context))).toEqual([
      expect.stringMatching(/^failed: .* is the source itself/),
    ]);
  });
});
