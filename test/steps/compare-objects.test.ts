import { describe, expect, it } from 'vitest';
import type { ObjectInfo } from '../../src/ports/object-store.ts';
import { awkwardKeys, planMirror, sameContent } from '../../src/steps/compare-objects.ts';

const md5 = (letter: string) => letter.repeat(32);
const object = (key: string, more: Partial<ObjectInfo> = {}): ObjectInfo => ({
  key,
  sizeBytes: 10,
  etag: md5('a'),
  modifiedAtMs: 0,
  ...more,
});

describe('whether two objects are the same', () => {
  it.each<[string, ObjectInfo | undefined, boolean]>([
    ['the same MD5 and size', object('k'), true],
    ['another MD5', object('k', { etag: md5('b') }), false],
    ['another size', object('k', { sizeBytes: 11 }), false],
    ['the ETag of several parts, even the same', object('k', { etag: `${md5('a')}-2` }), false],
    ['no ETag', { key: 'k', sizeBytes: 10, modifiedAtMs: 0 }, false],
    ['nothing there', undefined, false],
  ])('%s', (_what, other, same) => {
    expect(sameContent(object('k'), other)).toBe(same);
  });

  it('is not known from the same tag of several parts on both sides', () => {
    const parts = object('k', { etag: `${md5('a')}-2` });
    expect(sameContent(parts, parts)).toBe(false);
  });
});

describe('the plan of a mirror', () => {
  it('copies what is missing or different, and counts what it overwrites', () => {
    const plan = planMirror({
      source: [
        object('m/equal'),
        object('m/missing', { sizeBytes: 7 }),
        object('m/changed', { sizeBytes: 5 }),
      ],
      target: [object('equal'), object('changed'), object('only-there')],
      toTargetKey: (key) => key.slice(2),
    });
    expect(plan.copy.map(({ key }) => key)).toEqual(['m/missing', 'm/changed']);
    expect(plan).toMatchObject({ overwrites: 1, equal: 1, sizeBytes: 12 });
  });

  it('copies nothing where all is equal', () => {
    const same = [object('a'), object('b')];
    expect(planMirror({ source: same, target: same, toTargetKey: (key) => key })).toMatchObject({
      copy: [],
      equal: 2,
    });
  });
});

describe('keys that MinIO cannot hold', () => {
  it('are named before the first copy', () => {
    const objects = [
      ...['a', 'a/b', 'a/b/c', '/lead', 'plain/file'].map((key) => object(key)),
      object('folder/', { sizeBytes: 0 }),
      object('full/', { sizeBytes: 1 }),
    ];
    expect(awkwardKeys(objects)).toEqual([
      'a stands beside a/b',
      'a stands beside a/b/c',
      'a/b stands beside a/b/c',
      '/lead begins with a slash',
      'full/ ends in a slash and is not empty',
    ]);
  });
});
