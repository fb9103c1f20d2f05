import { execFileSync } from 'node:child_process';
import {
  existsSync,
  linkSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { succeed } from '../../../src/base/failure.ts';
import { createGuard } from '../../../src/engine/guard.ts';
import type { StepOf } from '../../../src/kinds/kind.ts';
import { findFiles } from '../../../src/operations/find-files.ts';
import { createWorld } from '../../../src/registry/wire.ts';
import { restoreFilesKind } from '../../../src/steps/restore-files/kind.ts';
import { restoreFiles } from '../../../src/steps/restore-files/restore-files.ts';
import { replacedFolders, rollBackFiles } from '../../../src/steps/restore-files/roll-back-files.ts';
import { createFakeContext, type FakeContext, words } from '../../fakes/fake-context.ts';
import { createFakeWorld, type FakeWorld } from '../../fakes/fake-world.ts';

let folder = '';
const at = (name: string) => join(folder, name);

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'thaw-files-'));
  write('store/db-2026-04-27.sql.gz', 'x'.repeat(99));
  write('store/db-2026-04-28.sql.gz', 'x'.repeat(99));
  write('media/old.jpg', 'what production holds');
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

function write(path: string, text = path): void {
  mkdirSync(dirname(at(path)), { recursive: true });
  writeFileSync(at(path), text);
}

function contextOf(more: Parameters<typeof createFakeContext>[0] = {}): FakeContext {
  // The folders, the tar and the gzip are real; nothing else is asked for.
  const { host, trees, openStore, openUnpacker } = createWorld({});
  const world = { ...createFakeWorld(), host, trees, openStore, openUnpacker } as FakeWorld;
  const context = createFakeContext({ world, workFolder: at('work'), answer: () => 'media', ...more });
  const { backups } = context.targets;
  return {
    ...context,
    targets: {
      ...context.targets,
      backups: { ...backups, store: { kind: 'directory', path: at('store') }, layout: 'db-{date}.sql.gz' },
    },
  };
}

const snapshot = {
  id: 'db-2026-04-28',
  key: 'db-2026-04-28.sql.gz',
  takenAtMs: 0,
  sizeBytes: 1,
  layers: ['gzip'],
  loss: '',
};
const facts = { snapshot };

function stepOf(more: object): StepOf<typeof restoreFilesKind> {
  const step = restoreFilesKind.schema.parse({ kind: 'restore-files', into: at('media'), ...more });
  if (step.kind !== 'restore-files') throw new Error('It is another kind');
  return step;
}
const tree = () => stepOf({ from: { kind: 'tree', prefix: 'media-{date}/' } });
const archive = () => stepOf({ from: { kind: 'archive', layout: 'docs/{timestamp}.tar.gz' } });

function makeTree(): void {
  write('store/media-2026-04-28/a/1.jpg', 'one');
  write('store/media-2026-04-28/2.jpg', 'two');
  mkdirSync(at('store/media-2026-04-27'));
  linkSync(at('store/media-2026-04-28/2.jpg'), at('store/media-2026-04-27/2.jpg'));
}

function makeArchive(name: string): void {
  write('made/contract.pdf', 'signed');
  mkdirSync(at('store/docs'), { recursive: true });
  execFileSync('tar', ['-czf', at(`store/docs/${name}.tar.gz`), '-C', at('made'), '.']);
}

