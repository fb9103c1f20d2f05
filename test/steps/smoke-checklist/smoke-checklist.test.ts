import { describe, expect, it } from 'vitest';
import { smokeChecklistKind } from '../../../src/steps/smoke-checklist/kind.ts';
import { smokeChecklist } from '../../../src/steps/smoke-checklist/smoke-checklist.ts';
import { createFakeContext, words } from '../../fakes/fake-context.ts';

const stepWith = (...items: readonly object[]) =>
  smokeChecklistKind.schema.parse({ kind: 'smoke-checklist', items }) as never;
const attest = { kind: 'attest', id: 'mail', title: 'Mail', instructions: 'Send one.' };

describe('what a person looks at', () => {
  it.each([
    ['passed', 'passed: Mail: attested by a person (it came)'],
    ['failed', 'failed: Mail: a person saw that it does not work (it came)'],
    ['skipped', 'could-not-verify: Mail: left out (it came)'],
  ])('is kept with the note: %s', async (value, line) => {
    const context = createFakeContext({
      answer: () => ({ ok: true, value: { value, note: 'it came', by: 'operator' } }),
    });
    await smokeChecklist.run(stepWith(attest), context);
    expect(words(await smokeChecklist.verify(stepWith(attest), context))).toEqual([line]);
  });

  it('is asked once, and again only where it failed', async () => {
    const facts = { 'attested:mail': { value: 'passed', note: '', by: 'operator' } };
    const good = createFakeContext({ facts });
    expect((await smokeChecklist.run(stepWith(attest), good)).ok).toBe(true);
    const bad = createFakeContext({
      facts: { 'attested:mail': { value: 'failed', note: '', by: 'operator' } },
      answer: () => 'passed',
    });
    await smokeChecklist.run(stepWith(attest), bad);
    expect(bad.asked).toHaveLength(1);
  });

  it('is the rehearsal where the rehearsal looked', async () => {
    const context = createFakeContext({
      facts: { 'attested:mail': { value: 'passed', note: '', by: 'rehearsal' } },
    });
    expect(words(await smokeChecklist.verify(stepWith(attest), context))).toEqual([
      'passed: Mail: attested by the rehearsal itself',
    ]);
  });

  it('is left out in a drill, where there is nothing to look at', async () => {
    const context = createFakeContext({ mode: 'drill' });
    expect((await smokeChecklist.run(stepWith(attest), context)).ok).toBe(true);
    expect(words(await smokeChecklist.verify(stepWith(attest), context))[0]).toMatch(/^skipped/);
  });
});
