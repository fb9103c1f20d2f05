import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  compareObjectInventories,
  type ObjectEntry,
  readObjectInventory,
  summariseObjects,
  takeObjectInventory,
  writeObjectInventory,
} from '../../src/backups/object-inventory.ts';

const entry: fc.Arbitrary<ObjectEntry> = fc.record(
  {
    key: fc.string({ minLength: 1, unit: 'grapheme' }),
    sizeBytes: fc.nat(),
    etag: fc.string(),
    sourceEtag: fc.string(),
  },
  { requiredKeys: ['key', 'sizeBytes'] },
);
const inventory = fc.uniqueArray(entry, { selector: ({ key }) => key, maxLength: 30 });

describe('the list of objects', () => {
  it('is read as it was written, whatever the keys are', () => {
    fc.assert(
      fc.property(inventory, (entries) => {
        expect(readObjectInventory(writeObjectInventory(entries))).toEqual(entries);
      }),
    );
  });

  it('is refused when a line of it is none', () => {
    expect(readObjectInventory('{"key":"a","sizeBytes":1}\n{"key":"b"}\n')).toBeUndefined();
    expect(readObjectInventory('not json\n')).toBeUndefined();
    expect(readObjectInventory('')).toEqual([]);
  });

  it('has another digest when one key, size or tag is another', () => {
    fc.assert(
      fc.property(inventory, entry, (entries, other) => {
        fc.pre(entries.length > 0 && JSON.stringify(keep(entries[0])) !== JSON.stringify(keep(other)));
        const changed = [other, ...entries.slice(1)];
        expect(summariseObjects(changed).sha256).not.toBe(summariseObjects(entries).sha256);
      }),
    );
  });

  it('names what is missing, changed and too many', () => {
    const was = [object('a', '1'), object('b', '2'), object('c', '3')];
    const is = [object('a', '1'), object('b', 'x'), object('d', '4')];
    expect(compareObjectInventories(was, is)).toEqual({ missing: ['c'], changed: ['b'], extra: ['d'] });
    expect(compareObjectInventories(was, was)).toEqual({ missing: [], changed: [], extra: [] });
  });

  it('drops the prefix of the mirror, sorts by bytes, and remembers the tag of the source', () => {
    const listed = ['minio/é', 'minio/z', 'minio/a'].map((key) => ({
      key,
      sizeBytes: 1,
      etag: 't',
      modifiedAtMs: 0,
    }));
    const taken = takeObjectInventory(listed, { prefix: 'minio/', sourceEtags: new Map([['z', 's-2']]) });
    expect(taken).toEqual([
      { key: 'a', sizeBytes: 1, etag: 't' },
      { key: 'z', sizeBytes: 1, etag: 't', sourceEtag: 's-2' },
      { key: 'é', sizeBytes: 1, etag: 't' },
    ]);
  });
});

function keep(one: ObjectEntry | undefined) {
  return [one?.key, one?.sizeBytes, one?.etag ?? null];
}

function object(key: string, etag: string): ObjectEntry {
  return { key, sizeBytes: 1, etag };
}
