import { createHash, randomBytes } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { createBodyError, failureOfBodyError } from '../../src/base/body-error.ts';
import type { Failure, Outcome } from '../../src/base/failure.ts';
import type { ObjectAttributes, StoreDriver } from '../../src/ports/object-store.ts';

export type MadeStore = {
  readonly store: StoreDriver;
  /** Puts many objects there in another way than one by one, where that would take minutes. */
  fill?(keys: readonly string[]): Promise<void>;
  dispose(): Promise<void>;
};

export type Inability = 'keep attributes' | 'sign URLs' | 'know MD5';

const noAttributes: ObjectAttributes = { metadata: {} };
const oddKeys = [
  'a b/c  d.txt',
  'umlaut-ä-é-ß.txt',
  '日本/東京.pdf',
  'plus+and%20percent%.txt',
  'quote\'"&<>=?#;:@,$!()*[]{}|^~`.bin',
  'back\\slash.txt',
  'smile-\u{1F600}.png',
  'private-\uFFFD.png',
  'dot..dot/..hidden',
];

/** What every object store promises, whatever is behind it. `make` gives an empty one for each test. */
export function objectStoreContract(contract: {
  readonly name: string;
  readonly make: () => Promise<MadeStore>;
  /** What this kind of store has no way to do; its own tests say what it does instead. */
  readonly cannot?: readonly Inability[];
}): void {
  const can = (what: Inability) => contract.cannot?.includes(what) !== true;
  describe(`An object store: ${contract.name}`, () => {
    let store: StoreDriver;
    let dispose = async () => {};
    let fill: MadeStore['fill'];
    beforeEach(async () => {
      const made = await contract.make();
      fill = made.fill;
      store = made.store;
      dispose = made.dispose;
    });
    afterEach(async () => {
      store.close();
      await dispose();
    });
    const get = () => store;
    promisesOfReading(get, can('know MD5'));
    if (can('sign URLs')) promisesOfUrls(get);
    promisesOfWriting(get, can('keep attributes'));
    if (can('keep attributes')) promisesOfAttributes(get);
    promisesOfListing(get, (keys) => fill?.(keys));
    promisesOfNaming(get);
  });
}

function promisesOfReading(store: () => StoreDriver, ...[knowsMd5]: [boolean]): void {
  test('reads back what was written, with its size and its MD5 as tag', async () => {
    const content = randomBytes(70_000);
    const written = valueFrom(await put(store(), 'pg/dump.bin', content));
    const read = valueFrom(await store().read({ key: 'pg/dump.bin' }));
    expect(digest(await buffer(read.body))).toBe(digest(content));
    expect(read.info.sizeBytes).toBe(70_000);
    // A tag that is no digest holds a dash, so that nobody takes it for one.
    if (knowsMd5) expect(read.info.etag).toBe(createHash('md5').update(content).digest('hex'));
    else expect(read.info.etag).toContain('-');
    expect(written).toMatchObject({ key: 'pg/dump.bin', sizeBytes: 70_000, etag: read.info.etag });
    expect(Math.abs(read.info.modifiedAtMs - Date.now())).toBeLessThan(60_000);
  });

  test('reads ranges, and still tells the size of the whole', async () => {
    const content = randomBytes(100_000);
    await put(store(), 'whole', content);
    const ranges = [
      { fromByte: 0, toByte: 0 },
      { fromByte: 1000, toByte: 65_999 },
      { fromByte: 99_990 },
      { toByte: 9 },
      { fromByte: 99_999, toByte: 200_000 },
    ];
    for (const range of ranges) {
      const read = valueFrom(await store().read({ key: 'whole', ...range }));
      const wanted = content.subarray(range.fromByte ?? 0, (range.toByte ?? content.length) + 1);
      expect((await buffer(read.body)).equals(wanted)).toBe(true);
      expect(read.info.sizeBytes).toBe(100_000);
    }
  });

  test('refuses a range behind the end', async () => {
    await put(store(), 'short', Buffer.from('abc'));
    const failure = failureFrom(await store().read({ key: 'short', fromByte: 3 }));
    expect(failure.code).toBe('invalid-input');
  });

  test('refuses with conflict to read an object that has changed', async () => {
    const first = valueFrom(await put(store(), 'k', Buffer.from('first'))).etag ?? '';
    const same = valueFrom(await store().read({ key: 'k', ifMatch: first }));
    expect((await buffer(same.body)).toString()).toBe('first');
    await put(store(), 'k', Buffer.from('other'));
    const failure = failureFrom(await store().read({ key: 'k', ifMatch: first }));
    expect(failure.code).toBe('conflict');
    expect(failure.message).toContain('k');
  });

  test('says not-found for a read and undefined for a description of what is not there', async () => {
    expect(failureFrom(await store().read({ key: 'no/such' })).code).toBe('not-found');
    expect(valueFrom(await store().describe('no/such'))).toBeUndefined();
    expect(valueFrom(await store().describe('no/such'))).toBeUndefined();
  });

  test('reads nothing when it is cancelled beforehand, and ends the body when cancelled in the middle', async () => {
    await put(store(), 'big', randomBytes(3_000_000));
    const before = await store().read({ key: 'big', signal: AbortSignal.abort() });
    expect(failureFrom(before).code).toBe('cancelled');
    const stop = new AbortController();
    const read = valueFrom(await store().read({ key: 'big', signal: stop.signal }));
    stop.abort();
    const error = await buffer(read.body).catch((thrown: unknown) => thrown);
    expect(failureOfBodyError(error)?.code).toBe('cancelled');
  });
}

