import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { artifactKey, artifactOf } from '../../src/backups/artifact-keys.ts';
import { type ArtifactPattern, collectArtifacts } from '../../src/backups/artifacts.ts';
import { type Layout, parseLayout } from '../../src/backups/layout.ts';
import { planPrune } from '../../src/backups/prune-plan.ts';
import type { RetentionRules } from '../../src/backups/retention.ts';
import { listSnapshots } from '../../src/backups/snapshot.ts';

const dayMs = 86_400_000;
const newestMs = Date.UTC(2026, 10, 20, 2);
const none: RetentionRules = { hourly: 0, daily: 0, weekly: 0, monthly: 0, yearly: 0, floor: 1 };

function layoutOf(pattern: string): Layout {
  const layout = parseLayout(pattern);
  if ('fault' in layout) throw new Error(layout.fault);
  return layout;
}

function stamp(timeMs: number): string {
  return `${new Date(timeMs).toISOString().slice(0, 19).replace(/[-:]/g, '')}Z`;
}

const erp = layoutOf('db/{timestamp}.dump');
const documents: ArtifactPattern = { kind: 'archive', pattern: 'docs/{timestamp}.tar.gz' };
const media: ArtifactPattern = { kind: 'tree', pattern: 'media-{date}/' };
const night = (ago: number) => newestMs - ago * dayMs;
const dump = (ago: number) => `db/${stamp(night(ago))}.dump`;
const docs = (ago: number) => `docs/${stamp(night(ago))}.tar.gz`;
const folder = (ago: number) => `media-${new Date(night(ago)).toISOString().slice(0, 10)}/`;

function plan(
  keys: readonly string[],
  more: Partial<Parameters<typeof planPrune>[0]> & { readonly patterns?: readonly ArtifactPattern[] } = {},
) {
  const { patterns = [documents, media], layout = erp, rules = none, ...rest } = more;
  const objects = keys.map((key) => ({ key, sizeBytes: 1000, modifiedAtMs: newestMs }));
  const collector = collectArtifacts(patterns);
  for (const object of objects) collector.take(object);
  return planPrune({ layout, objects, rules, nowMs: newestMs, artifacts: collector.found(), ...rest });
}

const goingKeys = (planned: ReturnType<typeof plan>) =>
  planned.remove.flatMap(({ items }) => items.map(({ key }) => key));

