import { describe, expect, it } from 'vitest';
import { createBodyError } from '../../../src/base/body-error.ts';
import { cancelledFailure } from '../../../src/base/cancelled-failure.ts';
import { checklistItemSchema } from '../../../src/steps/smoke-checklist/kind.ts';
import {
  checkHttp,
  checkObject,
  checkQuery,
  checkReferences,
} from '../../../src/steps/smoke-checklist/program-checks.ts';
import { createFakeContext, type FakeContext } from '../../fakes/fake-context.ts';

const manifest = {
  thawManifest: 1,
  takenAt: '2026-04-28T14:02:00Z',
  host: 'a',
  dump: { key: 'k', sizeBytes: 1, sha256: 'a'.repeat(64) },
  tables: [{ schema: 'public', name: 'clients', rows: 100 }],
};

const counting = (rows: number) => ({ ...manifest, tables: [{ schema: 'public', name: 'clients', rows }] });
const item = (fields: object) => checklistItemSchema.parse({ id: 'i', title: 't', ...fields }) as never;
const query = (expectation: object) => item({ kind: 'query', query: 'SELECT n', expect: expectation });

function contextWith(rows: readonly Record<string, string | null>[], facts: object = {}): FakeContext {
  const context = createFakeContext({ facts: { ...facts } });
  context.world.production.answers.set('SELECT', rows);
  return context;
}

describe('a query of the checklist', () => {
  it.each([
    ['any value', '7', {}, 'passed'],
    ['the same text', 'yes', { equals: 'yes' }, 'passed'],
    ['another text', 'no', { equals: 'yes' }, 'failed'],
    ['enough', '7', { atLeast: 7 }, 'passed'],
    ['too little', '6', { atLeast: 7 }, 'failed'],
    ['no number', 'many', { atLeast: 7 }, 'failed'],
    ['nothing', null, {}, 'failed'],
    ['as many rows as the manifest', '100', { manifestRowsOf: 'public.clients' }, 'passed'],
    [
      'more rows than the manifest: services run again',
      '103',
      { manifestRowsOf: 'public.clients' },
      'passed',
    ],
    ['fewer rows than the manifest', '99', { manifestRowsOf: 'public.clients' }, 'failed'],
    ['no number, where the manifest has one', 'many', { manifestRowsOf: 'public.clients' }, 'failed'],
    ['a table the manifest does not know', '99', { manifestRowsOf: 'public.other' }, 'could-not-verify'],
  ])('that gives %s', async (_what, value, expectation, verdict) => {
    expect(await checkQuery(query(expectation), contextWith([{ n: value }], { manifest }))).toMatchObject({
      verdict,
    });
  });

  it('says what is expected by the rule that it is judged by: no fewer, where services run again', async () => {
    const context = contextWith([{ n: '3060' }], { manifest: counting(3049) });
    expect(await checkQuery(query({ manifestRowsOf: 'public.clients' }), context)).toMatchObject({
      verdict: 'passed',
      actual: '3060',
      expected:
        'at least 3049, which the manifest counts in public.clients: services that run again may add to them',
    });
  });

  it.each([
    ['3049', 'passed'],
    ['3060', 'failed'],
    ['3048', 'failed'],
  ])('wants exactly as many rows in a drill, where nobody writes: %s', async (n, verdict) => {
    const context = { ...contextWith([], { manifest: counting(3049) }), mode: 'drill' as const };
    context.world.sandbox.answers.set('SELECT', [{ n }]);
    context.world.production.answers.set('SELECT', [{ n }]);
    expect(await checkQuery(query({ manifestRowsOf: 'public.clients' }), context)).toMatchObject({
      verdict,
      expected: 'exactly 3049, as the manifest counts in public.clients',
    });
  });

  it('cannot be held against a manifest that is not there', async () => {
    const check = await checkQuery(query({ manifestRowsOf: 'public.clients' }), contextWith([{ n: '1' }]));
    expect(check.verdict).toBe('could-not-verify');
  });

  it('fails with the words of the database when it cannot be asked', async () => {
    expect(await checkQuery(query({}), createFakeContext({}))).toMatchObject({
      verdict: 'failed',
      text: 'Nobody knows SELECT n.',
    });
  });
});

describe('a page of the checklist', () => {
  const page = item({ kind: 'http', url: 'http://crm/health', contains: '"ok"' });
  it.each([
    ['answers as it should', { status: 200, text: '{"status":"ok"}' }, 'passed'],
    ['answers with another status', { status: 503, text: '"ok"' }, 'failed'],
    ['answers with other words', { status: 200, text: 'maintenance' }, 'failed'],
    ['does not answer', undefined, 'failed'],
  ])('that %s', async (_what, answer, verdict) => {
    const context = createFakeContext({});
    if (answer !== undefined) context.world.host.pages.set('http://crm/health', answer);
    expect(await checkHttp(page, context)).toMatchObject({ verdict });
  });
});

describe('an object of the checklist', () => {
  const object = item({ kind: 'object', query: 'SELECT key' });

  it('is read whole', async () => {
    const context = contextWith([{ key: 'a.pdf' }]);
    context.world.stores.live?.place('a.pdf', { content: 'x'.repeat(2000) });
    expect(await checkObject(object, context)).toEqual({
      verdict: 'passed',
      text: 'a.pdf, 2 kB, served whole',
    });
  });

  it('fails when it is not there', async () => {
    expect(await checkObject(object, contextWith([{ key: 'a.pdf' }]))).toMatchObject({ verdict: 'failed' });
  });

  it('cannot be verified where no row names one', async () => {
    expect(await checkObject(object, contextWith([]))).toMatchObject({ verdict: 'could-not-verify' });
  });

  it('fails, and throws nothing, when its content breaks off', async () => {
    const context = contextWith([{ key: 'a.pdf' }]);
    const live = context.world.stores.live;
    live?.place('a.pdf', { content: 'x'.repeat(2000) });
    const world = {
      ...context.world,
      openStore: () => ({
        ...live,
        read: async (request: { readonly key: string }) => {
          const reading = await live?.read(request);
          if (reading?.ok) reading.value.body.destroy(createBodyError(cancelledFailure('read a.pdf')));
          return reading;
        },
      }),
    };
    expect(await checkObject(object, { ...context, world } as never)).toMatchObject({ verdict: 'failed' });
  });
});

describe('rows that name objects', () => {
  const references = item({ kind: 'references', query: 'SELECT key' });

  it('all have their object, and the store may hold more', async () => {
    const context = contextWith([{ key: 'a' }, { key: 'b' }, { key: null }]);
    for (const key of ['a', 'b', 'c']) context.world.stores.live?.place(key, { content: key });
    expect(await checkReferences(references, context)).toEqual({
      verdict: 'passed',
      text: 'all 2 rows have their object; 1 objects are named by none of them',
    });
  });

  it('fail where one is missing, and name it', async () => {
    const check = await checkReferences(references, contextWith([{ key: 'lost.pdf' }]));
    expect(check).toMatchObject({ verdict: 'failed', text: expect.stringContaining('lost.pdf') });
  });

  it('prove nothing where there are none', async () => {
    expect(await checkReferences(references, contextWith([]))).toMatchObject({ verdict: 'could-not-verify' });
  });
});
