import { describe, expect, it } from 'vitest';
import { chooseSnapshot, lossInWords } from '../../../src/steps/choose-snapshot/choose-snapshot.ts';
import { toyStep } from '../../engine/toy-handlers.ts';
import { archiveBytes } from '../../fakes/archive-bytes.ts';
import { createFakeContext, type FakeContext, words } from '../../fakes/fake-context.ts';
import { startMs } from '../../fakes/fake-host.ts';

const step = toyStep('choose-snapshot') as never;
const hourMs = 3_600_000;

const manifest = (key: string) =>
  JSON.stringify({
    thawManifest: 1,
    takenAt: '2026-04-28T14:02:00Z',
    host: 'a',
    dump: { key, sizeBytes: 1, sha256: 'a'.repeat(64) },
    tables: [{ schema: 'public', name: 'clients', rows: 7 }],
  });

/** Two snapshots of one host: 13 o'clock without a manifest, 14 o'clock with one. */
function contextWith(more: Parameters<typeof createFakeContext>[0] = {}): FakeContext {
  const context = createFakeContext({ answer: () => '2026-04-28/14', ...more });
  const { backups } = context.world.stores;
  for (const hour of ['13', '14']) {
    const modifiedAtMs = Date.parse(`2026-04-28T${hour}:05:00Z`);
    backups?.place(`pg/a/2026-04-28/${hour}.dump.gz`, { content: archiveBytes(), modifiedAtMs });
  }
  backups?.place('pg/a/2026-04-28/14.dump.manifest.json', {
    content: manifest('pg/a/2026-04-28/14.dump.gz'),
  });
  return context;
}

describe('choosing a snapshot', () => {
  it('refuses a live restore where the runbook says that its dumps hold the schema alone', async () => {
    const context = contextWith();
    const { backups } = context.targets;
    const targets = { ...context.targets, backups: { ...backups, contents: 'schema' as const } };
    expect(words(await chooseSnapshot.check(step, { ...context, targets }))).toEqual([
      expect.stringMatching(/^failed: The dumps of this runbook hold the schema alone/),
    ]);
    expect(await chooseSnapshot.run(step, { ...context, targets })).toMatchObject({
      ok: false,
      failure: { code: 'mismatch', retry: 'never' },
    });
    expect(context.asked).toEqual([]);
    const inDrill = await chooseSnapshot.check(step, { ...context, targets, mode: 'drill' });
    expect(inDrill.map(({ verdict }) => verdict)).not.toContain('failed');
  });

  it('shows the newest first, and what would be lost with each', async () => {
    const context = contextWith();
    expect((await chooseSnapshot.run(step, context)).ok).toBe(true);
    expect(context.asked[0]).toMatchObject({
      id: 'choose-snapshot',
      preferred: '2026-04-28/14',
      rows: [
        { value: '2026-04-28/14', marked: true },
        { value: '2026-04-28/13', marked: false },
      ],
      about: {
        '2026-04-28/13':
          'With 13:05 you lose what was written in the 1 h 43 before the loss at 14:48: more than the RPO of 1 h.',
      },
    });
  });

  it('says which of them an earlier run restored and verified', async () => {
    const context = {
      ...contextWith(),
      provenSnapshots: new Map([['2026-04-28/13', 'drill 04-28']]),
    };
    await chooseSnapshot.run(step, context);
    const question = context.asked[0];
    const rows = question?.kind === 'choose-row' ? question.rows : [];
    const column = question?.kind === 'choose-row' ? question.columns.indexOf('verified') : -1;
    expect(rows.map((row) => row.cells[column])).toEqual(['-', 'drill 04-28']);
  });

  it('opens the chosen one, and records its manifest and the moment the producer named', async () => {
    const context = contextWith();
    await chooseSnapshot.run(step, context);
    expect(context.facts.get('snapshot')).toMatchObject({
      key: 'pg/a/2026-04-28/14.dump.gz',
      takenAtMs: Date.parse('2026-04-28T14:02:00Z'),
    });
    expect(context.facts.get('opened-dump')).toEqual({
      ...{ format: 'custom', archiveVersion: '1.14', dumpVersion: '15.18', serverVersion: '15.18' },
      reader: { program: 'pg_restore', version: '15.0' },
      createdAtLocal: '2026-04-28 14:07:31',
    });
    expect(words(await chooseSnapshot.verify(step, context))).toEqual([
      expect.stringMatching(/^passed: 2026-04-28\/14 opens: .*; pg_restore 15.0 reads it$/),
      'passed: 2026-04-28/14 has a manifest of 1 tables',
      'skipped: who made 2026-04-28/14 was not checked: the runbook pins no signers',
    ]);
  });

  it('forgets the manifest of an earlier choice', async () => {
    const context = contextWith({ answer: () => '2026-04-28/13', facts: { manifest: { old: true } } });
    await chooseSnapshot.run(step, context);
    expect(context.facts.get('manifest')).toBeNull();
    expect(words(await chooseSnapshot.verify(step, context))[1]).toMatch(
      /^could-not-verify: .* has no manifest/,
    );
  });

  it('fails for a backup that is no dump, before anything is stopped', async () => {
    const context = contextWith();
    context.world.stores.backups?.place('pg/a/2026-04-28/14.dump.gz', { content: 'not a dump '.repeat(20) });
    expect(await chooseSnapshot.run(step, context)).toMatchObject({
      ok: false,
      failure: { code: 'damaged' },
    });
  });

  it('fails for a manifest that speaks of another dump', async () => {
    const context = contextWith();
    context.world.stores.backups?.place('pg/a/2026-04-28/14.dump.manifest.json', {
      content: manifest('other'),
    });
    expect(await chooseSnapshot.run(step, context)).toMatchObject({
      ok: false,
      failure: { code: 'damaged' },
    });
  });
});