describe('what goes with a dump', () => {
  it('is the archive and the folder of its time, after the manifest and the dump, before the marks', () => {
    const planned = plan(
      [
        dump(0),
        dump(9),
        artifactKey(dump(9), 'started'),
        artifactKey(dump(9), 'manifest'),
        `${artifactKey(dump(9), 'globals')}.gz.gpg`,
        `${dump(9)}.json`,
        docs(0),
        docs(9),
        `${folder(9)}a/b.jpg`,
        `${folder(9)}c.jpg`,
        `${folder(0)}c.jpg`,
      ],
      { metadataEnding: '.json' },
    );
    expect(planned.remove).toMatchObject([{ key: dump(9), needsMark: true, because: 'no rule keeps it' }]);
    expect(goingKeys(planned)).toEqual([
      artifactKey(dump(9), 'manifest'),
      dump(9),
      `${artifactKey(dump(9), 'globals')}.gz.gpg`,
      `${dump(9)}.json`,
      docs(9),
      folder(9),
      artifactKey(dump(9), 'started'),
    ]);
    expect(planned.remove[0]?.items.find(({ role }) => role === 'tree')).toMatchObject({
      files: 2,
      sizeBytes: 2000,
    });
  });

  it('is not an archive without a dump of its time, which is told and left alone', () => {
    const planned = plan([dump(0), docs(0), docs(3), `${folder(4)}a`]);
    expect(planned.remove).toEqual([]);
    expect(planned.alone.map(({ key }) => key)).toEqual([docs(3), folder(4)]);
  });

  it('is not the archive that a restore of a dump that stays would take, having none of its own time', () => {
    const planned = plan([dump(0), dump(1), dump(2), docs(1), docs(2)]);
    expect(goingKeys(planned)).toEqual([dump(1), dump(2), docs(2)]);
    expect(planned.stay).toMatchObject([
      { artifact: { key: docs(1) }, because: `a restore of ${dump(0)}, which stays, takes it` },
    ]);
  });

  it('goes with the last of the dumps it belongs to, and stays while one of them stays', () => {
    const hourly = layoutOf('{date}/{hour}.dump');
    const keys = ['2026-11-19/01.dump', '2026-11-19/02.dump', '2026-11-20/01.dump', '2026-11-20/02.dump'];
    const files = ['media-2026-11-19/a', 'media-2026-11-20/a'];
    const planned = plan([...keys, ...files], { layout: hourly });
    expect(planned.remove.map(({ key }) => key)).toEqual([keys[2], keys[1], keys[0]]);
    const [one, ...others] = [...planned.remove].reverse();
    expect(one?.items.map(({ key }) => key)).toEqual([keys[0], 'media-2026-11-19/']);
    expect(one?.items[1]?.owners).toEqual([keys[1], keys[0]]);
    expect(others.flatMap(({ items }) => items.map(({ role }) => role))).toEqual(['dump', 'dump']);
  });

  it('is of the same host and tier where both names say one', () => {
    const layout = layoutOf('{tier}/db_{host}_{timestamp}.sql.gz');
    const roles: ArtifactPattern = { kind: 'archive', pattern: '{tier}/globals_{timestamp}.sql.gz' };
    const [old, young] = [stamp(night(9)), stamp(night(0))];
    const keys = [`daily/db_a_${old}.sql.gz`, `weekly/db_b_${old}.sql.gz`, `daily/db_a_${young}.sql.gz`];
    const globals = [
      `daily/globals_${old}.sql.gz`,
      `weekly/globals_${old}.sql.gz`,
      `daily/globals_${young}.sql.gz`,
    ];
    const planned = plan([...keys, ...globals], { layout, patterns: [roles] });
    // The only dump of host b is its newest one.
    expect(goingKeys(planned)).toEqual([keys[0], globals[0]]);
  });

  it('is never what belongs to another host, whose dumps are not looked at', () => {
    const layout = layoutOf('{host}/{date}.dump');
    const keys = ['a/2026-11-01.dump', 'b/2026-11-01.dump', 'a/2026-11-20.dump', 'media-2026-11-01/x'];
    const planned = plan(keys, { layout, host: 'a' });
    expect(goingKeys(planned)).toEqual(['a/2026-11-01.dump']);
  });

  it('is not a folder that holds something which stays', () => {
    const layout = layoutOf('{date}/{host}.dump');
    const tree: ArtifactPattern = { kind: 'tree', pattern: '{date}/' };
    const keys = ['2026-11-01/a.dump', '2026-11-01/b.dump', '2026-11-20/a.dump', '2026-11-01/f'];
    expect(goingKeys(plan(keys, { layout, patterns: [tree] }))).toEqual(['2026-11-01/a.dump']);
  });

  it('leaves the manifest where a dump that stays has the same name but for its wrapping', () => {
    const layout = layoutOf('{date}.dump[.gz][.gpg]');
    const keys = ['2026-11-20.dump.gz', '2026-11-20.dump.gz.gpg', '2026-11-20.dump.manifest.json'];
    expect(goingKeys(plan(keys, { layout }))).toEqual(['2026-11-20.dump.gz']);
  });

  it('is found again by the mark when an earlier removal was cut off behind the dump', () => {
    const mark = artifactKey(dump(9), 'removing');
    const planned = plan([dump(0), docs(0), docs(9), `${folder(9)}a`, mark]);
    expect(planned.remove).toMatchObject([{ key: dump(9), because: 'an earlier removal was cut off' }]);
    expect(goingKeys(planned)).toEqual([docs(9), folder(9), mark]);
    expect(planned.alone).toEqual([]);
  });

  it('stays with a dump that stays after all, whose mark is taken away', () => {
    const mark = artifactKey(dump(0), 'removing');
    const planned = plan([dump(0), docs(0), mark]);
    expect(planned).toMatchObject({ remove: [], staleMarks: [mark] });
    // A key that may write and not remove leaves a mark beside a dump that is as good as before.
    expect(planned.snapshots).toMatchObject([{ key: dump(0), incomplete: undefined }]);
  });
});

const store = fc
  .record({
    dumps: fc.uniqueArray(fc.integer({ min: 0, max: 400 }), { minLength: 1, maxLength: 30 }),
    archives: fc.uniqueArray(fc.integer({ min: 0, max: 400 }), { maxLength: 30 }),
    folders: fc.uniqueArray(fc.integer({ min: 0, max: 400 }), { maxLength: 10 }),
    ours: fc.boolean(),
    withFiles: fc.boolean(),
  })
  .map(({ dumps, archives, folders, ours, withFiles }) => [
    ...new Set([
      ...dumps.flatMap((ago) => [
        dump(ago),
        ...(ours ? [artifactKey(dump(ago), 'started'), artifactKey(dump(ago), 'manifest')] : []),
        ...(withFiles ? [docs(ago)] : []),
      ]),
      ...archives.map(docs),
      ...folders.flatMap((ago) => [`${folder(ago)}a`, `${folder(ago)}b/c`]),
    ]),
  ]);