describe('restoring files', () => {
  it('brings the folder of the day of the dump, asks for the name, swaps and keeps the old one', async () => {
    makeTree();
    const context = contextOf({ facts });
    expect(await restoreFiles.run(tree(), context)).toMatchObject({ ok: true });
    expect(readFileSync(at('media/a/1.jpg'), 'utf8')).toBe('one');
    expect(existsSync(at('media/old.jpg'))).toBe(false);
    const kept = readdirSync(folder).find((name) => name.startsWith('media.before-')) ?? '';
    expect(readdirSync(at(kept))).toEqual(['old.jpg']);
    expect(context.asked[0]).toMatchObject({ kind: 'type-name', name: 'media', verb: 'swap' });
    expect(words(await restoreFiles.verify(tree(), context))).toEqual([
      'passed: 2 files, 6 B, as brought, by every byte',
      expect.stringMatching(/^(passed: owners and modes|could-not-verify: the files belong)/),
      'passed: files of 2026-04-28 00:00:00 UTC: media-2026-04-28/',
      `passed: the old folder is kept as ${at(kept)}`,
    ]);
    // The snapshots of other days share files with this one: they must not change with it.
    writeFileSync(at('media/2.jpg'), 'written by the application');
    expect(readFileSync(at('store/media-2026-04-27/2.jpg'), 'utf8')).toBe('two');
    expect(words(await restoreFiles.verify(tree(), context))[0]).toMatch(/^failed: found 2 files/);
  });

  it.each(['20260428', '2026_04_28', '2026.04.28'])(
    'finds a folder whose name writes the day as %s',
    async (day) => {
      write(`store/media-${day}/1.jpg`, 'one');
      const context = contextOf({ facts });
      expect(words(await restoreFiles.check(tree(), context))).toContain(
        `passed: 1 files below media-${day}/`,
      );
      expect(await restoreFiles.run(tree(), context)).toMatchObject({ ok: true });
      expect(readFileSync(at('media/1.jpg'), 'utf8')).toBe('one');
    },
  );

  // The name of the dump tells a whole day, and `apart` is an hour.
  it.each([
    ['2026-04-28T23:10:00Z', 'not-checked'],
    ['2026-04-29T00:50:00Z', 'not-checked'],
    ['2026-04-29T01:10:00Z', 'could-not-verify'],
    ['2026-04-27T22:50:00Z', 'could-not-verify'],
  ] as const)(
    'of a folder that no name dates, with its newest file of %s, says %s',
    async (newest, verdict) => {
      write('store/media/1.jpg', 'one');
      utimesSync(at('store/media/1.jpg'), new Date(newest), new Date(newest));
      const step = stepOf({ from: { kind: 'tree', prefix: 'media/' } });
      const context = contextOf({ facts });
      expect(await restoreFiles.run(step, context)).toMatchObject({ ok: true });
      const said = words(await restoreFiles.verify(step, context)).join('\n');
      expect(said).toContain(`${verdict}: which moment the files below media/ are of is not known`);
    },
  );

  it('does not take a folder that no name dates for the files of whatever dump was chosen', async () => {
    write('store/media/1.jpg', 'one');
    utimesSync(at('store/media/1.jpg'), new Date('2026-05-03T10:00:00Z'), new Date('2026-05-03T10:00:00Z'));
    const step = stepOf({ from: { kind: 'tree', prefix: 'media/' } });
    const context = contextOf({ facts });
    expect(await restoreFiles.run(step, context)).toMatchObject({ ok: true });
    const said = words(await restoreFiles.verify(step, context));
    expect(said).toContain(
      'could-not-verify: which moment the files below media/ are of is not known: no name dates them, and the store took the newest at 2026-05-03 10:00:00 UTC',
    );
    expect(said.join()).not.toContain('files of 2026-04-28');
  });

  it('says of a place that was not there that nobody may look into it, before and after', async () => {
    makeTree();
    const into = at('volumes/nmai_pgdata/_data');
    const step = stepOf({ from: { kind: 'tree', prefix: 'media-{date}/' }, into });
    const told = `could-not-verify: ${at('volumes/nmai_pgdata')} was not there: whether anybody mounts or reads ${into} is not known`;
    const context = contextOf({ facts });
    expect(words(await restoreFiles.check(step, context))).toContain(told);
    expect(await restoreFiles.run(step, context)).toMatchObject({ ok: true });
    expect(words(await restoreFiles.verify(step, context))).toContain(told);
    const known = stepOf({ from: { kind: 'tree', prefix: 'media-{date}/' } });
    expect(words(await restoreFiles.check(known, contextOf({ facts }))).join()).not.toContain(
      'was not there',
    );
  });

  it('unpacks the archive nearest to the dump, and says when they are far apart', async () => {
    makeArchive('20260301T020000Z');
    makeArchive('20260427T020000Z');
    const context = contextOf({ facts });
    expect(words(await restoreFiles.check(archive(), context))).toEqual([
      expect.stringContaining('docs/20260427T020000Z.tar.gz opens'),
      expect.stringContaining('free for the files'),
    ]);
    expect(await restoreFiles.run(archive(), context)).toMatchObject({ ok: true });
    expect(readFileSync(at('media/contract.pdf'), 'utf8')).toBe('signed');
    expect(words(await restoreFiles.verify(archive(), context))).toContain(
      'could-not-verify: the files are of 2026-04-27 02:00:00 UTC, 22 h before the database',
    );
    expect(readdirSync(at('work'))).toEqual([]);
  });

  it('takes the archive of the same host, however near one of another host is', async () => {
    const context = contextOf({ facts: { snapshot: { ...snapshot, key: 'crm-1/2026-04-28.sql.gz' } } });
    const { backups } = context.targets;
    const onTwoHosts = {
      ...context,
      targets: { ...context.targets, backups: { ...backups, layout: '{host}/{date}.sql.gz' } },
    };
    const from = { kind: 'archive', layout: 'docs/{host}_{date}.tar.gz' } as const;
    write('store/docs/crm-1_2026-03-01.tar.gz');
    write('store/docs/crm-2_2026-04-28.tar.gz');
    expect(await findFiles(from, 'crm-1/2026-04-28.sql.gz', onTwoHosts)).toMatchObject({
      value: { object: { key: 'docs/crm-1_2026-03-01.tar.gz' } },
    });
    rmSync(at('store/docs/crm-1_2026-03-01.tar.gz'));
    expect(await findFiles(from, 'crm-1/2026-04-28.sql.gz', onTwoHosts)).toMatchObject({
      failure: { code: 'not-found' },
    });
  });

  it('touches nothing when the name is not typed, and asks again without bringing the files anew', async () => {
    makeTree();
    const answers = ['nothing', 'media'];
    const context = contextOf({ facts, answer: () => answers.shift() ?? '' });
    expect(words((await restoreFiles.run(tree(), context)) as never)[0]).toMatch(/^failure cancelled/);
    expect(readdirSync(at('media'))).toEqual(['old.jpg']);
    rmSync(at('store/media-2026-04-28'), { recursive: true });
    expect(await restoreFiles.run(tree(), context)).toMatchObject({ ok: true });
    expect(existsSync(at('media/2.jpg'))).toBe(true);
  });

  it('goes on after a crash between the two renames', async () => {
    makeTree();
    const context = contextOf({ facts });
    await restoreFiles.run(tree(), context);
    const swapping = context.facts.get('swapping-files:restore-files') as {
      target: string;
      incoming: string;
    };
    renameSync(swapping.target, swapping.incoming);
    expect(await restoreFiles.run(tree(), context)).toMatchObject({ ok: true });
    expect(readFileSync(at('media/2.jpg'), 'utf8')).toBe('two');
    expect(context.asked).toHaveLength(1);
  });

  it('puts the files where none were without asking', async () => {
    makeTree();
    rmSync(at('media'), { recursive: true });
    const context = contextOf({ facts });
    expect(await restoreFiles.run(tree(), context)).toMatchObject({ ok: true });
    expect(readdirSync(at('media')).sort()).toEqual(['2.jpg', 'a']);
    expect(context.asked).toEqual([]);
  });

  it('in a drill brings them into a folder of its own and takes it away again', async () => {
    makeTree();
    const step = stepOf({ from: { kind: 'tree', prefix: 'media-{date}/' }, drillInto: at('drills') });
    const context = contextOf({ facts, mode: 'drill' });
    expect(words(await restoreFiles.check(step, context)).every((line) => line.startsWith('passed'))).toBe(
      true,
    );
    expect(await restoreFiles.run(step, context)).toMatchObject({ ok: true });
    expect(words(await restoreFiles.verify(step, context))[0]).toMatch(/^passed: 2 files/);
    expect(readdirSync(at('drills'))).toEqual([expect.stringMatching(/^thaw-drill-/)]);
    expect(readdirSync(at('media'))).toEqual(['old.jpg']);
    expect(words((await restoreFiles.cleanUp?.(step, context)) ?? [])[0]).toMatch(/^passed/);
    expect(readdirSync(at('drills'))).toEqual([]);
  });

  it('blocks a drill inside of production and an archive that is none, and tells of a dump without its files', async () => {
    makeTree();
    const inside = stepOf({ from: { kind: 'tree', prefix: 'media-{date}/' }, drillInto: at('media') });
    expect(words(await restoreFiles.check(inside, contextOf({ mode: 'drill' })))[0]).toMatch(
      /^failed: .*production/,
    );
    rmSync(at('store/media-2026-04-28'), { recursive: true });
    expect(words(await restoreFiles.check(tree(), contextOf()))[0]).toMatch(
      /^could-not-verify: There are no files below media-2026/,
    );
    write('store/docs/20260428T000000Z.tar.gz', 'not gzip');
    expect(words(await restoreFiles.check(archive(), contextOf()))[0]).toMatch(/^failed: .*does not open/);
  });

  it('into a mount point is refused beforehand, unless its content is to be swapped; then it works there', async () => {
    makeArchive('20260428T000000Z');
    const base = contextOf({ facts });
    const trees = { ...base.world.trees, isMountPoint: async () => succeed(true) };
    const context = { ...base, world: { ...base.world, trees } };
    expect(words(await restoreFiles.check(archive(), context))[0]).toBe(
      `failed: ${at('media')} is a mount point, which cannot be renamed.`,
    );
    const inside = { ...archive(), swap: 'contents' as const };
    expect(words(await restoreFiles.check(inside, context)).join()).not.toContain('failed');
    expect(await restoreFiles.run(inside, context)).toMatchObject({ ok: true });
    const verified = words(await restoreFiles.verify(inside, context));
    expect(verified.filter((word) => word.startsWith('failed'))).toEqual([]);
    expect(readFileSync(at('media/contract.pdf'), 'utf8')).toBe('signed');
    expect(existsSync(at('media/old.jpg'))).toBe(false);
    const [kept = ''] = readdirSync(at('media')).filter((name) => name.startsWith('.thaw.before-'));
    expect(readFileSync(at(`media/${kept}/old.jpg`), 'utf8')).toBe('what production holds');
    const agreed = createGuard({ runId: context.runId, agreed: () => true });
    expect(await rollBackFiles(trees, replacedFolders(context.facts), agreed)).toMatchObject({ ok: true });
    expect(readFileSync(at('media/old.jpg'), 'utf8')).toBe('what production holds');
  });
});
