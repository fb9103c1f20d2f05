import { type Finding, type HealthFacts, type HealthLimits, successPercent } from './health.ts';

/** The shape that dashboards of the older scripts read, and what they did not know yet beside it. */
export function jsonMetrics(facts: HealthFacts, findings: readonly Finding[]) {
  const { newest, nowMs, disks, mirror, walGapMs, snapshots, drills } = facts;
  return {
    timestamp: new Date(nowMs).toISOString().replace(/\.\d+Z$/, 'Z'),
    metrics: {
      last_backup_age_hours: newest === undefined ? null : round((nowMs - newest.takenAtMs) / 3_600_000),
      last_backup_size_mb: newest === undefined ? null : round(newest.sizeBytes / 1_000_000),
      disk_usage_percent:
        disks.length === 0 ? null : Math.round(Math.max(...disks.map(({ usedPercent }) => usedPercent))),
      success_rate_percent: round(successPercent(facts)),
      daily_backup_count: snapshots.daily,
      weekly_backup_count: snapshots.weekly,
      monthly_backup_count: snapshots.monthly,
      hourly_backup_count: snapshots.hourly,
      yearly_backup_count: snapshots.yearly,
      incomplete_backup_count: facts.incomplete.length,
      mirror_object_count: mirror?.count ?? null,
      mirror_missing_count: mirror === undefined ? null : mirror.missing.length + mirror.changed.length,
      last_passed_drill_age_hours:
        drills?.lastPassedMs === undefined ? null : round((facts.nowMs - drills.lastPassedMs) / 3_600_000),
      drills_not_passed_in_a_row: drills?.inARow ?? null,
      wal_gap_seconds: walGapMs === undefined ? null : Math.round(walGapMs / 1000),
    },
    healthy: findings.length === 0,
    findings,
  };
}

function round(value: number): number {
  return Math.round(value * 100) / 100;
}

/** For the textfile collector of the node exporter. What was not looked at has no line: an absent series can be alerted on. */
export function prometheusText(
  facts: HealthFacts,
  known: { readonly limits: HealthLimits; readonly findings: readonly Finding[]; readonly runbook: string },
): string {
  const { newest, nowMs, disks, mirror, walGapMs, snapshots } = facts;
  const { limits, findings, runbook } = known;
  const lines: string[] = [];
  const gauge = (
    name: string,
    metric: {
      readonly help: string;
      readonly values: readonly (readonly [number, Readonly<Record<string, string>>?])[];
    },
  ) => {
    if (metric.values.length === 0) return;
    lines.push(`# HELP thaw_${name} ${metric.help}`, `# TYPE thaw_${name} gauge`);
    for (const [value, labels = {}] of metric.values)
      lines.push(`thaw_${name}${labelText({ runbook, ...labels })} ${value}`);
  };
  const one = (value: number | undefined) => (value === undefined ? [] : [[value] as const]);
  gauge('backup_last_success_timestamp_seconds', {
    help: 'When the newest complete backup was taken.',
    values: one(newest === undefined ? undefined : newest.takenAtMs / 1000),
  });
  gauge('backup_age_seconds', {
    help: 'Age of the newest complete backup when this was written.',
    values: one(newest === undefined ? undefined : Math.round((nowMs - newest.takenAtMs) / 1000)),
  });
  gauge('backup_rpo_seconds', { help: 'The age a backup may reach.', values: one(limits.rpoMs / 1000) });
  gauge('backup_size_bytes', {
    help: 'Size of the newest complete dump as stored.',
    values: one(newest?.sizeBytes),
  });
  gauge('backup_success_ratio', {
    help: 'Completed of the backups begun in seven days.',
    values: one(successPercent(facts) / 100),
  });
  gauge('backup_snapshots', {
    help: 'Periods that have a complete backup.',
    values: Object.entries(snapshots).map(([period, count]) => [count, { period }] as const),
  });
  gauge('backup_incomplete', {
    help: 'Backups that began and never ended.',
    values: one(facts.incomplete.length),
  });
  gauge('backup_disk_used_ratio', {
    help: 'Used part of a file system backups depend on.',
    values: disks.map(({ path, usedPercent }) => [usedPercent / 100, { path }] as const),
  });
  gauge('backup_mirror_drift_objects', {
    help: 'Live objects older than the newest backup that the mirror lacks or holds otherwise.',
    values: one(mirror === undefined ? undefined : mirror.missing.length + mirror.changed.length),
  });
  gauge('backup_wal_gap_seconds', {
    help: 'Time since the last archived WAL file.',
    values: one(walGapMs === undefined ? undefined : Math.round(walGapMs / 1000)),
  });
  gauge('backup_findings', {
    help: 'What is wrong, by severity.',
    values: (['critical', 'warning'] as const).map(
      (severity) =>
        [findings.filter((finding) => finding.severity === severity).length, { severity }] as const,
    ),
  });
  gauge('backup_monitor_timestamp_seconds', { help: 'When this was written.', values: one(nowMs / 1000) });
  return `${lines.join('\n')}\n`;
}

function labelText(labels: Readonly<Record<string, string>>): string {
  const escaped = (value: string) =>
    value.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n');
  return `{${Object.entries(labels)
    .map(([name, value]) => `${name}="${escaped(value)}"`)
    .join(',')}}`;
}