function promisesOfUrls(store: () => StoreDriver): void {
  test('signs a URL that anyone can read', async () => {
    await put(store(), 'media/a b+ä.txt', Buffer.from('seen'));
    const url = valueFrom(await store().signedUrl({ key: 'media/a b+ä.txt', expiresInSeconds: 60 }));
    const text = url.startsWith('file:')
      ? await readFile(fileURLToPath(url), 'utf8')
      : await (await fetch(url)).text();
    expect(text).toBe('seen');
  });
}

function promisesOfAttributes(store: () => StoreDriver): void {
  test('keeps the attributes through a write, a read and a copy of it', async () => {
    const attributes: ObjectAttributes = {
      contentType: 'text/plain; charset=utf-8',
      contentEncoding: 'gzip',
      contentDisposition: 'attachment; filename="a b.txt"',
      contentLanguage: 'de',
      cacheControl: 'max-age=60',
      metadata: { 'uploaded-by': 'portal', title: 'Überführung – 東京' },
    };
    await put(store(), 'first', Buffer.from('x'), attributes);
    const first = valueFrom(await store().read({ key: 'first' }));
    expect(first.attributes).toEqual(attributes);
    const { body, info } = first;
    valueFrom(
      await store().write({ key: 'copy', body, sizeBytes: info.sizeBytes, attributes: first.attributes }),
    );
    const copy = valueFrom(await store().read({ key: 'copy' }));
    expect(copy.attributes).toEqual(attributes);
    expect((await buffer(copy.body)).toString()).toBe('x');
  });

  test('keeps the type of content alone', async () => {
    await put(store(), 'no-extension', Buffer.from('x'), { contentType: 'application/pdf', metadata: {} });
    const read = valueFrom(await store().read({ key: 'no-extension' }));
    read.body.destroy();
    expect(read.attributes).toEqual({ contentType: 'application/pdf', metadata: {} });
  });

  test('keeps expiry and tags, and tells them without the content', async () => {
    const attributes: ObjectAttributes = {
      contentType: 'application/x-invoice',
      expires: 'Wed, 01 Jan 2031 00:00:00 GMT',
      tags: { class: 'invoice', keep: '10 years + 1' },
      metadata: { owner: 'crm' },
    };
    await put(store(), 'tagged', Buffer.from('x'), attributes);
    expect(valueFrom(await store().attributes('tagged'))).toEqual(attributes);
    const { attributes: read, body } = valueFrom(await store().read({ key: 'tagged', allAttributes: true }));
    body.destroy();
    expect(read).toEqual(attributes);
    expect(valueFrom(await store().attributes('nothing'))).toBeUndefined();
  });

  test('forgets the attributes of what it overwrites', async () => {
    await put(store(), 'k', Buffer.from('1'), { metadata: { old: 'yes' } });
    await put(store(), 'k', Buffer.from('2'), noAttributes);
    const read = valueFrom(await store().read({ key: 'k' }));
    expect((await buffer(read.body)).toString()).toBe('2');
    expect(read.attributes.metadata).toEqual({});
  });
}

