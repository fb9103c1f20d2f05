import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { describe, expect, it } from 'vitest';
import { createBodyError, failureOfBodyError } from '../../src/base/body-error.ts';
import { type Failure, fail, type Outcome, succeed } from '../../src/base/failure.ts';
import { listenToTrace } from '../../src/platform/trace.ts';
import type { ObjectInfo } from '../../src/ports/object-store.ts';
import type { RawStore } from '../../src/stores/store-kind.ts';
import { withLimits } from '../../src/stores/with-limits.ts';
import { publishRequest, type StoreRequest, withObservation } from '../../src/stores/with-observation.ts';
import { withRetries } from '../../src/stores/with-retries.ts';
import { withSharedListings } from '../../src/stores/with-shared-listings.ts';
import { createFakeObjectStore } from '../fakes/fake-object-store.ts';

const busy: Failure = { code: 'unreachable', message: 'Busy.', remedy: 'Try again.', retry: 'safe' };
const policy = { mostAttempts: 3, firstPauseMs: 1, longestPauseMs: 1 };

function storeOf(count: number) {
  const store = createFakeObjectStore({ name: 'b', now: () => 0 });
  for (let number = 0; number < count; number += 1)
    store.place(`${number % 2 === 0 ? 'pg' : 'objects'}/${String(number).padStart(5, '0')}`, {
      content: 'x',
    });
  return store;
}

async function keysOf(store: Pick<RawStore, 'list'>, request: Parameters<RawStore['list']>[0]) {
  const keys: string[] = [];
  for await (const page of store.list(request)) {
    if (!page.ok) return page.failure.code;
    keys.push(...page.value.map(({ key }) => key));
  }
  return keys;
}

/** Fails the first so many calls of each method with this. */
function failing(store: RawStore, ...[times, failure]: [number, Failure]): RawStore {
  const left = new Map<string, number>();
  const fails = (method: string) => {
    const more = left.get(method) ?? times;
    left.set(method, more - 1);
    return more > 0;
  };
  return {
    ...store,
    access: async (signal) => (fails('access') ? fail(failure) : store.access(signal)),
    async *list(request) {
      if (fails('list')) yield fail(failure);
      else yield* store.list(request);
    },
    describe: async (key) => (fails('describe') ? fail(failure) : store.describe(key)),
    read: async (request) => (fails('read') ? fail(failure) : store.read(request)),
    write: async (request) => (fails('write') ? fail(failure) : store.write(request)),
    remove: async (key) => (fails('remove') ? fail(failure) : store.remove(key)),
  };
}

describe('Retries around a store', () => {
  it('ask again for what may be asked twice, and hand on the failure of the last attempt', async () => {
    const requests: StoreRequest[] = [];
    const watch = (times: number, failure: Failure) =>
      withRetries(
        withObservation(failing(storeOf(4), times, failure), (request) => void requests.push(request)),
        policy,
      );
    const patient = watch(2, busy);
    expect((await patient.access()).ok).toBe(true);
    expect(await keysOf(patient, { prefix: 'pg/' })).toEqual(['pg/00000', 'pg/00002']);
    expect((await patient.read({ key: 'pg/00000' })).ok).toBe(true);
    expect((await patient.remove('pg/00000')).ok).toBe(true);
    expect(requests.map(({ method, outcome }) => `${method} ${outcome}`)).toEqual(
      ['access', 'list', 'read', 'remove'].flatMap((method) => [
        `${method} unreachable`,
        `${method} unreachable`,
        `${method} ok`,
      ]),
    );
    expect(await watch(3, busy).describe('pg/00000')).toEqual(fail(busy));
    expect(await keysOf(watch(3, busy), { prefix: '' })).toBe('unreachable');
  });

  it('never write twice, since a body flows once, and wait for nothing that hung or was refused', async () => {
    const body = () => Readable.from([Buffer.from('x')], { objectMode: false });
    const write = { key: 'k', sizeBytes: 1, attributes: { metadata: {} } };
    const store = withRetries(failing(storeOf(1), 1, busy), policy);
    expect(await store.write({ ...write, body: body() })).toEqual(fail(busy));
    for (const failure of [
      { ...busy, code: 'stalled' as const },
      { ...busy, code: 'denied' as const, retry: 'after-fix' as const },
    ])
      expect(await withRetries(failing(storeOf(1), 1, failure), policy).describe('k')).toEqual(fail(failure));
  });

  it('list an empty store once, and a store that fails in the middle as far as it came', async () => {
    expect(await keysOf(withRetries(storeOf(0), policy), { prefix: '' })).toEqual([]);
    let begun = 0;
    const cut: RawStore = {
      ...storeOf(1),
      async *list() {
        begun += 1;
        yield succeed([{ key: 'a', sizeBytes: 1, modifiedAtMs: 0 }]);
        yield fail(busy);
      },
    };
    expect(await keysOf(withRetries(cut, policy), { prefix: '' })).toBe('unreachable');
    expect(begun).toBe(1);
  });
});

