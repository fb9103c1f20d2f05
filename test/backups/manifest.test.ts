import { describe, expect, it } from 'vitest';
import { manifestKey, manifestSchema } from '../../src/backups/manifest.ts';

const manifest = {
  thawManifest: 1,
  takenAt: '2026-04-28T14:07:31Z',
  host: 'crm-01',
  dump: { key: 'pg/crm-01/2026-04-28/14.dump.gz', sizeBytes: 412, sha256: 'a'.repeat(64) },
  tables: [{ schema: 'public', name: 'clients', rows: 1200 }],
};

describe('a manifest', () => {
  it.each([
    ['14.dump', '14.dump.manifest.json'],
    ['14.dump.gz', '14.dump.manifest.json'],
    ['14.dump.gz.gpg', '14.dump.manifest.json'],
  ])('of %s is called %s', (dump, key) => {
    expect(manifestKey(dump)).toBe(key);
  });

  it('may leave out what the producer did not look at', () => {
    expect(manifestSchema.parse(manifest)).toMatchObject({ sequences: [], extensions: [], fingerprints: {} });
  });

  it.each([
    ['another version', { thawManifest: 2 }],
    ['a time without a zone', { takenAt: '2026-04-28 14:07' }],
    ['a digest that is none', { dump: { ...manifest.dump, sha256: 'abc' } }],
    ['no tables', { tables: undefined }],
  ])('with %s is refused', (_what, change) => {
    expect(manifestSchema.safeParse({ ...manifest, ...change }).success).toBe(false);
  });
});
