import { readFileSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { artifactKey } from '../../../src/backups/artifact-keys.ts';
import { writeManifest } from '../../../src/backups/manifest.ts';
import { type BackupStand, putObject, startBackupStand } from '../../parts/backup-stand.ts';
import {
  type HttpReceiver,
  type SmtpReceiver,
  startHttpReceiver,
  startSmtpReceiver,
} from '../../parts/receivers.ts';

let stand: BackupStand;
let hook: HttpReceiver;
let smtp: SmtpReceiver;
let undo: () => unknown = () => {};

beforeAll(async () => {
  stand = await startBackupStand();
  hook = await startHttpReceiver();
  smtp = await startSmtpReceiver();
  await writeMonitor();
  await stand.backUp();
});
afterEach(async () => {
  await undo();
  undo = () => {};
  hook.received.length = 0;
  smtp.mails.length = 0;
});
afterAll(async () => {
  await Promise.all([hook.close(), smtp.close(), stand.remove()]);
});

function writeMonitor(changes: Record<string, unknown> = {}): Promise<void> {
  return stand.writeRunbook({
    monitor: {
      alerts: [
        { kind: 'slack', webhook: `${hook.url}/slack` },
        { kind: 'pagerduty', routingKey: 'key', url: `${hook.url}/pager` },
        { kind: 'email', server: smtp.url, from: 'thaw@company.invalid', to: ['ops@company.invalid'] },
      ],
      metricsFile: 'metrics.json',
      prometheusFile: 'thaw.prom',
      ...changes,
    },
  });
}

const monitor = () => stand.thaw('monitor', stand.runbookFile);
const told = (path: string) =>
  hook.received.filter((one) => one.path === path).map(({ body }) => JSON.stringify(body));
const metrics = () => JSON.parse(readFileSync(join(stand.folder, 'metrics.json'), 'utf8'));

describe('thaw monitor', () => {
  it('finds nothing after a good backup, writes both files, and only tells the pager that all is well', async () => {
    const said = await monitor();
    expect(said).toEqual({ status: 0, text: 'healthy\n' });
    expect(metrics()).toMatchObject({
      timestamp: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/),
      metrics: {
        last_backup_age_hours: 0,
        last_backup_size_mb: expect.any(Number),
        disk_usage_percent: expect.any(Number),
        success_rate_percent: 100,
        daily_backup_count: 1,
        weekly_backup_count: 1,
        monthly_backup_count: 1,
        mirror_missing_count: 0,
      },
      healthy: true,
    });
    const text = readFileSync(join(stand.folder, 'thaw.prom'), 'utf8');
    expect(text).toContain('# TYPE thaw_backup_age_seconds gauge');
    expect(text).toContain('thaw_backup_rpo_seconds{runbook="company"} 3600');
    expect(text).toContain('thaw_backup_findings{runbook="company",severity="critical"} 0');
    for (const line of text.trim().split('\n'))
      expect(line).toMatch(/^(# (HELP|TYPE) thaw_\w+ .+|thaw_\w+\{.*\} -?[\d.]+)$/);
    expect(told('/slack')).toEqual([]);
    expect(smtp.mails).toEqual([]);
    expect(told('/pager').join()).toContain('"event_action":"resolve"');
  });

  it('names a backup older than the RPO, wakes the pager, and tells chat and mail', async () => {
    const manifest = stand.newest();
    const file = join(stand.backups, artifactKey(manifest.dump.key, 'manifest'));
    const before = readFileSync(file);
    undo = () => writeFileSync(file, before);
    const takenAt = new Date(Date.now() - 3 * 3_600_000 - 60_000).toISOString();
    writeFileSync(file, writeManifest({ ...manifest, takenAt }));
    const said = await monitor();
    expect(said.text).toMatch(/critical: the newest complete backup, \S+, is 3 h 01 old; the RPO is 1 h/);
    expect(said.status).toBe(1);
    expect(told('/slack').join()).toContain('is 3 h 01 old');
    expect(told('/pager').join()).toContain('"event_action":"trigger"');
    expect(smtp.mails[0]?.data).toContain('is 3 h 01 old');
    expect(metrics().metrics.last_backup_age_hours).toBeCloseTo(3.02, 1);
  });

  it('names an object that the mirror lacks and one that differs, but no upload since the backup', async () => {
    const lost = join(stand.backups, 'objects/receipts/2.pdf');
    const changed = join(stand.backups, 'objects/receipts/3.pdf');
    const before = [lost, changed].map((path) => [path, readFileSync(path)] as const);
    undo = () => {
      for (const [path, bytes] of before) writeFileSync(path, bytes);
    };
    rmSync(lost);
    writeFileSync(changed, 'something else');
    await putObject(stand.objects, 'receipts/new.pdf', 'uploaded since');
    const said = await monitor();
    expect(said.text).toContain('1 live objects are not in the mirror and 1 differ there');
    expect(said.text).toContain('receipts/2.pdf, receipts/3.pdf');
    expect(said.text).not.toContain('receipts/new.pdf');
    expect(said.status).toBe(1);
  });

  it('names backups that began and never ended, and a disk that fills', async () => {
    const marks = [1, 2].map((hour) =>
      join(stand.backups, `pg/company-1/${hourAgo(hour)}.dump.started.json`),
    );
    undo = () => marks.map((mark) => rmSync(mark)).concat([]);
    for (const mark of marks) writeFileSync(mark, '{}');
    await writeMonitor({ disk: { warn: 0, critical: 0.001 } });
    const said = await monitor();
    await writeMonitor();
    expect(said.text).toContain('only 1 of 3 backups of the last seven days were completed (33.3 %)');
    expect(said.text).toMatch(/critical: the file system of \S+ is \d+ % full/);
    expect(said.status).toBe(1);
    expect(metrics().metrics.success_rate_percent).toBeCloseTo(33.33, 1);
  });

  it('names a dump far smaller than the ones before it', async () => {
    const dump = readFileSync(join(stand.backups, stand.newest().dump.key));
    const earlier = [3, 4, 5].map((hour) =>
      join(stand.backups, `pg/company-1/${hourAgo(hour)}.dump.zst.gpg`),
    );
    undo = () => earlier.map((path) => rmSync(path)).concat([]);
    for (const path of earlier) writeFileSync(path, Buffer.concat([dump, dump, dump]));
    const said = await monitor();
    expect(said.text).toMatch(
      /critical: the newest backup has [\d.]+ kB; the 3 before it have [\d.]+ kB in the middle/,
    );
    expect(said.status).toBe(1);
  });

  it('names a WAL archive that stands still', async () => {
    await stand.production.sql('postgres', 'SELECT pg_sleep(0.2)');
    await writeMonitor({ walGap: '100ms' });
    const said = await monitor();
    await writeMonitor();
    expect(said.text).toContain('the last WAL file was archived');
    expect(said.status).toBe(1);
  });

  it('names a segment that is missing from the WAL archive since the newest base backup', async () => {
    const segments = ['01', '04', '05', '07'].map((end) => `wal/0000000100000000000000${end}`);
    for (const key of segments) await putObject(stand.backups, key, 'x');
    await putObject(stand.backups, 'wal/000000010000000000000004.00000028.backup', 'START WAL LOCATION');
    undo = () => rmSync(join(stand.backups, 'wal'), { recursive: true });
    await writeMonitor({ wal: { prefix: 'wal/', newest: '1h' } });
    const said = await monitor();
    await writeMonitor();
    expect(said.text).toContain(
      'segment 000000010000000000000006 is missing from the WAL archive, after 000000010000000000000005',
    );
    expect(said.text).not.toContain('lacks a fresh segment');
    expect(said.status).toBe(1);
  });

  it('is not healthy when it cannot look, or when an alert does not arrive', async () => {
    const { backups } = stand;
    await stand.writeRunbook({
      backups: {
        store: { kind: 'directory', path: `${backups}-gone` },
        dumps: { layout: 'pg/{host}/{timestamp}.dump.gz' },
      },
      monitor: { alerts: [{ kind: 'slack', webhook: `${hook.url}/slack` }] },
      steps: [{ kind: 'choose-snapshot' }],
    });
    hook.answer(500);
    const said = await monitor();
    hook.answer(202);
    await writeMonitor();
    expect(said.text).toContain('critical:');
    expect(said.text).toContain(`${backups}-gone`);
    expect(said.text).toContain('The alert does not reach the Slack webhook at 127.0.0.1');
    expect(said.status).toBe(1);
  });

  it('tells that an empty store has no backup at all', async () => {
    const empty = join(stand.folder, 'empty');
    await putObject(empty, 'note.txt', 'x');
    utimesSync(join(empty, 'note.txt'), new Date(), new Date());
    await stand.writeRunbook({
      backups: {
        store: { kind: 'directory', path: empty },
        dumps: { layout: 'pg/{host}/{timestamp}.dump.gz' },
      },
      steps: [{ kind: 'choose-snapshot' }],
    });
    const said = await monitor();
    await writeMonitor();
    expect(said.text).toContain('critical: there is no complete backup at all');
    expect(said.status).toBe(1);
  });
});

function hourAgo(hours: number): string {
  const iso = new Date(Date.now() - hours * 3_600_000).toISOString();
  return `${iso.slice(0, 19).replaceAll(/[-:]/g, '')}Z`;
}
