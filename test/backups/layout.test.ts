import { describe, expect, it } from 'vitest';
import { type Layout, parseLayout } from '../../src/backups/layout.ts';

function layoutOf(pattern: string): Layout {
  const layout = parseLayout(pattern);
  if ('fault' in layout) throw new Error(layout.fault);
  return layout;
}

const at = (text: string) => Date.parse(text);

describe('the layouts of stores that other scripts filled', () => {
  it('reads hourly dumps of several hosts, encrypted or not', () => {
    const layout = layoutOf('pg/{host}/{date}/{hour}.dump.gz[.gpg]');
    expect(layout.prefix).toBe('pg/');
    expect(layout.match('pg/crm-01/2026-04-28/14.dump.gz')).toEqual({
      namedTimeMs: at('2026-04-28T14:00:00Z'),
      namedSpanMs: 3_600_000,
      host: 'crm-01',
      layers: ['gzip'],
    });
    expect(layout.match('pg/crm-01/2026-04-28/14.dump.gz.gpg')?.layers).toEqual(['openpgp', 'gzip']);
  });

  it('reads tiers of encrypted SQL with a time in the name', () => {
    const layout = layoutOf('{tier}/{name}_{timestamp}.sql.gz.gpg');
    expect(layout.prefix).toBe('');
    expect(layout.match('daily/corporate_intel_daily_20251017-020000.sql.gz.gpg')).toEqual({
      namedTimeMs: at('2025-10-17T02:00:00Z'),
      namedSpanMs: 1000,
      tier: 'daily',
      layers: ['openpgp', 'gzip'],
    });
    expect(
      layout.match('daily/corporate_intel_daily_20251017-020000.sql.gz.gpg.metadata.json'),
    ).toBeUndefined();
    // Roles and tablespaces lie beside the dump; a layout that names the database leaves them out.
    const exact = layoutOf('{tier}/corporate_intel_{name}_{timestamp}.sql.gz.gpg');
    expect(exact.match('daily/globals_20251017-020000.sql.gz.gpg')).toBeUndefined();
  });

  it('reads a plain dump with a timestamp below its host', () => {
    const layout = layoutOf('erp/{host}/db/{timestamp}.dump');
    expect(layout.prefix).toBe('erp/');
    for (const time of [
      '20260428T140731Z',
      '2026-04-28T14:07:31Z',
      '20260428-140731',
      '20260428_140731',
      '2026-04-28_14-07-31',
    ]) {
      expect(layout.match(`erp/prod/db/${time}.dump`)).toMatchObject({
        namedTimeMs: at('2026-04-28T14:07:31Z'),
        host: 'prod',
        layers: [],
      });
    }
  });

  it('reads one dump a day at the root', () => {
    const layout = layoutOf('db-{date}.sql.gz');
    expect(layout.prefix).toBe('db-');
    expect(layout.match('db-2026-04-28.sql.gz')).toEqual({
      namedTimeMs: at('2026-04-28T00:00:00Z'),
      namedSpanMs: 86_400_000,
      layers: ['gzip'],
    });
  });

  it('reads a name and a timestamp side by side', () => {
    const layout = layoutOf('nmia_backup_{timestamp}.dump');
    expect(layout.match('nmia_backup_20250201_020000.dump')?.namedTimeMs).toBe(at('2025-02-01T02:00:00Z'));
  });
});

