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

describe('queries of a checklist', () => {
  const query = { kind: 'query', id: 'n', title: 'Clients', query: 'SELECT n', expect: {} };
  const http = { kind: 'http', id: 'web', title: 'Web', url: 'http://crm/health' };
  const asked = async (mode: 'live' | 'drill', ...items: readonly object[]) => {
    const context = createFakeContext({
      mode,
      facts: { 'attested:mail': { value: 'passed', note: '', by: 'operator' } },
    });
    context.world.production.answers.set('SELECT', [{ n: '7' }]);
    context.world.sandbox.answers.set('SELECT', [{ n: '7' }]);
    context.world.host.pages.set('http://crm/health', { status: 200, text: 'ok' });
    return words(await smokeChecklist.verify(stepWith(...items), context)).filter((line) =>
      line.startsWith('not-checked'),
    );
  };
  const said = [
    "not-checked: whether the application's own login sees the same: the queries ran with the rights of the role that restores, or of one that may read everything",
  ];

  it('say that they look with other rights than the application', async () => {
    expect(await asked('live', query)).toEqual(said);
    // Neither a page nor a person is there in a drill.
    expect(await asked('drill', query, http, attest)).toEqual(said);
  });

  it('need not say it where a page or a person used the application, or nothing is asked', async () => {
    expect(await asked('live', query, http)).toEqual([]);
    expect(await asked('live', query, attest)).toEqual([]);
    expect(await asked('live', attest)).toEqual([]);
  });
});
