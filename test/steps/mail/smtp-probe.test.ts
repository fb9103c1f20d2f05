import { describe, expect, it } from 'vitest';
import { smtpProbeKind } from '../../../src/steps/mail/kinds.ts';
import { smtpProbe } from '../../../src/steps/mail/smtp-probe.ts';
import { createFakeContext, words } from '../../fakes/fake-context.ts';
import { createFakeMailTools } from '../../fakes/fake-mail-tools.ts';
import { createFakeWorld } from '../../fakes/fake-world.ts';

const step = smtpProbeKind.schema.parse({
  kind: 'smtp-probe',
  host: 'smtp.example',
  security: 'starttls',
  from: 'crm@port.example',
  to: 'probe@elsewhere.example',
});

function stage(answer: string, mode: 'live' | 'drill' = 'live') {
  const mail = createFakeMailTools();
  return {
    mail,
    context: createFakeContext({ mode, world: { ...createFakeWorld(), mail }, answer: () => answer }),
  };
}

describe('a probe mail', () => {
  it.each([
    ['inbox', 'passed: it arrived in the inbox of probe@elsewhere.example'],
    ['spam', 'failed: it arrived at probe@elsewhere.example as spam'],
    ['nowhere', 'failed: it did not arrive at probe@elsewhere.example'],
    ['unknown', 'could-not-verify: nobody looked into the mailbox of probe@elsewhere.example'],
  ])('that a person found in %s ends accordingly', async (seen, line) => {
    const { context } = stage(seen);
    expect((await smtpProbe.run(step as never, context)).ok).toBe(true);
    expect(words(await smtpProbe.verify(step as never, context))).toEqual([
      'passed: smtp.example:587 took the mail: 250 queued as 4711',
      line,
    ]);
  });

  it('can be found by its subject, and goes the safe way', async () => {
    const { mail, context } = stage('inbox');
    await smtpProbe.run(step as never, context);
    expect(mail.sent[0]).toMatchObject({
      security: 'starttls',
      subject: expect.stringContaining(context.runId),
    });
    expect(context.asked[0]?.title).toContain(context.runId);
  });

  it('is not sent by a drill', async () => {
    const { mail, context } = stage('inbox', 'drill');
    expect(await smtpProbe.run(step as never, context)).toMatchObject({ value: { kind: 'not-executed' } });
    expect(mail.sent).toEqual([]);
    expect(words(await smtpProbe.verify(step as never, context))).toEqual([]);
  });
});
