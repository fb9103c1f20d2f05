import { execFileSync } from 'node:child_process';
import { describe, expect, it } from 'vitest';
import { planSchedule, type ScheduledPlace } from '../../src/backups/schedule.ts';
import { cron } from '../../src/backups/schedules/cron.ts';
import { systemd } from '../../src/backups/schedules/systemd.ts';

const minuteMs = 60_000;
const plan = (rpoMs: number, more: Partial<Parameters<typeof planSchedule>[0]> = {}) =>
  planSchedule({
    runbook: 'crm',
    rpoMs,
    hasDrill: true,
    hasRetention: true,
    options: ['--env-file', '/etc/a b%.env'],
    ...more,
  });
const place: ScheduledPlace = {
  name: 'crm',
  folder: '/srv/crm',
  program: ['/usr/bin/node', '--', '/opt/thaw/bin/thaw.js'],
  logFile: '/var/log/thaw.log',
};

describe('a schedule', () => {
  it.each([
    [15, '*/10 * * * *', '*-*-* *:00/10:00'],
    [60, '7 * * * *', '*-*-* *:07:00'],
    [240, '7 */4 * * *', '*-*-* 00/4:07:00'],
    [24 * 60, '7 2 * * *', '*-*-* 02:07:00'],
  ])('for an RPO of %i minutes takes backups at %s, which is %s', (minutes, fields, calendar) => {
    const [backup] = plan(minutes * minuteMs);
    expect(backup?.name).toBe('backup');
    const jobs = backup === undefined ? [] : [backup];
    expect(cron.render(jobs, place).split('\n')[1]).toContain(`${fields} cd `);
    expect(systemd.render(jobs, place)).toContain(`OnCalendar=${calendar}\n`);
  });

  it('has the same times for every scheduler', () => {
    const jobs = plan(60 * minuteMs);
    const lines = cron
      .render(jobs, place)
      .split('\n')
      .filter((line) => / cd /.test(line));
    expect(lines.map((line) => line.slice(0, line.indexOf(' cd ')))).toEqual([
      '7 * * * *',
      '37 * * * *',
      '47 */6 * * *',
      '0 3 * * 0',
      '23 4 * * *',
    ]);
    expect([...systemd.render(jobs, place).matchAll(/^OnCalendar=(.*)$/gm)].map(([, when]) => when)).toEqual([
      '*-*-* *:07:00',
      '*-*-* *:37:00',
      '*-*-* 00/6:47:00',
      'Sun *-*-* 03:00:00',
      '*-*-* 04:23:00',
    ]);
  });

  it('leaves out what the runbook does not declare', () => {
    const jobs = plan(60 * minuteMs, { hasDrill: false, hasRetention: false });
    expect(jobs.map(({ name }) => name)).toEqual(['backup', 'monitor', 'verify']);
    expect(jobs[2]?.args).not.toContain('--restore');
  });

  it('for cron goes to the folder first, and hides percent signs and spaces from it', () => {
    const text = cron.render(plan(60 * minuteMs), { ...place, folder: '/srv/my crm' });
    expect(text).toContain(
      "7 * * * * cd '/srv/my crm' && /usr/bin/node -- /opt/thaw/bin/thaw.js backup crm --env-file '/etc/a b\\%.env' >> /var/log/thaw.log 2>&1\n",
    );
    for (const line of text.trim().split('\n')) expect(line).toMatch(/^(# .+|\S+ \S+ \S+ \S+ \S+ cd .+)$/);
  });

  it.each([
    ['as cron of Debian reads it', /\\([%\\])/g],
    ['as cronie reads it', /\\(%)/g],
  ])('for cron says what it was told, %s', (_, taken) => {
    const word = "a\\%b\\\\c d's 100%";
    const text = cron.render(plan(60 * minuteMs, { options: ['--env-file', word] }), {
      ...place,
      folder: '/srv',
      program: ['printf', '%s\\0'],
      logFile: '/dev/null',
    });
    const line = text.split('\n')[1]?.replace('7 * * * * cd /srv && ', '').replace(' >> /dev/null 2>&1', '');
    // A percent sign that is not behind a backslash would be a line break.
    const read = (line ?? '').replaceAll(taken, '$1');
    expect((line ?? '').replaceAll(taken, '')).not.toContain('%');
    const seen = execFileSync('/bin/sh', ['-c', read]).toString('utf8').split('\0');
    expect(seen).toEqual(['backup', 'crm', '--env-file', word, '']);
  });

  it('for systemd has a service and a timer for every job', () => {
    const text = systemd.render(plan(60 * minuteMs), place);
    expect([...text.matchAll(/^# (\S+)$/gm)].map(([, path]) => path)).toEqual(
      ['backup', 'monitor', 'verify', 'drill', 'prune'].flatMap((job) =>
        ['service', 'timer'].map((kind) => `/etc/systemd/system/thaw-crm-${job}.${kind}`),
      ),
    );
    expect(text).toContain(
      'ExecStart=/usr/bin/node -- /opt/thaw/bin/thaw.js backup crm --env-file "/etc/a b%%.env"',
    );
  });
});
