import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import {
  defineFact,
  defineFacts,
  readFact,
  readFacts,
  readLoosely,
  upgradeFact,
} from '../../src/kinds/fact.ts';
import { swappedFact } from '../../src/kinds/facts.ts';
import type { StepContext } from '../../src/kinds/kind.ts';

const boxFact = defineFact('box', 3, z.object({ path: z.string(), sizeBytes: z.number() }), {
  2: (value) => ({ sizeBytes: 0, ...z.object({ path: z.string() }).parse(value) }),
});
const seenFact = defineFacts('seen:', 1, z.object({ by: z.string() }));
const known = [boxFact, seenFact];

describe('A fact', () => {
  it('does not compile when a field is misspelt, is missing or has another type', () => {
    const swap = { target: 'crm', incoming: 'crm_restore', kept: 'crm_before' };
    // Never called: the compiler is the test. Each of these lines fails `npm run types` once it is no error any more.
    const attempts = async ({ record }: Pick<StepContext, 'record'>) => {
      await record(swappedFact, { ...swap, hadTarget: true });
      await record(swappedFact, null);
      // @ts-expect-error a field that no reader knows
      await record(swappedFact, { ...swap, hadTarget: true, keptAs: 'crm_before' });
      // @ts-expect-error a misspelt field
      await record(swappedFact, { ...swap, hadtarget: true });
      // @ts-expect-error a field is missing
      await record(swappedFact, swap);
      // @ts-expect-error another type
      await record(swappedFact, { ...swap, hadTarget: 'yes' });
      // @ts-expect-error a name says nothing about the shape
      await record('swapped', { ...swap, hadTarget: true });
    };
    expect(attempts).toBeTypeOf('function');
  });

  it('is read back with its shape, or not at all where null says that it holds no more', () => {
    const facts = new Map<string, unknown>([['box', { path: '/a', sizeBytes: 1 }]]);
    expect(readFact(boxFact, facts)).toEqual({ path: '/a', sizeBytes: 1 });
    expect(readFact(boxFact, { fact: () => null })).toBeUndefined();
    expect(() => readFact(boxFact, { fact: () => ({ path: 7 }) })).toThrow();
    expect(readLoosely(boxFact, new Map([['box', { path: 7 }]]))).toBeUndefined();
  });

  it('of a family is found with the id it belongs to', () => {
    const facts = new Map<string, unknown>([
      ['seen:a', { by: 'one' }],
      ['seen:b', null],
      ['other', 1],
    ]);
    expect(readFacts(seenFact, facts)).toEqual([{ id: 'a', value: { by: 'one' } }]);
  });
});

describe('A fact of an older version', () => {
  it('is brought to the shape of today, version by version', () => {
    expect(upgradeFact(known, { name: 'box', version: 2, value: { path: '/a' } })).toEqual({
      ok: true,
      value: { path: '/a', sizeBytes: 0 },
    });
    expect(upgradeFact(known, { name: 'box', version: 3, value: 'as it is' })).toEqual({
      ok: true,
      value: 'as it is',
    });
  });

  it.each([1, 4])('is refused by name where nothing leads there from version %i', (version) => {
    expect(upgradeFact(known, { name: 'box', version, value: {} })).toMatchObject({
      ok: false,
      failure: {
        message: `The journal holds the fact box in version ${version}; this thaw reads version 3.`,
      },
    });
  });

  it('of a family is refused by its whole name', () => {
    expect(upgradeFact(known, { name: 'seen:a', version: 2, value: {} })).toMatchObject({
      failure: { message: expect.stringContaining('seen:a in version 2') },
    });
  });

  it('of a kind that is gone stays as it is', () => {
    expect(upgradeFact(known, { name: 'gone', version: 9, value: 1 })).toEqual({ ok: true, value: 1 });
  });
});
