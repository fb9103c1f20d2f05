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
    ['pg/{host}/latest.dump', /names no time/],
    ['/pg/{date}.dump', /begin with a slash/],
    ['pg/{date}.dump[.gpg', /A \[ stands alone/],
    ['pg/{date}.dump.gpg]', /A \] stands alone/],
    ['pg/{date}.dump{', /A \{ stands alone/],
    ['pg/}{date}.dump', /A \} stands alone/],
  ])('%s is a fault in words', (pattern, words) => {
    expect(parseLayout(pattern)).toEqual({ fault: expect.stringMatching(words) });
  });
});
