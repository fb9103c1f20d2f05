import { describe, expect, it } from 'vitest';
import { type Layout, parseLayout } from '../../src/backups/layout.ts';
import { listSnapshots, newestComplete, recoveryPoint } from '../../src/backups/snapshot.ts';
import type { ObjectInfo } from '../../src/ports/object-store.ts';

const layout = parseLayout('pg/{host}/{date}/{hour}.dump.gz[.gpg]') as Layout;
const at = (text: string) => Date.parse(text);

function object(key: string, more: Partial<ObjectInfo> = {}): ObjectInfo {
  return { key, sizeBytes: 412_000_000, modifiedAtMs: at('2026-04-28T14:07:31Z'), ...more };
}

function list(objects: readonly ObjectInfo[], host?: string) {
  return listSnapshots({ layout, objects, host, nowMs: at('2026-04-28T15:00:00Z') });
}

describe('the snapshots of a store', () => {
  it('come newest first, with short names where there is one host', () => {
    const found = list([
      object('pg/a/2026-04-27/23.dump.gz'),
      object('pg/a/2026-04-28/14.dump.gz'),
      object('notes.txt'),
    ]);
    expect(found.map(({ id }) => id)).toEqual(['2026-04-28/14', '2026-04-27/23']);
  });

  it('carry their host in the name where there are several', () => {
    const objects = [object('pg/a/2026-04-28/14.dump.gz'), object('pg/db/2026-04-28/13.dump.gz')];
    expect(list(objects).map(({ id }) => id)).toEqual(['a/2026-04-28/14', 'db/2026-04-28/13']);
    expect(list(objects, 'db').map(({ id }) => id)).toEqual(['2026-04-28/13']);
    expect(list(objects, '')).toHaveLength(2);
  });

  it('never share a name: the whole key stays where two would', () => {
    const keys = ['pg/a/2026-04-28/14.dump.gz', 'pg/a/2026-04-28/14.dump.gz.gpg'];
    const found = list([...keys, 'pg/a/2026-04-28/13.dump.gz'].map((key) => object(key)));
    expect(found.map(({ id }) => id).sort()).toEqual(['2026-04-28/13', ...keys]);
  });

  it('know their manifest, and do not take manifests for dumps', () => {
    const open = parseLayout('{date}/{name}') as Layout;
    const objects = ['2026-04-28/crm.dump.gz', '2026-04-28/crm.dump.manifest.json'].map((key) => object(key));
    const found = listSnapshots({ layout: open, objects, nowMs: at('2026-04-28T15:00:00Z') });
    expect(found).toHaveLength(1);
    expect(found[0]?.manifestKey).toBe('2026-04-28/crm.dump.manifest.json');
    expect(list([object('pg/a/2026-04-28/14.dump.gz')])[0]?.manifestKey).toBeUndefined();
  });

  it('are incomplete when they are too small, out of reach when they are frozen, and say why', () => {
    const found = list([
      object('pg/a/2026-04-28/14.dump.gz', { sizeBytes: 0 }),
      object('pg/a/2026-04-28/13.dump.gz', { storageClass: 'DEEP_ARCHIVE' }),
      object('pg/a/2026-04-28/12.dump.gz', { storageClass: 'GLACIER' }),
      object('pg/a/2026-04-28/11.dump.gz', { storageClass: 'GLACIER_IR' }),
    ]);
    expect(found.map(({ incomplete, cold }) => incomplete ?? cold)).toEqual([
      '0 bytes cannot hold a dump',
      'in cold storage (DEEP_ARCHIVE)',
      'in cold storage (GLACIER)',
      undefined,
    ]);
    expect(newestComplete(found)?.id).toBe('2026-04-28/11');
  });

  it('are within reach again when they were brought back, and only then', () => {
    const key = 'pg/a/2026-04-28/14.dump.gz';
    const cold = (thaw: ObjectInfo['thaw']) =>
      list([object(key, { storageClass: 'GLACIER', ...(thaw === undefined ? {} : { thaw }) })])[0]?.cold;
    expect(cold('done')).toBeUndefined();
    expect(cold('under-way')).toBe('on its way out of cold storage (GLACIER)');
    expect(cold('none')).toBe('in cold storage (GLACIER)');
  });

  it('have no newest complete one where all are incomplete', () => {
    expect(newestComplete(list([object('pg/a/2026-04-28/14.dump.gz', { sizeBytes: 1 })]))).toBeUndefined();
  });
});

describe('a dump whose name tells no time', () => {
  const timeless = parseLayout('pg/{host}/crm.dump.gz') as Layout;

  it('is of the time when the store took it', () => {
    const found = listSnapshots({
      layout: timeless,
      objects: [
        object('pg/a/crm.dump.gz'),
        object('pg/b/crm.dump.gz', { modifiedAtMs: at('2026-04-28T09:00:00Z') }),
      ],
      nowMs: at('2026-04-28T15:00:00Z'),
    });
    expect(found.map(({ id, takenAtMs }) => [id, takenAtMs])).toEqual([
      ['a/crm', at('2026-04-28T14:07:31Z')],
      ['b/crm', at('2026-04-28T09:00:00Z')],
    ]);
    expect(newestComplete(found)?.id).toBe('a/crm');
  });
});

describe('the recovery point', () => {
  const named = at('2026-04-28T14:00:00Z');
  it.each([
    ['inside the named hour is the upload', '2026-04-28T14:07:31Z', '2026-04-28T14:07:31Z'],
    ['of a file copied later is the start of the hour', '2026-04-29T09:00:00Z', '2026-04-28T14:00:00Z'],
    ['of a name later than the upload is the upload', '2026-04-28T11:07:31Z', '2026-04-28T11:07:31Z'],
    ['at the end of the hour is its start', '2026-04-28T15:00:00Z', '2026-04-28T14:00:00Z'],
  ])('%s', (_when, uploaded, expected) => {
    expect(recoveryPoint(named, { spanMs: 3_600_000, uploadedAtMs: at(uploaded) })).toBe(at(expected));
  });
});
