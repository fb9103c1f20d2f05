import { execFileSync } from 'node:child_process';
import { describe, expect, it } from 'vitest';
import { planSchedule, toCrontab, toSystemdUnits } from '../../src/backups/schedule.ts';

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
const program = ['/usr/bin/node', '--', '/opt/thaw/bin/thaw.js'];

describe('a schedule', () => {
  it.each([
    [15, '*/10 * * * *'],
    [60, '7 * * * *'],
    [240, '7 */4 * * *'],
    [24 * 60, '7 2 * * *'],
  ])('for an RPO of %i minutes takes backups at %s', (minutes, cron) => {
    expect(plan(minutes * minuteMs)[0]).toMatchObject({ name: 'backup', cron });
  });

  it('leaves out what the runbook does not declare', () => {
    const jobs = plan(60 * minuteMs, { hasDrill: false, hasRetention: false });
    expect(jobs.map(({ name }) => name)).toEqual(['backup', 'monitor', 'verify']);
    expect(jobs[2]?.args).not.toContain('--restore');
  });

  it('for cron goes to the folder first, and hides percent signs and spaces from it', () => {
    const text = toCrontab(plan(60 * minuteMs), {
      folder: '/srv/my crm',
      program,
      logFile: '/var/log/thaw.log',
    });
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
    const text = toCrontab(plan(60 * minuteMs, { options: ['--env-file', word] }), {
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
    const text = toSystemdUnits(plan(60 * minuteMs), { name: 'crm', folder: '/srv/crm', program });
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
