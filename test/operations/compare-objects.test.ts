import { describe, expect, it } from 'vitest';
import { awkwardKeys, compareObjects } from '../../src/operations/compare-objects.ts';
import { sameContent } from '../../src/operations/prove-content.ts';
import type { ObjectInfo, StoreDriver } from '../../src/ports/object-store.ts';
import { createFakeObjectStore } from '../fakes/fake-object-store.ts';

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

  it('is known from the same tag of several parts on both sides: it is the digest of their digests', () => {
    const parts = object('k', { etag: `${md5('a')}-2` });
    expect(sameContent(parts, parts)).toBe(true);
    expect(sameContent(parts, { ...parts, sizeBytes: 11 })).toBe(false);
  });

  it('is not known from the same tag that is no digest', () => {
    const dated = object('k', { etag: '1a-18c2f' });
    expect(sameContent(dated, dated)).toBe(false);
  });
});

const compare = (lists: { readonly source: readonly ObjectInfo[]; readonly target: readonly ObjectInfo[] }) =>
  compareObjects({
    ...lists,
    toTargetKey: (key) => key.replace(/^m\//, ''),
    from: createFakeObjectStore({ name: 'source', now: () => 0 }),
    to: createFakeObjectStore({ name: 'target', now: () => 0 }),
    proofs: new Set(),
    onLine: () => {},
    signal: new AbortController().signal,
  });

describe('the comparison before a mirror', () => {
  it('tells what is missing, what differs, and what only the target has', async () => {
    const found = await compare({
      source: [
        object('m/equal'),
        object('m/missing', { sizeBytes: 7 }),
        object('m/changed', { sizeBytes: 5 }),
      ],
      target: [object('equal'), object('changed'), object('only-there')],
    });
    expect(found).toMatchObject({
      value: {
        missing: [{ key: 'm/missing' }],
        different: [{ source: { key: 'm/changed' }, target: { key: 'changed' } }],
        equal: { byMd5: 1 },
        extra: [{ key: 'only-there' }],
      },
    });
  });

  it('finds nothing to do where all is equal', async () => {
    const same = [object('a'), object('b')];
    expect(await compare({ source: same, target: same })).toMatchObject({
      value: { missing: [], different: [], unknown: [], equal: { byMd5: 2 } },
    });
  });

  it.each([
    ['the same', 'content', { equal: { byReading: 1 }, different: [] }],
    ['another', 'CONTENT', { equal: { byReading: 0 }, different: [{ target: { key: 'a' } }] }],
  ])(
    'reads what has %s content under tags that a store made with a key of its own',
    async (_what, other, found) => {
      const [from, to] = ['source', 'target'].map((name) => createFakeObjectStore({ name, now: () => 0 }));
      if (from === undefined || to === undefined) throw new Error('two stores');
      from.place('a', { content: 'content' });
      to.place('a', { content: other });
      // No ETag of such a store is an MD5, though it looks like one; the fake compares it only when a read names one.
      const tagged = (letter: string) => ({ key: 'a', sizeBytes: 7, modifiedAtMs: 0, etag: md5(letter) });
      const blind = (store: StoreDriver): StoreDriver => ({
        ...store,
        read: ({ ifMatch: _, ...request }) => store.read(request),
      });
      expect(
        await compareObjects({
          source: [tagged('a')],
          target: [tagged('b')],
          toTargetKey: (key) => key,
          from: blind(from),
          to: blind(to),
          proofs: new Set(),
          onLine: () => {},
          signal: new AbortController().signal,
        }),
      ).toMatchObject({ value: found });
    },
  );

  it('cannot tell where no tag tells and nothing can be read', async () => {
    const parts = object('a', { etag: `${md5('a')}-2` });
    expect(await compare({ source: [parts], target: [object('a')] })).toMatchObject({
      value: { different: [], unknown: [{ why: { code: 'not-found' } }] },
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
