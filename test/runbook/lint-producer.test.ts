import { describe, expect, it } from 'vitest';
import { handlers, runbookSchema } from '../../src/registry/kinds.ts';
import { lintProducer } from '../../src/runbook/lint-producer.ts';
import { lintRunbook } from '../../src/runbook/lint-runbook.ts';

function findings(
  changes: Record<string, unknown>,
  layout = 'pg/{date}/{hour}.dump.gz[.gpg]',
): readonly string[] {
  const runbook = runbookSchema.parse({
    thaw: 1,
    name: 'x',
    title: 'X',
    objectives: { rto: '1h', rpo: '1h' },
    backups: { store: { kind: 'directory', path: '/b' }, dumps: { layout } },
    production: { database: { url: 'postgresql://u@h/d' } },
    steps: [{ kind: 'choose-snapshot' }],
    ...changes,
  });
  // A restore at night must never fail for what only backups need.
  expect(lintRunbook(runbook, handlers)).toEqual([]);
  return lintProducer(runbook);
}

describe('the producer section', () => {
  it('holds together with a layout that can name what it makes', () => {
    expect(findings({ producer: {} })).toEqual([]);
    expect(findings({ producer: { encrypt: { kind: 'openpgp', recipient: 'ops@example.org' } } })).toEqual(
      [],
    );
    expect(findings({})).toEqual([]);
  });

  it('is told that its layout has no ending for its compression, its encryption or its tier', () => {
    expect(findings({ producer: { compression: 'zstd' } })[0]).toContain('cannot say zstd');
    expect(findings({ producer: { encrypt: { kind: 'age', recipients: ['age1x'] } } })[0]).toContain(
      'cannot say age gzip',
    );
    expect(findings({ producer: {} }, '{tier}/{date}.dump.gz')[0]).toContain('needs a {tier}');
    expect(findings({ producer: {} }, 'db-{date}.sql.gz')[0]).toContain('it calls a dump SQL');
  });

  it('is told what its fingerprints and its mirror lack', () => {
    expect(findings({ producer: { fingerprints: ['KEY'] } })).toEqual([
      'producer.fingerprints needs production.envFile.',
    ]);
    const backups = {
      store: { kind: 'directory', path: '/b' },
      dumps: { layout: 'pg/{date}.dump.gz' },
      objects: { prefix: 'minio/' },
    };
    expect(findings({ producer: {}, backups })).toEqual([
      'backups.objects has a mirror, but production.objects does not say what to mirror.',
    ]);
  });
});
