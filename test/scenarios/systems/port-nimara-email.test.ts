import { generateKeyPairSync } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type DnsServer, startDnsServer } from '../../parts/dns-server.ts';
import { type SmtpReceiver, startSmtpReceiver } from '../../parts/receivers.ts';
import { checksOf, filesHolding, readRecord } from '../../parts/run-log.ts';
import { runThaw } from '../../parts/thaw.ts';

const password = 'CANARY-of-the-mail-provider';
const domain = 'portnimara.com';

/** The whole diagnosis against a name server and a mail server of the test. */
describe('Port Nimara, a mail that did not arrive', () => {
  let folder: string;
  let dns: DnsServer;
  let smtp: SmtpReceiver;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'thaw-email-'));
    dns = await startDnsServer();
    smtp = await startSmtpReceiver({ user: 'crm', password });
  });
  beforeEach(async () => {
    const { publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
    const key = publicKey.export({ type: 'spki', format: 'der' }).toString('base64');
    dns.records.clear();
    dns.records.set(`TXT ${domain}`, ['v=spf1 include:_spf.provider.example -all']);
    dns.records.set('TXT _spf.provider.example', ['v=spf1 ip4:192.0.2.0/24 -all']);
    dns.records.set(`TXT s1._domainkey.${domain}`, [`v=DKIM1; k=rsa; p=${key}`]);
    dns.records.set(`TXT _dmarc.${domain}`, ['v=DMARC1; p=quarantine']);
    dns.records.set(`MX ${domain}`, ['10 mx.provider.example']);
    dns.records.set('A mx.provider.example', ['192.0.2.1']);
    await writeFile(join(folder, '.env'), 'DATABASE_URL=x\nEMAIL_REDIRECT_TO=\n');
  });
  afterAll(async () => {
    await dns?.close();
    await smtp?.close();
    await rm(folder, { recursive: true, force: true });
  });

  const answers = (given: Readonly<Record<string, string>>) =>
    Object.entries(given).flatMap(([id, value]) => ['--answer', `${id}=${value}`]);
  const noCause = {
    'did-not-arrive.override': 'no',
    'did-not-arrive.not-handed-over': 'no',
    'did-not-arrive.refused': 'no',
    'smtp-probe.seen': 'inbox',
  };

  async function diagnose(
    given: Readonly<Record<string, string>>,
    env: Readonly<Record<string, string>> = {},
  ) {
    const logFolder = await mkdtemp(join(folder, 'log-'));
    const end = await runThaw({
      args: ['restore', 'port-nimara-email', '--plain', '--yes', '--log-dir', logFolder, ...answers(given)],
      env: {
        HOME: folder,
        SMTP_HOST: '127.0.0.1',
        SMTP_PORT: new URL(smtp.url).port,
        SMTP_SECURITY: 'none',
        SMTP_USER: 'crm',
        SMTP_PASS: password,
        MAIL_FROM: `crm@${domain}`,
        DKIM_SELECTOR: 's1',
        SPF_INCLUDE: 'include:_spf.provider.example',
        PROBE_TO: 'probe@elsewhere.example',
        NAME_SERVER: dns.address,
        ...env,
      },
      cwd: folder,
    });
    expect(await filesHolding(logFolder, [password])).toEqual([]);
    expect(end.text).not.toContain(password);
    const record = await readRecord(logFolder).catch((error) => {
      throw new Error(`${error} ${end.text}`);
    });
    return { end, checks: checksOf(record).join('\n') };
  }

  it('begins with EMAIL_REDIRECT_TO, and ends there when it is set, without telling its value', async () => {
    await writeFile(join(folder, '.env'), 'EMAIL_REDIRECT_TO=tester@somewhere.example\n');
    const { end, checks } = await diagnose(noCause);
    expect(end, end.text).toMatchObject({ status: 1 });
    expect(checks).toMatch(
      /did-not-arrive failed: Is EMAIL_REDIRECT_TO set\? Yes: every mail goes to that address/,
    );
    expect(checks).toMatch(
      /did-not-arrive skipped: Did the CRM never hand it over\? Not asked: the cause is found/,
    );
    expect(end.text).toMatch(/Take EMAIL_REDIRECT_TO out of \.env/);
    expect(end.text).not.toContain('tester@somewhere.example');
    expect(dns.asked).toEqual([]);
  });

  it('goes through all four questions, the records, and a probe that arrives', async () => {
    const { end, checks } = await diagnose(noCause);
    expect(checks, end.text).toMatch(
      /did-not-arrive passed: Is EMAIL_REDIRECT_TO set\? No \(read from \.env\)/,
    );
    expect(checks).toMatch(/did-not-arrive could-not-verify: none of the questions found a cause/);
    expect(checks.match(/dns-records passed: /g)).toHaveLength(5);
    expect(checks).toMatch(/smtp-probe passed: 127\.0\.0\.1:\d+ took the mail: 250 taken/);
    expect(checks).toMatch(/smtp-probe passed: it arrived in the inbox of probe@elsewhere\.example/);
    expect(smtp.mails.at(-1)).toMatchObject({ from: `crm@${domain}`, to: ['probe@elsewhere.example'] });
    expect(smtp.mails.at(-1)?.data).toMatch(/Subject: Probe .*port-nimara-email-live/);
  });

  it('finds a provider that was changed in the CRM and not in the records', async () => {
    const { end, checks } = await diagnose(noCause, {
      SPF_INCLUDE: 'include:spf.new-provider.example',
      DKIM_SELECTOR: 'np1',
    });
    expect(end, end.text).toMatchObject({ status: 1 });
    expect(checks).toMatch(
      /dns-records failed: SPF of portnimara\.com lacks include:spf\.new-provider\.example/,
    );
    expect(checks).toMatch(/dns-records failed: DKIM key np1 of portnimara\.com is not published/);
  });

  it('finds a login that no longer works, and sends nothing in the clear where TLS is asked for', async () => {
    const before = smtp.mails.length;
    const denied = await diagnose(noCause, { SMTP_PASS: 'wrong-password' });
    expect(denied.end.text).toMatch(/refuses the login: 535 no/);
    const clear = await diagnose(noCause, { SMTP_SECURITY: 'starttls' });
    expect(clear.end.text).toMatch(/cannot be reached safely: ETLS/);
    expect(smtp.mails).toHaveLength(before);
  });

  it('says what a mail in the spam folder means', async () => {
    const { checks } = await diagnose({ ...noCause, 'smtp-probe.seen': 'spam' });
    expect(checks).toMatch(/smtp-probe failed: it arrived at probe@elsewhere\.example as spam/);
  });
});
