import { generateKeyPairSync } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { openMailTools } from '../../../src/adapters/mail/open-mail-tools.ts';
import type { Outcome } from '../../../src/base/failure.ts';
import type { Check } from '../../../src/base/verdict.ts';
import { judgeRecord } from '../../../src/steps/mail/judge-mail-records.ts';
import type { MailRecord } from '../../../src/steps/mail/kinds.ts';
import { type DnsServer, startDnsServer } from '../../parts/dns-server.ts';

/** Real answers over UDP, from a name server of the test. */
describe('Mail records of a domain, asked of a real name server', () => {
  let dns: DnsServer;
  const mail = openMailTools();
  const domain = 'portnimara.com';

  beforeAll(async () => {
    dns = await startDnsServer();
  });
  beforeEach(() => dns.records.clear());
  afterAll(() => dns.close());

  const publish = (key: string, ...texts: readonly string[]) => dns.records.set(key, texts);
  async function judge(record: MailRecord): Promise<string> {
    const judged: Outcome<readonly Check[]> = await judgeRecord(record, (name, type) =>
      mail.lookUp({ name, type, server: dns.address }),
    );
    if (!judged.ok) return `failure ${judged.failure.code}`;
    return judged.value.map(({ verdict, text }) => `${verdict}: ${text}`).join('\n');
  }
  const spf: MailRecord = { kind: 'spf', domain, includes: ['include:_spf.provider.example'] };
  const dkim: MailRecord = { kind: 'dkim', domain, selector: 's1' };
  const dmarc: MailRecord = { kind: 'dmarc', domain, policy: 'quarantine' };
  const mx: MailRecord = { kind: 'mx', domain, hosts: [] };
  const keyOf = (bits: number) =>
    generateKeyPairSync('rsa', { modulusLength: bits })
      .publicKey.export({ type: 'spki', format: 'der' })
      .toString('base64');

  it('pass when they are as they should be, long keys in several pieces included', async () => {
    publish(`TXT ${domain}`, 'google-site-verification=abc', 'v=spf1 include:_spf.provider.example -all');
    publish('TXT _spf.provider.example', 'v=spf1 ip4:192.0.2.0/24 -all');
    publish(`TXT s1._domainkey.${domain}`, `v=DKIM1; k=rsa; p=${keyOf(2048)}`);
    publish(`TXT _dmarc.${domain}`, 'v=DMARC1; p=reject; rua=mailto:dmarc@portnimara.com');
    publish(`MX ${domain}`, '10 mx1.provider.example', '20 mx2.provider.example');
    publish('A mx1.provider.example', '192.0.2.1');
    publish('A mx2.provider.example', '192.0.2.2');
    expect(await judge(spf)).toBe(
      `passed: SPF of ${domain}: v=spf1 include:_spf.provider.example -all\npassed: SPF of ${domain} needs 1 of 10 lookups`,
    );
    expect(await judge(dkim)).toBe(`passed: DKIM key s1 of ${domain}: RSA of 2048 bits`);
    expect(await judge(dmarc)).toMatch(/^passed: /);
    expect(await judge(mx)).toBe(`passed: MX of ${domain}: 10 mx1.provider.example, 20 mx2.provider.example`);
  });

  it('fail when they are missing, and say what to publish', async () => {
    for (const record of [spf, dkim, dmarc, mx]) expect(await judge(record)).toMatch(/^failed: /);
  });

  it('fail for SPF that is there twice, lacks the provider, or lets everybody in', async () => {
    publish(`TXT ${domain}`, 'v=spf1 -all', 'v=spf1 mx -all');
    expect(await judge(spf)).toMatch(/there are 2, which counts as none/);
    publish(`TXT ${domain}`, 'v=spf1 mx ?all');
    const text = await judge(spf);
    expect(text).toMatch(/failed: .* lacks include:_spf\.provider\.example/);
    expect(text).toMatch(/failed: .* lets every server send/);
  });

  it('count the lookups of SPF through every include, and end where includes go round in a circle', async () => {
    publish(`TXT ${domain}`, 'v=spf1 include:_spf.provider.example a mx -all');
    publish(
      'TXT _spf.provider.example',
      `v=spf1 ${Array.from({ length: 9 }, (_, n) => `include:s${n}.example`).join(' ')} -all`,
    );
    expect(await judge(spf)).toMatch(/failed: .* needs 12 lookups; receivers stop at 10/);
    publish('TXT _spf.provider.example', 'v=spf1 include:_spf.provider.example -all');
    expect(await judge(spf)).toMatch(/failed: .* needs \d+ lookups/);
  });

  it('tell a DKIM key that is withdrawn, too short, or broken', async () => {
    publish(`TXT s1._domainkey.${domain}`, 'v=DKIM1; p=');
    expect(await judge(dkim)).toMatch(/failed: .* is withdrawn/);
    publish(`TXT s1._domainkey.${domain}`, `v=DKIM1; p=${keyOf(1024)}`);
    expect(await judge(dkim)).toMatch(/could-not-verify: .* only 1024 bits/);
    publish(`TXT s1._domainkey.${domain}`, 'v=DKIM1; p=notakey');
    expect(await judge(dkim)).toMatch(/failed: .* cannot be read as a key/);
  });

  it('tell DMARC that only watches, and MX that leads nowhere', async () => {
    publish(`TXT _dmarc.${domain}`, 'v=DMARC1; p=none');
    expect(await judge(dmarc)).toMatch(/could-not-verify: .* is p=none, and p=quarantine is wanted/);
    publish(`MX ${domain}`, '10 gone.example');
    publish('TXT gone.example', 'a name without an address');
    expect(await judge(mx)).toMatch(/failed: .* leads nowhere: gone\.example \(no address\)/);
  });

  it('are not judged where the name server does not answer', async () => {
    const broken = await startDnsServer();
    broken.fail();
    expect(await mail.lookUp({ name: domain, type: 'TXT', server: broken.address })).toMatchObject({
      ok: false,
      failure: { code: 'unreachable' },
    });
    await broken.close();
  });
});
