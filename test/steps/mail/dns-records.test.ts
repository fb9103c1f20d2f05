import { describe, expect, it } from 'vitest';
import { dnsRecords } from '../../../src/steps/mail/dns-records.ts';
import { dnsRecordsKind } from '../../../src/steps/mail/kinds.ts';
import { createFakeContext, words } from '../../fakes/fake-context.ts';
import { createFakeMailTools } from '../../fakes/fake-mail-tools.ts';
import { createFakeWorld } from '../../fakes/fake-world.ts';

const step = dnsRecordsKind.schema.parse({
  kind: 'dns-records',
  records: [
    { kind: 'txt', name: 'port.example', contains: 'verification=' },
    { kind: 'dmarc', domain: 'port.example' },
  ],
}) as never;

describe('records of a mail domain', () => {
  it('are looked up in any mode, every answer shown, every record judged', async () => {
    const mail = createFakeMailTools();
    mail.records.set('TXT port.example', ['verification=abc']);
    const context = createFakeContext({ mode: 'drill', world: { ...createFakeWorld(), mail } });
    expect((await dnsRecords.run(step, context)).ok).toBe(true);
    expect(words(await dnsRecords.verify(step, context))).toEqual([
      'passed: TXT of port.example: verification=abc',
      'failed: DMARC of port.example: there is none',
    ]);
    expect(context.said).toContain('TXT _dmarc.port.example: none');
  });

  it('are named beforehand as somebody would ask for them by hand', async () => {
    const preview = await dnsRecords.preview(step, createFakeContext({}));
    expect(preview.commands).toEqual(['dig TXT port.example', 'dig TXT _dmarc.port.example']);
  });
});