describe('the checks before choosing', () => {
  it('say how old the newest is and that it opens', async () => {
    const checks = words(await chooseSnapshot.check(step, contextWith()));
    expect(checks[0]).toBe('passed: memory://backups: 2 snapshots; 2026-04-28/14 is 43 min old');
    expect(checks[1]).toMatch(/^passed: 2026-04-28\/14 opens/);
  });

  it('block an archive that the pg_restore at hand cannot read', async () => {
    const context = contextWith();
    context.world.stores.backups?.place('pg/a/2026-04-28/14.dump.gz', { content: archiveBytes(16) });
    expect(words(await chooseSnapshot.check(step, context)).at(-1)).toMatch(
      /^failed: pg_restore 15.0 cannot read/,
    );
  });

  it('block a dump of a newer server than the one it goes into, and so does choosing it', async () => {
    const context = contextWith();
    context.world.stores.backups?.place('pg/a/2026-04-28/14.dump.gz', { content: archiveBytes(14, '16.2') });
    const said = words(await chooseSnapshot.check(step, context));
    expect(said.at(-1)).toMatch(
      /^failed: The dump is of PostgreSQL 16, and the server at db:5432 is PostgreSQL 15.18/,
    );
    expect(await chooseSnapshot.run(step, context)).toMatchObject({
      ok: false,
      failure: { code: 'tool-too-old', remedy: expect.stringContaining('postgresql-16') },
    });
    expect(context.facts.has('snapshot')).toBe(false);
  });

  it('leave a server that does not answer to the step that restores', async () => {
    const context = contextWith();
    context.world.stores.backups?.place('pg/a/2026-04-28/14.dump.gz', { content: archiveBytes(14, '16.2') });
    const gone = { code: 'unreachable', message: 'Gone.', remedy: 'Wait.', retry: 'safe' } as const;
    context.world.production.failNext('identity', gone);
    expect(words(await chooseSnapshot.check(step, context)).join('\n')).not.toContain('failed');
  });

  it('block an empty store, and name what is there instead', async () => {
    const context = createFakeContext({});
    context.world.stores.backups?.place('pg/readme.txt', { content: 'hello' });
    expect(words(await chooseSnapshot.check(step, context))).toEqual([
      expect.stringMatching(/^failed: There is no snapshot in memory:\/\/backups: none of 1 objects/),
    ]);
  });

  it('doubt whose dump it is where several hosts share the store', async () => {
    const context = contextWith();
    context.world.stores.backups?.place('pg/staging/2026-04-28/14.dump.gz', { content: archiveBytes() });
    const checks = words(await chooseSnapshot.check(step, context));
    expect(checks.some((line) => line.startsWith('could-not-verify: the store holds dumps of 2 hosts'))).toBe(
      true,
    );
  });

  it('take the snapshot that was asked for', async () => {
    const checks = words(await chooseSnapshot.check(step, contextWith({ wantedSnapshot: '2026-04-28/12' })));
    expect(checks).toEqual(['failed: There is no snapshot 2026-04-28/12.']);
  });
});

describe('the loss in words', () => {
  const context = { lostAtMs: startMs, rpoMs: hourMs };
  it.each([
    [
      startMs - hourMs,
      'With 13:48 you lose what was written in the 1 h before the loss at 14:48: within the RPO of 1 h.',
    ],
    [
      startMs - 26 * hourMs,
      'With 2026-04-27 12:48 you lose what was written in the 26 h before the loss at 14:48: more than the RPO of 1 h.',
    ],
    [
      startMs + 5 * 60_000,
      '2026-04-28 14:53 is 5 min after the loss at 14:48: it may hold the damage itself.',
    ],
  ])('from %d', (takenAtMs, text) => {
    expect(lossInWords({ takenAtMs, id: 'x' }, context)).toBe(text);
  });
});