function promisesOfWriting(store: () => StoreDriver, ...[keepsAttributes]: [boolean]): void {
  test('writes an empty object', async () => {
    await put(store(), 'empty', Buffer.alloc(0));
    expect(valueFrom(await store().describe('empty'))?.sizeBytes).toBe(0);
    expect((await buffer(valueFrom(await store().read({ key: 'empty' })).body)).length).toBe(0);
  });

  test('writes 20 MiB that arrive in small pieces', async () => {
    const content = randomBytes(20 * 1024 * 1024);
    const attributes = { contentType: 'application/x-dump', metadata: { from: 'night' } };
    const written = valueFrom(await put(store(), 'large', content, attributes));
    const read = valueFrom(await store().read({ key: 'large' }));
    expect(digest(await buffer(read.body))).toBe(digest(content));
    expect(read.info.sizeBytes).toBe(content.length);
    expect(read.info.etag).toBe(written.etag);
    if (keepsAttributes) expect(read.attributes).toEqual(attributes);
  });

  test.each([
    { size: 'small', realBytes: 1000, saidBytes: 1001 },
    { size: 'small', realBytes: 1001, saidBytes: 1000 },
    { size: 'large', realBytes: 9_500_000, saidBytes: 9_500_001 },
    { size: 'large', realBytes: 9_500_001, saidBytes: 9_500_000 },
  ])(
    'leaves no $size object when $realBytes bytes come instead of $saidBytes',
    async ({ realBytes, saidBytes }) => {
      const body = Readable.from(cut(randomBytes(realBytes)));
      const request = { key: 'k', body, sizeBytes: saidBytes, attributes: noAttributes };
      const failure = failureFrom(await store().write(request));
      expect(failure.code).toBe('damaged');
      expect(failure.message).toContain(String(saidBytes));
      expect(valueFrom(await store().describe('k'))).toBeUndefined();
      expect(await keysOf(store(), '')).toEqual([]);
    },
  );

  test('hands on the failure of a body that breaks, and keeps the object that was there', async () => {
    await put(store(), 'k', Buffer.from('old'));
    const stalled: Failure = {
      code: 'stalled',
      message: 'No byte comes.',
      remedy: 'Try again.',
      retry: 'safe',
    };
    const body = Readable.from(
      (async function* () {
        yield Buffer.from('ne');
        throw createBodyError(stalled);
      })(),
    );
    const written = await store().write({ key: 'k', body, sizeBytes: 3, attributes: noAttributes });
    expect(failureFrom(written)).toEqual(stalled);
    expect((await buffer(valueFrom(await store().read({ key: 'k' })).body)).toString()).toBe('old');
  });

  test('stops writing when it is cancelled', async () => {
    const stop = new AbortController();
    const body = new Readable({ read() {} });
    body.push('never ends');
    const request = { key: 'k', body, sizeBytes: 20, attributes: noAttributes, signal: stop.signal };
    const writing = store().write(request);
    setTimeout(() => stop.abort(), 50);
    expect(failureFrom(await writing).code).toBe('cancelled');
    expect(valueFrom(await store().describe('k'))).toBeUndefined();
  });

  test('removes an object, and has nothing against removing it again', async () => {
    await put(store(), 'a/b', Buffer.from('x'));
    valueFrom(await store().remove('a/b'));
    valueFrom(await store().remove('a/b'));
    expect(await keysOf(store(), '')).toEqual([]);
  });

  test('removes all below a folder, not its neighbours, and has nothing against removing it again', async () => {
    const neighbours = ['media-10/a', 'media/1', 'o'];
    for (const key of [...neighbours, 'media-1/a b', 'media-1/deep/er/ä', 'media-1/z'])
      await put(store(), key, Buffer.from('x'));
    valueFrom(await store().removeFolder('media-1/'));
    valueFrom(await store().removeFolder('media-1/'));
    valueFrom(await store().removeFolder('never/was/'));
    expect(await keysOf(store(), '')).toEqual(neighbours);
  });

  test.each(['', '/', 'media', '../', 'a/../', 'a//', './'])(
    'refuses to remove all below %j, which is no folder',
    async (prefix) => {
      await put(store(), 'media/a', Buffer.from('x'));
      expect(failureFrom(await store().removeFolder(prefix)).code).toBe('invalid-input');
      expect(await keysOf(store(), '')).toEqual(['media/a']);
    },
  );
}

