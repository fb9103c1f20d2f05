import { fail, succeed } from '../../base/failure.ts';
import type { AlertChannel, AlertChannelConfig } from '../../ports/alert-channel.ts';
import { undelivered } from './post-json.ts';

type EmailConfig = Extract<AlertChannelConfig, { kind: 'email' }>;

const limitMs = 20_000;

export function openEmailChannel(config: EmailConfig): AlertChannel {
  const url = URL.canParse(config.server) ? new URL(config.server) : undefined;
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
        requireTLS: config.user !== undefined && !secure && !isHere(url.hostname),
        ...(config.user === undefined
          ? {}
          : { auth: { user: config.user, pass: config.password?.reveal() ?? '' } }),
      });
      try {
        await transport.sendMail({
          from: config.from,
          to: [...config.to],
          subject: `[${alert.severity}] ${alert.subject}`,
          text: [
            `${alert.source}, ${new Date(alert.atMs).toISOString()}`,
            '',
            ...alert.lines.map((line) => `- ${line}`),
            '',
          ].join('\n'),
          headers: {
            'X-Priority': alert.severity === 'critical' ? '1' : '3',
            'Auto-Submitted': 'auto-generated',
          },
        });
        return succeed(undefined);
      } catch (error) {
        return fail(mailFailure(name, error));
      } finally {
        transport.close();
      }
    },
  };
}

function isHere(host: string): boolean {
  return host === 'localhost' || host === '[::1]' || host.startsWith('127.');
}

/** nodemailer's own codes: https://nodemailer.com/errors. */
function mailFailure(name: string, error: unknown) {
  const code = error instanceof Error && 'code' in error ? String(error.code) : 'it fails';
  const answer =
    error instanceof Error && 'responseCode' in error ? ` (answer ${String(error.responseCode)})` : '';
  const failure = undelivered(name, `${code}${answer}`);
  if (code === 'EAUTH') return { ...failure, code: 'denied' as const };
  if (['ECONNECTION', 'ETIMEDOUT', 'EDNS', 'ESOCKET', 'ETLS', 'ECONNREFUSED'].includes(code))
    return { ...failure, code: 'unreachable' as const, retry: 'safe' as const };
  return failure;
}
