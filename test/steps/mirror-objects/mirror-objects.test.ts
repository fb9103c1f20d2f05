import { describe, expect, it } from 'vitest';
import { mirrorObjects } from '../../../src/steps/mirror-objects/mirror-objects.ts';
import { toyStep } from '../../engine/toy-handlers.ts';
import { createFakeContext, type FakeContext, runId, words } from '../../fakes/fake-context.ts';

const step = toyStep('mirror-objects') as never;

function contextWith(
  mode: 'live' | 'drill' = 'live',
  given: Partial<Parameters<typeof createFakeContext>[0]> = { answer: () => 'live' },
): FakeContext {
  const context = createFakeContext({ mode, ...given });
  for (const key of ['a.pdf', 'b/c.pdf', 'd.pdf']) {
    context.world.stores.backups?.place(`minio/${key}`, { content: `content of ${key}` });
  }
  context.world.stores.live?.place('d.pdf', { content: 'content of d.pdf' });
  context.world.stores.live?.place('b/c.pdf', { content: 'another content' });
  context.world.stores.live?.place('only-here.pdf', { content: 'stays' });
  return context;
}

describe('mirroring objects', () => {
  it('copies what is missing, overwrites what differs when the bucket is named and keeps it first, and deletes nothing', async () => {
    const context = contextWith();
    expect((await mirrorObjects.run(step, context)).ok).toBe(true);
    const [question] = context.asked;
    expect(question).toMatchObject({ kind: 'type-name', id: 'mirror-objects.overwrite', name: 'live' });
    const { keptBelow = '' } = context.facts.get('overwriting:mirror-objects') as { keptBelow?: string };
    expect(keptBelow).toMatch(/^\.thaw-before-[0-9a-f]{6}\/$/);
    expect(context.world.stores.live?.contents()).toEqual({
      [`${keptBelow}b/c.pdf`]: 'another content',
      'a.pdf': 'content of a.pdf',
      'b/c.pdf': 'content of b/c.pdf',
      'd.pdf': 'content of d.pdf',
      'only-here.pdf': 'stays',
    });
    expect(context.facts.get('mirrored')).toMatchObject({ total: 3, copied: 2, overwritten: 1 });
    const [known, ...others] = words(await mirrorObjects.verify(step, context));
    expect(known).toMatch(
      /^could-not-verify: whether the 3 objects in .* are all that were backed up is not known/,
    );
    expect(others.every((line) => line.startsWith('passed'))).toBe(true);
  });

  it('says what it does not know where the backup has no list of its objects', async () => {
    const looks = {
      ...{ kind: 'references', id: 'files', title: 'Files', query: 'SELECT key FROM documents' },
      ...{ unreferenced: 'report' },
    };
    const checklist = { ...toyStep('smoke-checklist'), items: [looks] };
    const compared = contextWith('live', {
      steps: [toyStep('mirror-objects'), checklist],
      answer: () => 'live',
    });
    await mirrorObjects.run(step, compared);
    expect(words(await mirrorObjects.verify(step, compared))[0]).toMatch(
      /^skipped: whether the 3 objects .* was not checked here: no list came with them; the checklist looks/,
    );
    const backups = compared.world.stores.backups;
    await backups?.remove('minio/a.pdf');
    await backups?.remove('minio/b/c.pdf');
    await backups?.remove('minio/d.pdf');
    expect(words(await mirrorObjects.verify(step, compared))[0]).toMatch(
      /^could-not-verify: there is no object at all in .*, and nothing says how many there should be/,
    );
  });

  it.each([
    ['beside it', { alongside: true }],
    ['before it', {}],
  ])('leaves what differs until the database that is restored %s was swapped in', async (_where, more) => {
    const steps = [toyStep('restore-database'), toyStep('mirror-objects', more)];
    const context = contextWith('live', { steps, answer: () => 'live' });
    expect(await mirrorObjects.run(step, context)).toMatchObject({ value: { kind: 'waits' } });
    expect(context.asked).toEqual([]);
    expect(context.world.stores.live?.contents()).toMatchObject({
      'a.pdf': 'content of a.pdf',
      'b/c.pdf': 'another content',
    });
    context.facts.set('swapped', { target: 'crm', incoming: 's', kept: 'k', hadTarget: true });
    expect(await mirrorObjects.run(step, context)).toMatchObject({ value: { kind: 'done' } });
    expect(context.world.stores.live?.contents()).toMatchObject({ 'b/c.pdf': 'content of b/c.pdf' });
  });

  it('keeps what differs, and says so, where the database is restored by a later step', async () => {
    const context = contextWith('live', { steps: [toyStep('mirror-objects'), toyStep('restore-database')] });
    expect(await mirrorObjects.run(step, context)).toMatchObject({ value: { kind: 'done' } });
    expect(context.world.stores.live?.contents()).toMatchObject({ 'b/c.pdf': 'another content' });
    expect(words(await mirrorObjects.verify(step, context))).toContainEqual(
      expect.stringMatching(
        /^could-not-verify: 1 objects differ and the live ones were kept: minio\/b\/c\.pdf/,
      ),
    );
  });

  it('overwrites nothing when the name is not typed, and says what to do', async () => {
    const context = contextWith('live', { answer: () => 'no' });
    expect(await mirrorObjects.run(step, context)).toMatchObject({
      failure: { code: 'cancelled', retry: 'safe' },
    });
    expect(context.world.stores.live?.contents()).toMatchObject({ 'b/c.pdf': 'another content' });
  });

  it('overwrites nothing where something else stands in the place of what is to be kept', async () => {
    const context = contextWith();
    const first = contextWith();
    await mirrorObjects.run(step, first);
    const { keptBelow } = first.facts.get('overwriting:mirror-objects') as { keptBelow: string };
    context.world.stores.live?.place(`${keptBelow}b/c.pdf`, { content: 'of somebody' });
    expect(await mirrorObjects.run(step, context)).toMatchObject({
      failure: { code: 'conflict', message: expect.stringMatching(/^1 of 3 objects could not be copied/) },
    });
    expect(context.world.stores.live?.contents()).toMatchObject({
      [`${keptBelow}b/c.pdf`]: 'of somebody',
      'b/c.pdf': 'another content',
    });
  });

  it('does not ask before the mirror itself was proven', async () => {
    const context = contextWith();
    context.facts.set('manifest', {
      thawManifest: 1,
      takenAt: '2026-04-28T14:00:00Z',
      host: 'h',
      dump: { key: 'pg/x.dump', sizeBytes: 1, sha256: 'a'.repeat(64) },
      tables: [],
      objects: { count: 5, sizeBytes: 10_000 },
    });
    expect(await mirrorObjects.run(step, context)).toMatchObject({ failure: { code: 'not-verified' } });
    expect(context.asked).toEqual([]);
    expect(context.world.stores.live?.contents()).toMatchObject({ 'b/c.pdf': 'another content' });
  });

  it('has nothing to do the second time', async () => {
    const context = contextWith();
    await mirrorObjects.run(step, context);
    await mirrorObjects.run(step, context);
    expect(context.facts.get('mirrored')).toMatchObject({ total: 3, copied: 0 });
  });

  it('finds what got lost after the copy', async () => {
    const context = contextWith();
    await mirrorObjects.run(step, context);
    await context.world.stores.live?.remove('a.pdf');
    context.world.stores.live?.place('d.pdf', { content: 'shorter' });
    const checks = words(await mirrorObjects.verify(step, context));
    expect(
      checks.some((line) => line.startsWith('failed') && /a\.pdf/.test(line) && /d\.pdf/.test(line)),
    ).toBe(true);
  });

  it('in a drill writes below a prefix of its own and takes away no more than that', async () => {
    const context = contextWith('drill');
    context.world.stores.sandbox?.place('old.pdf', { content: 'of somebody' });
    expect((await mirrorObjects.run(step, context)).ok).toBe(true);
    expect(Object.keys(context.world.stores.sandbox?.contents() ?? {})).toContain(
      `thaw-drill-${runId}/a.pdf`,
    );
    expect(words((await mirrorObjects.cleanUp?.(step, context)) ?? [])[0]).toMatch(
      /^passed: 3 objects of the drill/,
    );
    expect(context.world.stores.sandbox?.contents()).toEqual({ 'old.pdf': 'of somebody' });
    expect(context.world.stores.live?.contents()['a.pdf']).toBeUndefined();
  });

  it('in a live run takes away nothing, ever', async () => {
    expect(await mirrorObjects.cleanUp?.(step, contextWith())).toEqual([]);
  });
});