function promisesOfListing(
  store: () => StoreDriver,
  fill: (keys: readonly string[]) => Promise<void> | undefined,
): void {
  test('lists 1,200 objects in byte order, in pages of at most 1,000', async () => {
    const keys = Array.from({ length: 1200 }, (_, index) => `media/${index % 7} +${index}/f%${index}.bin`);
    const waiting = [...keys];
    const work = async () => {
      for (let key = waiting.pop(); key !== undefined; key = waiting.pop()) {
        valueFrom(await put(store(), key, Buffer.from(key)));
      }
    };
    await (fill(keys) ?? Promise.all(Array.from({ length: 16 }, work)));
    const pages: number[] = [];
    const listed: string[] = [];
    for await (const page of store().list({ prefix: 'media/' })) {
      const objects = valueFrom(page);
      pages.push(objects.length);
      listed.push(...objects.map((object) => object.key));
      for (const object of objects) expect(object.sizeBytes).toBe(Buffer.byteLength(object.key));
    }
    expect(pages.length).toBeGreaterThan(1);
    expect(Math.max(...pages)).toBeLessThanOrEqual(1000);
    expect(listed).toEqual(inByteOrder(keys));
  });

  test('lists only what begins with the prefix, which need not end at a slash', async () => {
    for (const key of ['pg/h1/a', 'pg/h10/b', 'pg/h2/c', 'pgx', 'o'])
      await put(store(), key, Buffer.from('x'));
    expect(await keysOf(store(), 'pg/h1')).toEqual(['pg/h1/a', 'pg/h10/b']);
    expect(await keysOf(store(), 'pg/h1/')).toEqual(['pg/h1/a']);
    expect(await keysOf(store(), 'none/at/all')).toEqual([]);
  });

  test('lists a folder among its neighbours where its keys belong', async () => {
    const keys = ['a-b', 'a/x', 'a/y/z', 'a.b', 'a0', 'aa'];
    for (const key of keys) await put(store(), key, Buffer.from('x'));
    expect(await keysOf(store(), '')).toEqual(inByteOrder(keys));
  });

  test('tells in the listing what the description tells', async () => {
    await put(store(), 'k', Buffer.from('x'));
    const described = valueFrom(await store().describe('k'));
    for await (const page of store().list({ prefix: '' })) {
      const [listed] = valueFrom(page);
      expect(listed).toMatchObject({ key: 'k', sizeBytes: 1, etag: described?.etag });
      // HTTP has whole seconds; listings may be finer.
      expect(Math.abs((listed?.modifiedAtMs ?? 0) - (described?.modifiedAtMs ?? 0))).toBeLessThan(1000);
    }
  });

  test('lists the same keys and sizes when nobody asks for tags', async () => {
    for (const key of ['a', 'b/c']) await put(store(), key, Buffer.from(key));
    for await (const page of store().list({ prefix: '', sizesOnly: true }))
      expect(valueFrom(page)).toMatchObject([
        { key: 'a', sizeBytes: 1 },
        { key: 'b/c', sizeBytes: 3 },
      ]);
  });

  test('can be left in the middle of a listing', async () => {
    for (const key of ['a', 'b']) await put(store(), key, Buffer.from('x'));
    for await (const page of store().list({ prefix: '' })) {
      expect(page.ok).toBe(true);
      break;
    }
    expect(await keysOf(store(), '')).toEqual(['a', 'b']);
  });

  test('ends the listing with cancelled when it is cancelled', async () => {
    const outcomes: Outcome<unknown>[] = [];
    for await (const page of store().list({ prefix: '', signal: AbortSignal.abort() })) outcomes.push(page);
    expect(outcomes.map((outcome) => failureFrom(outcome).code)).toEqual(['cancelled']);
  });
}

function promisesOfNaming(store: () => StoreDriver): void {
  test('holds keys with spaces, signs and all of Unicode', async () => {
    for (const key of oddKeys) valueFrom(await put(store(), key, Buffer.from(key)));
    expect(await keysOf(store(), '')).toEqual(inByteOrder(oddKeys));
    for (const key of oddKeys) {
      expect(valueFrom(await store().describe(key))?.key).toBe(key);
      expect((await buffer(valueFrom(await store().read({ key })).body)).toString()).toBe(key);
      expect(await keysOf(store(), key)).toEqual([key]);
      valueFrom(await store().remove(key));
    }
    expect(await keysOf(store(), '')).toEqual([]);
  });

  test('says who it is and that it can be reached', async () => {
    const access = valueFrom(await store().access());
    expect(access.identity.endpoint).not.toBe('');
    expect(Math.abs(access.clockSkewMs ?? 0)).toBeLessThanOrEqual(2000);
    expect(store().address).not.toBe('');
  });
}

export function put(
  store: StoreDriver,
  key: string,
  content: Buffer,
  attributes = noAttributes,
): Promise<Outcome<{ readonly etag?: string }>> {
  const body = Readable.from(cut(content));
  return store.write({ key, body, sizeBytes: content.length, attributes });
}

function* cut(content: Buffer): Generator<Buffer> {
  for (let offset = 0; offset < content.length; offset += 65_000)
    yield content.subarray(offset, offset + 65_000);
}

async function keysOf(store: StoreDriver, prefix: string): Promise<readonly string[]> {
  const keys: string[] = [];
  for await (const page of store.list({ prefix })) keys.push(...valueFrom(page).map((object) => object.key));
  return keys;
}

function inByteOrder(keys: readonly string[]): readonly string[] {
  return [...keys].sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)));
}

function digest(content: Buffer): string {
  return createHash('sha256').update(content).digest('hex');
}

export function valueFrom<T>(outcome: Outcome<T>): T {
  if (!outcome.ok)
    throw new Error(`${outcome.failure.code}: ${outcome.failure.message} ${outcome.failure.detail}`);
  return outcome.value;
}

export function failureFrom(outcome: Outcome<unknown>): Failure {
  if (outcome.ok) throw new Error('It succeeds, though it should fail.');
  return outcome.failure;
}
