import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { artifactKey, artifactOf, isArtifactKey } from '../../src/backups/artifact-keys.ts';
import { formatKey } from '../../src/backups/format-key.ts';
import { type Layout, parseLayout } from '../../src/backups/layout.ts';
import type { Layer } from '../../src/ports/unpacker.ts';

const timeMs = Date.UTC(2026, 3, 28, 14, 7, 31);

function layout(pattern: string): Layout {
  const parsed = parseLayout(pattern);
  if ('fault' in parsed) throw new Error(parsed.fault);
  return parsed;
}

const format = (pattern: string, layers: readonly Layer[] = ['gzip'], tier?: string) =>
  formatKey(layout(pattern), { timeMs, host: 'port-nimara-1', tier, name: 'crm', layers });

describe('the key of a new dump', () => {
  it.each([
    ['pg/{host}/{date}/{hour}.dump.gz[.gpg]', ['gzip'], 'pg/port-nimara-1/2026-04-28/14.dump.gz'],
    [
      'pg/{host}/{date}/{hour}.dump.gz[.gpg]',
      ['openpgp', 'gzip'],
      'pg/port-nimara-1/2026-04-28/14.dump.gz.gpg',
    ],
    [
      'daily/{name}_{timestamp}[.sql][.dump][.gz][.zst][.age]',
      ['age', 'zstd'],
      'daily/crm_20260428T140731Z.dump.zst.age',
    ],
    ['{host}/{date}-{hour}{minute}.dump', [], 'port-nimara-1/2026-04-28-1407.dump'],
    ['{year}/{month}/{day}/{time}.dump', [], '2026/04/28/140731.dump'],
    ['{month}/{week}.dump', [], '2026-04/2026-W18.dump'],
  ] as const)('of %s for %j is %s', (pattern, layers, key) => {
    expect(format(pattern, layers)).toEqual({ ok: true, value: key });
  });

  it('is refused where the layout cannot say how the dump is wrapped, or needs a tier that nobody named', () => {
    const refused = [
      format('pg/{date}.dump.gz', ['openpgp', 'gzip']),
      format('pg/{date}.dump.gz', []),
      format('{tier}/{date}.dump.gz'),
      format('db-{date}.sql.gz'),
      format('{host}/latest.dump.gz'),
      format('{any}/{date}.dump.gz'),
    ];
    for (const outcome of refused)
      expect(outcome).toMatchObject({ ok: false, failure: { code: 'runbook-invalid' } });
    expect(format('{tier}/{date}.dump.gz', ['gzip'], 'daily')).toMatchObject({ ok: true });
  });

  it('is always found again by the same layout, with its time and its wrapping', () => {
    const pattern = 'pg/{host}/{timestamp}.dump[.gz][.zst][.gpg][.age]';
    const wrapping = fc.constantFrom<readonly Layer[]>(
      [],
      ['gzip'],
      ['openpgp', 'gzip'],
      ['age', 'zstd'],
      ['openpgp'],
      ['zstd'],
    );
    const moment = fc.integer({ min: 0, max: 4_000_000_000 }).map((seconds) => seconds * 1000);
    fc.assert(
      fc.property(moment, wrapping, (time, layers) => {
        const made = formatKey(layout(pattern), { timeMs: time, host: 'h', name: 'n', layers });
        if (!made.ok) throw new Error(made.failure.message);
        expect(layout(pattern).match(made.value)).toMatchObject({ namedTimeMs: time, host: 'h', layers });
      }),
    );
  });
});

describe('what stands beside a dump', () => {
  it('is named after it without its wrapping, and is never taken for one', () => {
    const dump = 'pg/h/2026-04-28/14.dump.gz.gpg';
    const artifacts = (['started', 'globals', 'objects', 'manifest'] as const).map((one) =>
      artifactKey(dump, one),
    );
    expect(artifacts).toEqual([
      'pg/h/2026-04-28/14.dump.started.json',
      'pg/h/2026-04-28/14.dump.globals.sql',
      'pg/h/2026-04-28/14.dump.objects.jsonl.gz',
      'pg/h/2026-04-28/14.dump.manifest.json',
    ]);
    expect([...artifacts, `${artifacts[1]}.gz.gpg`].every(isArtifactKey)).toBe(true);
    expect(isArtifactKey(dump)).toBe(false);
    expect(artifactOf(artifacts[0] ?? '')).toEqual({
      base: 'pg/h/2026-04-28/14.dump',
      artifact: 'started',
    });
    expect(artifactOf(dump)).toBeUndefined();
  });
});