describe('times as other scripts write them', () => {
  const day = 86_400_000;
  it.each([
    ['crm-{date}.dump', 'crm-20261125.dump', '2026-11-25T00:00:00Z', day],
    ['crm-{date}-{hour}{minute}.dump', 'crm-20261125-0307.dump', '2026-11-25T03:07:00Z', 60_000],
    ['{date}/{time}.dump', '2026-11-25/03-07.dump', '2026-11-25T03:07:00Z', 60_000],
    ['{date}_{time}.dump', '2026-11-25_030759.dump', '2026-11-25T03:07:59Z', 1000],
    ['{date}T{time}.dump', '20261125T03:07:59Z.dump', '2026-11-25T03:07:59Z', 1000],
    ['{timestamp}.dump', '20261125-0307.dump', '2026-11-25T03:07:00Z', 60_000],
    ['{week}.dump', '2026-W48.dump', '2026-11-23T00:00:00Z', 7 * day],
    ['weekly/{week}.dump', 'weekly/2026W01.dump', '2025-12-29T00:00:00Z', 7 * day],
    ['weekly/{week}.dump', 'weekly/2026-53.dump', '2026-12-28T00:00:00Z', 7 * day],
    ['monthly/{month}.dump', 'monthly/2026-11.dump', '2026-11-01T00:00:00Z', 30 * day],
    ['monthly/{month}.dump', 'monthly/202602.dump', '2026-02-01T00:00:00Z', 28 * day],
    ['{year}/{month}/{day}.dump', '2026/11/25.dump', '2026-11-25T00:00:00Z', day],
    ['{year}/{month}/{day}/{time}.dump', '2026/11/25/0307.dump', '2026-11-25T03:07:00Z', 60_000],
    ['{any}/{date}{any}.dump', 'a/b/c/2026-11-25 (nightly, Überlauf).dump', '2026-11-25T00:00:00Z', day],
  ])('%s reads %s', (pattern, key, time, spanMs) => {
    expect(layoutOf(pattern).match(key)).toMatchObject({ namedTimeMs: at(time), namedSpanMs: spanMs });
  });

  it.each([
    ['{date}.dump', '20260230.dump'],
    ['{date}/{time}.dump', '2026-11-25/24-00.dump'],
    ['{date}/{time}.dump', '2026-11-25/03-60.dump'],
    ['{week}.dump', '2026-W00.dump'],
    // 2025 has 52 weeks.
    ['{week}.dump', '2025-W53.dump'],
    ['{month}.dump', '2026-13.dump'],
    ['{year}/{month}/{day}.dump', '2026/02/30.dump'],
  ])('%s does not take %s for a time', (pattern, key) => {
    expect(layoutOf(pattern).match(key)).toBeUndefined();
  });

  it('reads a layout without any time, which leaves the time to the store', () => {
    const match = layoutOf('pg/{host}/latest.dump[.gz]').match('pg/a/latest.dump.gz');
    expect(match).toEqual({ namedSpanMs: 0, host: 'a', layers: ['gzip'] });
  });
});

describe('names that only look like a snapshot', () => {
  const layout = layoutOf('pg/{host}/{date}/{hour}.dump.gz[.gpg]');
  it.each([
    'pg/crm-01/2026-04-28/14.dump.gz.part',
    'xpg/crm-01/2026-04-28/14.dump.gz',
    'pg/crm-01/deep/2026-04-28/14.dump.gz',
    'pg//2026-04-28/14.dump.gz',
    'pg/crm-01/2026-02-30/14.dump.gz',
    'pg/crm-01/2026-04-28/24.dump.gz',
    'pg/crm-01/2026-13-01/14.dump.gz',
    'pg/crm-01/2026-04-28/14xdump.gz',
  ])('%s is left out', (key) => {
    expect(layout.match(key)).toBeUndefined();
  });

  it('wants a part that stands twice to say the same thing twice', () => {
    const twice = layoutOf('{host}/{host}-{date}.dump');
    expect(twice.match('a/a-2026-04-28.dump')?.host).toBe('a');
    expect(twice.match('a/b-2026-04-28.dump')).toBeUndefined();
  });

  it('takes signs of regular expressions in a pattern literally', () => {
    const signs = layoutOf('a+b(c)/{date}.dump');
    expect(signs.match('a+b(c)/2026-04-28.dump')).toBeDefined();
    expect(signs.match('aab(c)/2026-04-28.dump')).toBeUndefined();
  });
});

describe('layouts that cannot be read', () => {
  it.each([
    ['pg/{hots}/{date}.dump', /\{hots\} is not a named part/],
    ['pg/{constructor}/{date}.dump', /\{constructor\} is not a named part/],
    ['pg/{}/{date}.dump', /\{\} is not a named part/],
    ['pg/{hour}.dump', /an hour and no day/],
    ['pg/{week}/{time}.dump', /an hour and no day/],
    ['pg/{year}/{day}.dump', /no month/],
    ['pg/{month}/{day}.dump', /no year/],
    ['/pg/{date}.dump', /begin with a slash/],
    ['pg/{date}.dump[.gpg', /A \[ stands alone/],
    ['pg/{date}.dump.gpg]', /A \] stands alone/],
    ['pg/{date}.dump{', /A \{ stands alone/],
    ['pg/}{date}.dump', /A \} stands alone/],
  ])('%s is a fault in words', (pattern, words) => {
    expect(parseLayout(pattern)).toEqual({ fault: expect.stringMatching(words) });
  });
});