describe('the checks before mirroring', () => {
  it('block a target that is the backup store itself', async () => {
    const context = contextWith();
    const targets = {
      ...context.targets,
      target: { ...context.targets.target, objects: { kind: 'directory', path: 'backups' } },
    };
    const checks = words(await mirrorObjects.check(step, { ...context, targets } as never));
    expect(checks[0]).toMatch(/^failed: .*is the backup store itself/);
  });

  it('block a drill on the live bucket', async () => {
    const context = contextWith('drill');
    const targets = {
      ...context.targets,
      target: { ...context.targets.target, objects: { kind: 'directory', path: 'live' } },
    };
    const checks = words(await mirrorObjects.check(step, { ...context, targets } as never));
    expect(checks.some((line) => /^failed: .*is production/.test(line))).toBe(true);
  });

  it('block a drill on the live bucket under another name, told by what is in it', async () => {
    const context = contextWith('drill');
    const { live, sandbox } = context.world.stores;
    for (const store of [live, sandbox]) store?.place('a.pdf', { content: 'a', modifiedAtMs: 1000 });
    const onlyLive = words(await mirrorObjects.check(step, context));
    expect(onlyLive.some((line) => /^failed/.test(line))).toBe(false);
    for (const key of Object.keys(sandbox?.contents() ?? {})) if (key !== 'a.pdf') await sandbox?.remove(key);
    for (const key of Object.keys(live?.contents() ?? {})) if (key !== 'a.pdf') await live?.remove(key);
    expect(words(await mirrorObjects.check(step, context))).toContainEqual(
      expect.stringMatching(/^failed: The drill's object store .* is production: both begin with a\.pdf/),
    );
  });

  it('pass for a drill on a bucket of its own', async () => {
    const checks = words(await mirrorObjects.check(step, contextWith('drill')));
    expect(checks.every((line) => line.startsWith('passed'))).toBe(true);
  });
});
