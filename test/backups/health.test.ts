import { describe, expect, it } from 'vitest';
import { type HealthFacts, type HealthLimits, judgeHealth, median } from '../../src/backups/health.ts';
import { jsonMetrics, prometheusText } from '../../src/backups/health-metrics.ts';

const nowMs = Date.UTC(2026, 10, 20, 7, 0);
const hourMs = 3_600_000;

const limits: HealthLimits = {
  rpoMs: hourMs,
  size: { least: 0.5, most: 3 },
  successRate: 95,
  disk: { warn: 80, critical: 90 },
  walGapMs: 600_000,
  walNewestMs: 600_000,
};

const healthy: HealthFacts = {
  nowMs,
  newest: { id: '2026-11-20/06', takenAtMs: nowMs - hourMs / 2, sizeBytes: 100 },
  earlierSizesBytes: [100, 110, 90],
  begun: 168,
  completed: 168,
  incomplete: [],
  disks: [{ path: '/var/backups', usedPercent: 45 }],
  mirror: { missing: [], changed: [], count: 12 },
  walGapMs: 60_000,
  walArchive: { newestAtMs: nowMs - 60_000, missing: undefined, after: undefined },
  snapshots: { hourly: 168, daily: 37, weekly: 6, monthly: 2, yearly: 1 },
  unseen: [],
};

const judge = (changes: Partial<HealthFacts>) =>
  judgeHealth({ ...healthy, ...changes }, limits).map(({ id, severity }) => `${severity} ${id}`);

describe('the health of backups', () => {
  it('is good when nothing is out of its limits', () => {
    expect(judge({})).toEqual([]);
  });

  it.each([
    ['no backup at all', { newest: undefined }, ['critical age']],
    [
      'one a minute older than the RPO',
      { newest: { id: 'x', takenAtMs: nowMs - hourMs - 60_000, sizeBytes: 100 } },
      ['critical age'],
    ],
    [
      'a dump of a third of the usual size',
      { newest: { id: 'x', takenAtMs: nowMs, sizeBytes: 33 } },
      ['critical size'],
    ],
    [
      'a dump of four times the usual size',
      { newest: { id: 'x', takenAtMs: nowMs, sizeBytes: 400 } },
      ['warning size'],
    ],
    ['nine of ten completed', { begun: 10, completed: 9, incomplete: ['y'] }, ['warning success-rate']],
    [
      'a disk at 85 and one at 95 percent',
      {
        disks: [
          { path: '/a', usedPercent: 85 },
          { path: '/b', usedPercent: 95 },
        ],
      },
      ['warning disk-/a', 'critical disk-/b'],
    ],
    [
      'an object the mirror lacks',
      { mirror: { missing: ['k'], changed: [], count: 12 } },
      ['critical mirror'],
    ],
    ['a server that archives no WAL', { walGapMs: 700_000 }, ['critical wal']],
    [
      'a WAL archive that stands still and has a hole',
      {
        walArchive: {
          newestAtMs: nowMs - 700_000,
          missing: '000000010000000000000003',
          after: '000000010000000000000002',
        },
      },
      ['critical wal-archive', 'critical wal-hole'],
    ],
    [
      'a store nobody can look into',
      { newest: undefined, unseen: [{ what: 'snapshots', text: 'denied', remedy: 'mend' }] },
      ['critical unseen-snapshots'],
    ],
  ] as const)('is bad with %s', (_what, changes, findings) => {
    expect(judge(changes)).toEqual(findings);
  });

  it('compares no size while there is no habit', () => {
    expect(
      judge({ newest: { id: 'x', takenAtMs: nowMs, sizeBytes: 1 }, earlierSizesBytes: [100, 100] }),
    ).toEqual([]);
  });

  it('has a middle', () => {
    expect([median([]), median([3]), median([9, 1]), median([5, 1, 100])]).toEqual([undefined, 3, 5, 5]);
  });
});

describe('metrics', () => {
  it('have the shape that dashboards of the older scripts read', () => {
    expect(jsonMetrics(healthy, [])).toMatchObject({
      timestamp: '2026-11-20T07:00:00Z',
      metrics: {
        last_backup_age_hours: 0.5,
        last_backup_size_mb: 0,
        disk_usage_percent: 45,
        success_rate_percent: 100,
        daily_backup_count: 37,
        weekly_backup_count: 6,
        monthly_backup_count: 2,
      },
    });
  });

  it('have no line in Prometheus for what nobody looked at', () => {
    const facts = { ...healthy, newest: undefined, mirror: undefined, walGapMs: undefined, disks: [] };
    const text = prometheusText(facts, { limits, findings: [], runbook: 'a "b"\n' });
    expect(text).not.toMatch(/age_seconds|drift|wal_gap|disk/);
    expect(text).toContain('thaw_backup_success_ratio{runbook="a \\"b\\"\\n"} 1');
  });
});
