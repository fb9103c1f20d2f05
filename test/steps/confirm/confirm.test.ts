import { describe, expect, it } from 'vitest';
import { confirm } from '../../../src/steps/confirm/confirm.ts';
import { toyStep } from '../../engine/toy-handlers.ts';
import { createFakeContext, words } from '../../fakes/fake-context.ts';

const step = toyStep('confirm') as never;

describe('a person who agrees', () => {
  it('reads the whole text, and the record keeps what was agreed to', async () => {
    const context = createFakeContext({ answer: () => 'yes' });
    expect((await confirm.run(step, context)).ok).toBe(true);
    expect(context.asked[0]).toMatchObject({ kind: 'confirm', id: 'confirm', body: ['Is it so?'] });
    expect(words(await confirm.verify(step, context))).toEqual(['passed: agreed: Is it so?']);
  });

  it('may say no, which is a failure and can be asked again', async () => {
    const context = createFakeContext({ answer: () => 'no' });
    expect(await confirm.run(step, context)).toMatchObject({
      ok: false,
      failure: { code: 'cancelled', retry: 'safe' },
    });
  });
});