describe('Listings that are shared within one look', () => {
  function watched(count: number) {
    const requests: StoreRequest[] = [];
    const store = storeOf(count);
    const observed = withLimits(withObservation(store, (request) => void requests.push(request)));
    return { store, requests, look: () => withSharedListings(observed) };
  }

  it('are made once, however many ask at the same time, at whatever pace, and for however narrow a part', async () => {
    const { look, requests } = watched(2_600);
    const store = look();
    const slow = async () => {
      const keys: string[] = [];
      for await (const page of store.list({ prefix: '' })) {
        await new Promise((resolve) => setTimeout(resolve, 5));
        if (page.ok) keys.push(...page.value.map(({ key }) => key));
      }
      return keys;
    };
    const [all, again, part] = await Promise.all([
      slow(),
      keysOf(store, { prefix: '' }),
      keysOf(store, { prefix: 'pg/', sizesOnly: true }),
    ]);
    expect(all).toHaveLength(2_600);
    expect(again).toEqual(all);
    expect(part).toEqual(all.filter((key) => key.startsWith('pg/')));
    expect(requests.filter(({ method }) => method === 'list')).toMatchObject([{ key: '', objects: 2_600 }]);
  });

  it('are made anew where tags are wanted that the first did not ask for, and by the next look', async () => {
    const { look, store, requests } = watched(4);
    const first = look();
    await keysOf(first, { prefix: 'pg/', sizesOnly: true });
    await keysOf(first, { prefix: 'pg/' });
    expect(requests).toHaveLength(2);
    store.place('pg/new', { content: 'x' });
    expect(await keysOf(first, { prefix: 'pg/' })).not.toContain('pg/new');
    expect(await keysOf(look(), { prefix: 'pg/' })).toContain('pg/new');
    expect(requests).toHaveLength(3);
  });

  it('let one who is cancelled go, and the others have their listing', async () => {
    const { promise, resolve } = Promise.withResolvers<void>();
    const slow = {
      ...storeOf(2),
      async *list(): AsyncGenerator<Outcome<readonly ObjectInfo[]>> {
        await promise;
        yield succeed([{ key: 'a', sizeBytes: 1, modifiedAtMs: 0 }]);
      },
    };
    const store = withSharedListings(slow);
    const leave = new AbortController();
    const left = keysOf(store, { prefix: '', signal: leave.signal });
    const stays = keysOf(store, { prefix: '' });
    leave.abort();
    expect(await left).toBe('cancelled');
    resolve();
    expect(await stays).toEqual(['a']);
  });
});

describe('Limits around a body', () => {
  const info = { key: 'k', sizeBytes: 10, modifiedAtMs: 0 };
  const bodyOf = async (body: Readable, more: object = {}, request: object = {}) => {
    const raw: RawStore = {
      ...storeOf(0),
      read: async () => succeed({ info, attributes: { metadata: {} }, body, ...more }),
    };
    const read = await withLimits(raw, { stallMs: 60 }).read({ key: 'k', ...request });
    if (!read.ok) throw new Error(read.failure.message);
    return buffer(read.value.body).catch((error: unknown) => failureOfBodyError(error) ?? error);
  };
  const flowing = (text: string) => Readable.from([Buffer.from(text)], { objectMode: false });

  it('let a whole body through, and a range of it', async () => {
    expect(String(await bodyOf(flowing('0123456789')))).toBe('0123456789');
    expect(String(await bodyOf(flowing('345'), {}, { fromByte: 3, toByte: 5 }))).toBe('345');
    expect(String(await bodyOf(flowing('789'), {}, { fromByte: 7, toByte: 99 }))).toBe('789');
  });

  it('end one that is short, stands still, is cancelled, or breaks off, with a failure', async () => {
    expect(await bodyOf(flowing('0123'))).toMatchObject({ code: 'damaged', retry: 'safe' });
    const still = new Readable({ read() {} });
    expect(await bodyOf(still)).toMatchObject({ code: 'stalled' });
    expect(still.destroyed).toBe(true);
    const signal = AbortSignal.timeout(10);
    expect(await bodyOf(new Readable({ read() {} }), {}, { signal })).toMatchObject({ code: 'cancelled' });
    const broken = () =>
      new Readable({
        read() {
          this.destroy(new Error('socket'));
        },
      });
    expect(await bodyOf(broken())).toMatchObject({ code: 'unreachable', detail: 'socket' });
    expect(await bodyOf(broken(), { explain: () => ({ ...busy, code: 'denied' }) })).toMatchObject({
      code: 'denied',
    });
    const carrying = new Readable({
      read() {
        this.destroy(createBodyError({ ...busy, code: 'conflict' }));
      },
    });
    expect(await bodyOf(carrying)).toMatchObject({ code: 'conflict' });
  });
});

describe('The trace of THAW_DEBUG', () => {
  it('tells each request to a store by its method, key, time and outcome', async () => {
    const heard: unknown[] = [];
    const stop = listenToTrace((one) => heard.push(one));
    const store = withObservation(storeOf(2), publishRequest);
    await store.describe('pg/00000');
    await store.read({ key: 'pg/none' });
    stop();
    await store.describe('pg/00000');
    expect(heard).toEqual([
      expect.objectContaining({
        kind: 'store',
        text: `describe pg/00000 in ${store.address}`,
        outcome: 'ok',
      }),
      expect.objectContaining({ text: `read pg/none in ${store.address}`, outcome: 'not-found' }),
    ]);
  });
});
