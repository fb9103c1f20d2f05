import { Resolver } from 'node:dns/promises';
import { fail, type Outcome, succeed } from '../../base/failure.ts';
import { errorCode, errorWords } from '../../base/thrown.ts';
import { networkTrouble } from '../../platform/network-verdicts.ts';
import type { MailTools, ProbeMail, RecordType, TakenMail } from '../../ports/mail.ts';

const dnsLimitMs = 3000;
const smtpLimitMs = 20_000;

/** DNS through the resolver of Node, SMTP through nodemailer. */
export function openMailTools(): MailTools {
  return { lookUp, send };
}

async function lookUp(request: {
  readonly name: string;
  readonly type: RecordType;
  readonly server?: string;
}): Promise<Outcome<readonly string[]>> {
  const { name, type, server } = request;
  const resolver = new Resolver({ timeout: dnsLimitMs, tries: 2 });
  try {
    if (server !== undefined) resolver.setServers([server]);
    return succeed(await resolve(resolver, { name, type }));
  } catch (error) {
    const code = errorCode(error);
    // No such name, and a name without such a record, are answers.
    if (code === 'ENODATA' || code === 'ENOTFOUND') return succeed([]);
    return fail({
      code: 'unreachable',
      message: `Cannot look up ${type} of ${name}: ${server === undefined ? 'the name servers of this host' : server} answer ${code ?? 'nothing'}.`,
      remedy: 'Check the network and the name server; another one can be named in the runbook.',
      retry: 'safe',
      detail: errorWords(error),
    });
  }
}

async function resolve(
  resolver: Resolver,
  { name, type }: { readonly name: string; readonly type: RecordType },
): Promise<readonly string[]> {
  switch (type) {
    case 'TXT':
      return (await resolver.resolveTxt(name)).map((pieces) => pieces.join(''));
    case 'MX':
      return (await resolver.resolveMx(name))
        .sort((a, b) => a.priority - b.priority)
        .map(({ priority, exchange }) => `${priority} ${exchange}`);
    case 'A':
      return resolver.resolve4(name);
    case 'AAAA':
      return resolver.resolve6(name);
    case 'CNAME':
      return resolver.resolveCname(name);
  }
}

async function send(mail: ProbeMail): Promise<Outcome<TakenMail>> {
  if (mail.security === 'none' && !isHere(mail.host)) return fail(inTheClear(mail.host));
  const { createTransport } = await import('nodemailer');
  const transport = createTransport({
    host: mail.host,
    port: mail.port,
    secure: mail.security === 'tls',
    requireTLS: mail.security === 'starttls',
    ignoreTLS: mail.security === 'none',
    connectionTimeout: smtpLimitMs,
    greetingTimeout: smtpLimitMs,
    socketTimeout: smtpLimitMs,
    ...(mail.user === undefined ? {} : { auth: { user: mail.user, pass: mail.password?.reveal() ?? '' } }),
  });
  try {
    const { from, to, subject, text } = mail;
    const headers = { 'Auto-Submitted': 'auto-generated' };
    const info = await transport.sendMail({ from, to, subject, text, headers });
    return succeed({ answer: info.response, messageId: info.messageId });
  } catch (error) {
    return fail(refused(mail, error));
  } finally {
    transport.close();
  }
}

function refused({ host, port }: ProbeMail, error: unknown) {
  const code = errorCode(error) ?? 'no code';
  const answer = error instanceof Error && 'response' in error ? String(error.response) : '';
  const server = `The mail server ${host}:${port}`;
  const detail = errorWords(error);
  if (code === 'EAUTH') {
    return {
      code: 'denied',
      message: `${server} refuses the login${answer === '' ? '' : `: ${answer}`}.`,
      remedy: 'Check user and password; providers revoke keys that leaked, and some want one key per sender.',
      retry: 'after-fix',
      detail,
    } as const;
  }
  if (networkTrouble(code) !== undefined) {
    return {
      code: 'unreachable',
      message: `${server} cannot be reached safely: ${code}.`,
      remedy: 'Check host, port and TLS; many networks block port 25 outwards, and 587 wants STARTTLS.',
      retry: 'safe',
      detail,
    } as const;
  }
  return {
    code: 'command-failed',
    message: `${server} does not take the mail: ${answer || code}.`,
    remedy:
      'Read its answer: 5xx is for good (sender not allowed, recipient suppressed), 4xx passes (greylisting, rate).',
    retry: 'after-fix',
    detail,
  } as const;
}

function isHere(host: string): boolean {
  return host === 'localhost' || host === '::1' || host.startsWith('127.');
}

function inTheClear(host: string) {
  return {
    code: 'invalid-input',
    message: `A mail to ${host} without TLS would travel in the clear, its login too.`,
    remedy: 'Use starttls on port 587, or tls on port 465.',
    retry: 'after-fix',
  } as const;
}
