import { z } from 'zod';
import { fail, succeed } from '../../base/failure.ts';
import { errorCode } from '../../base/thrown.ts';
import { optionalText, placeholder, text } from '../../platform/declare-fields.ts';
import { networkTrouble } from '../../platform/network-verdicts.ts';
import type { Alert } from '../../ports/alert-channel.ts';
import { defineAlertChannel } from './alert-kind.ts';
import { undelivered } from './post-json.ts';

const limitMs = 20_000;

export const email = defineAlertChannel({
  kind: 'email',
  about: 'A mail for each trouble that begins.',
  fields: {
    server: text.describe('smtp://host:port, or smtps://host:port'),
    user: optionalText.describe('Where the server wants to know who sends'),
    password: optionalText.describe(
      'Of that user; it never travels in the clear, except to this host itself',
    ),
    from: text.describe('Address of the sender'),
    to: z.array(text).min(1).describe('Addresses of the receivers'),
  },
  secrets: ['password'],
  example: {
    server: 'smtps://mail.example.org',
    user: 'thaw',
    password: placeholder('SMTP_PASSWORD'),
    from: 'thaw@example.org',
    to: ['ops@example.org'],
  },
  leftOutWithout: 'server',
  open({ server, user, password, from, to }) {
    const url = URL.canParse(server) ? new URL(server) : undefined;
    const name = `mail server ${url?.host ?? 'at an unreadable URL'}`;
    return {
      name,
      wants: (severity) => severity !== 'healthy',
      send: async (alert) => {
        if (url === undefined || !/^smtps?:$/.test(url.protocol))
          return fail({ ...undelivered(name, 'it is no smtp:// or smtps:// URL'), code: 'invalid-input' });
        const { createTransport } = await import('nodemailer');
        const secure = url.protocol === 'smtps:';
        const transport = createTransport({
          host: url.hostname,
          port: Number(url.port || (secure ? 465 : 587)),
          secure,
          connectionTimeout: limitMs,
          greetingTimeout: limitMs,
          socketTimeout: limitMs,
          // A password never travels in the clear, except to this host itself.
          requireTLS: Boolean(user) && !secure && !isHere(url.hostname),
          ...(user ? { auth: { user, pass: password ?? '' } } : {}),
        });
        try {
          await transport.sendMail({ from, to, ...toMail(alert) });
          return succeed(undefined);
        } catch (error) {
          return fail(mailFailure(name, error));
        } finally {
          transport.close();
        }
      },
    };
  },
});

function toMail(alert: Alert) {
  const lines = [
    `${alert.source}, ${new Date(alert.atMs).toISOString()}`,
    '',
    ...alert.lines.map((line) => `- ${line}`),
  ];
  return {
    subject: `[${alert.severity}] ${alert.subject}`,
    text: `${lines.join('\n')}\n`,
    headers: {
      'X-Priority': alert.severity === 'critical' ? '1' : '3',
      'Auto-Submitted': 'auto-generated',
    },
  };
}

function isHere(host: string): boolean {
  return host === 'localhost' || host === '[::1]' || host.startsWith('127.');
}

/** nodemailer's own codes: https://nodemailer.com/errors. */
function mailFailure(name: string, error: unknown) {
  const code = errorCode(error) ?? 'it fails';
  const answer =
    error instanceof Error && 'responseCode' in error ? ` (answer ${String(error.responseCode)})` : '';
  const failure = undelivered(name, `${code}${answer}`);
  if (code === 'EAUTH') return { ...failure, code: 'denied' as const };
  if (networkTrouble(code) !== undefined)
    return { ...failure, code: 'unreachable' as const, retry: 'safe' as const };
  return failure;
}