const rules: fc.Arbitrary<RetentionRules> = fc.record({
  hourly: fc.constant(0),
  daily: fc.integer({ min: 0, max: 10 }),
  weekly: fc.integer({ min: 0, max: 4 }),
  monthly: fc.integer({ min: 0, max: 6 }),
  yearly: fc.integer({ min: 0, max: 2 }),
  floor: fc.integer({ min: 1, max: 4 }),
});

const belongsTo = (key: string, ago: number) =>
  key === docs(ago) || key.startsWith(folder(ago)) || artifactOf(key)?.base === dump(ago);

describe('pruning, whatever lies in the store', () => {
  it('takes nothing from a dump that stays, and nothing that is of no dump', () => {
    fc.assert(
      fc.property(store, rules, (keys, rule) => {
        const planned = plan(keys, { rules: rule });
        const going = goingKeys(planned);
        const goes = (key: string) =>
          going.some((one) => key === one || (one.endsWith('/') && key.startsWith(one)));
        const removed = new Set(planned.remove.map(({ key }) => key));
        const agos = Array.from({ length: 401 }, (_, ago) => ago).filter((ago) => keys.includes(dump(ago)));
        for (const ago of agos.filter((one) => !removed.has(dump(one)))) {
          expect(going).not.toContain(dump(ago));
          expect(keys.filter((key) => belongsTo(key, ago) && goes(key))).toEqual([]);
          // What a restore takes is the nearest, and stays so.
          const distance = (key: string) =>
            Math.abs(
              (layoutOf(documents.pattern).match(key)?.namedTimeMs ?? Number.POSITIVE_INFINITY) - night(ago),
            );
          const nearest = (among: readonly string[]) =>
            among.filter((key) => key.startsWith('docs/')).sort((a, b) => distance(a) - distance(b))[0];
          expect(nearest(keys.filter((key) => !goes(key)))).toBe(nearest(keys));
        }
        for (const key of keys.filter((one) => /^(docs|media)/.test(one) && goes(one)))
          expect(agos.some((ago) => removed.has(dump(ago)) && belongsTo(key, ago))).toBe(true);
      }),
    );
  });

  it('ends the same wherever it is cut off, and shows nothing as whole in between that is not', () => {
    fc.assert(
      fc.property(store, rules, fc.nat(), (keys, rule, cut) => {
        const whole = finish(keys, rule);
        const half = walk(keys, { rule, cut });
        for (const snapshot of listSnapshots({ layout: erp, objects: half.map(toObject), nowMs: newestMs })) {
          const ago = Math.round((newestMs - snapshot.takenAtMs) / dayMs);
          if (snapshot.incomplete !== undefined) continue;
          const files = (all: readonly string[]) =>
            all.filter((key) => !artifactOf(key) && belongsTo(key, ago));
          expect(files(half)).toEqual(files(keys));
        }
        expect(finish(half, rule)).toEqual(whole);
      }),
    );
  });
});

const toObject = (key: string) => ({ key, sizeBytes: 1000, modifiedAtMs: newestMs });

function finish(keys: readonly string[], rule: RetentionRules): readonly string[] {
  return [...walk(keys, { rule, cut: Number.POSITIVE_INFINITY })].sort();
}

/** Does what the plan says, up to a number of moves. */
function walk(keys: readonly string[], until: { readonly rule: RetentionRules; readonly cut: number }) {
  const there = new Set(keys);
  const moves = plan(keys, { rules: until.rule }).remove.flatMap(({ key, snapshot, items, needsMark }) => {
    const mark = artifactKey(key, 'removing');
    const marks = needsMark && snapshot !== undefined;
    return [
      ...(marks ? [() => there.add(mark)] : []),
      ...items.map((item) => () => {
        for (const one of there)
          if (one === item.key || (item.role === 'tree' && one.startsWith(item.key))) there.delete(one);
      }),
      ...(marks ? [() => there.delete(mark)] : []),
    ];
  });
  const total = moves.length + 1;
  for (const move of moves.slice(0, Number.isFinite(until.cut) ? until.cut % total : total)) move();
  return [...there];
}
