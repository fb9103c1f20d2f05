import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openAlerts } from '../../../src/adapters/alerts/list.ts';
import { createSecret } from '../../../src/base/secret.ts';
import type { Alert, AlertChannelConfig } from '../../../src/ports/alert-channel.ts';
import { findFreePort } from '../../parts/free-port.ts';
import { type HttpReceiver, startHttpReceiver, startSmtpReceiver } from '../../parts/receivers.ts';

const alert: Alert = {
  severity: 'critical',
  subject: 'Backups of Company: the newest complete backup is 3 h old; the RPO is 1 h',
  lines: ['critical: it is <old> & ugly. Run `thaw backup`.'],
  dedupKey: 'thaw-backups-company',
  source: 'host-1',
  atMs: Date.UTC(2026, 3, 28, 14, 7, 31),
};

function openAlertChannel(config: AlertChannelConfig) {
  const [channel] = openAlerts([config]);
  if (channel === undefined) throw new Error('The channel is left out');
  return channel;
}

let receiver: HttpReceiver;
beforeEach(async () => {
  receiver = await startHttpReceiver();
});
afterEach(() => receiver.close());

describe('a Slack-compatible webhook', () => {
  const open = () =>
    openAlertChannel({ kind: 'slack', webhook: createSecret(`${receiver.url}/services/T0/secret-part`) });

  it('gets one text with the subject, the host and every finding, and no marks but our own', async () => {
    expect(await open().send(alert)).toEqual({ ok: true, value: undefined });
    expect(receiver.received).toMatchObject([
      {
        path: '/services/T0/secret-part',
        headers: { 'content-type': 'application/json' },
        body: {
          text: [
            ':rotating_light: *Backups of Company: the newest complete backup is 3 h old; the RPO is 1 h* (host-1)',
            '• critical: it is &lt;old&gt; &amp; ugly. Run `thaw backup`.',
          ].join('\n'),
        },
      },
    ]);
  });

  it('hears of trouble only, not of health', () => {
    expect((['critical', 'warning', 'healthy'] as const).map((severity) => open().wants(severity))).toEqual([
      true,
      true,
      false,
    ]);
  });

  it('is named by its host alone when it refuses or is not there', async () => {
    receiver.answer(404);
    const refused = await open().send(alert);
    const nobody = openAlertChannel({
      kind: 'slack',
      webhook: createSecret(`http://127.0.0.1:${await findFreePort()}/services/T0/secret-part`),
    });
    const unreachable = await nobody.send(alert);
    expect(refused).toMatchObject({ ok: false, failure: { code: 'denied' } });
    expect(unreachable).toMatchObject({ ok: false, failure: { code: 'unreachable' } });
    expect(JSON.stringify([refused, unreachable, open().name])).not.toContain('secret-part');
  });
});

describe('PagerDuty Events v2', () => {
  const open = () =>
    openAlertChannel({
      kind: 'pagerduty',
      routingKey: createSecret('R0UT1NGKEY'),
      url: `${receiver.url}/v2/enqueue`,
    });

  it('gets a trigger with everything the API demands', async () => {
    expect(await open().send(alert)).toMatchObject({ ok: true });
    expect(receiver.received[0]?.path).toBe('/v2/enqueue');
    expect(receiver.received[0]?.body).toEqual({
      routing_key: 'R0UT1NGKEY',
      event_action: 'trigger',
      dedup_key: 'thaw-backups-company',
      payload: {
        summary: alert.subject,
        source: 'host-1',
        severity: 'critical',
        timestamp: '2026-04-28T14:07:31.000Z',
        component: 'backup',
        custom_details: { findings: alert.lines },
      },
    });
  });

  it('is woken by what is critical alone, and the incident is resolved when all is well again', async () => {
    expect((['critical', 'warning', 'healthy'] as const).map((severity) => open().wants(severity))).toEqual([
      true,
      false,
      true,
    ]);
    await open().send({ ...alert, severity: 'healthy', lines: [] });
    expect(receiver.received[0]?.body).toEqual({
      routing_key: 'R0UT1NGKEY',
      event_action: 'resolve',
      dedup_key: 'thaw-backups-company',
    });
  });

  it('keeps the routing key out of failures', async () => {
    receiver.answer(400);
    const refused = await open().send(alert);
    expect(refused).toMatchObject({ ok: false, failure: { code: 'command-failed' } });
    expect(JSON.stringify(refused)).not.toContain('R0UT1NGKEY');
  });
});

describe('mail', () => {
  it('reaches everybody with subject and findings', async () => {
    const smtp = await startSmtpReceiver();
    const channel = openAlertChannel({
      kind: 'email',
      server: smtp.url,
      user: undefined,
      password: undefined,
      from: 'thaw@company.invalid',
      to: ['ops@company.invalid', 'dba@company.invalid'],
    });
    expect(await channel.send(alert)).toEqual({ ok: true, value: undefined });
    await smtp.close();
    expect(smtp.mails).toHaveLength(1);
    expect(smtp.mails[0]).toMatchObject({
      from: 'thaw@company.invalid',
      to: ['ops@company.invalid', 'dba@company.invalid'],
    });
    expect(smtp.mails[0]?.data.replaceAll(/\n[ \t]/g, ' ')).toContain(
      'Subject: [critical] Backups of Company: the newest',
    );
    expect(smtp.mails[0]?.data).toContain('- critical: it is <old> & ugly. Run `thaw backup`.');
  });

  it('says when the server does not take the password, without the password', async () => {
    const smtp = await startSmtpReceiver({ user: 'thaw', password: 'right' });
    const open = (password: string) =>
      openAlertChannel({
        kind: 'email',
        server: smtp.url,
        user: 'thaw',
        password: createSecret(password),
        from: 'thaw@company.invalid',
        to: ['ops@company.invalid'],
      });
    const refused = await open('wrong-word').send(alert);
    expect(refused).toMatchObject({ ok: false, failure: { code: 'denied' } });
    expect(JSON.stringify(refused)).not.toContain('wrong-word');
    expect(await open('right').send(alert)).toMatchObject({ ok: true });
    await smtp.close();
    expect(smtp.logins).toEqual(['thaw', 'thaw']);
  });

  it('says when nobody listens', async () => {
    const channel = openAlertChannel({
      kind: 'email',
      server: `smtp://127.0.0.1:${await findFreePort()}`,
      user: undefined,
      password: undefined,
      from: 'thaw@company.invalid',
      to: ['ops@company.invalid'],
    });
    expect(await channel.send(alert)).toMatchObject({ ok: false, failure: { code: 'unreachable' } });
  });
});
