import { createHash, randomBytes } from 'node:crypto';
import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { describe, expect, test } from 'vitest';
import { createBodyError } from '../../src/base/body-error.ts';
import { failureFrom, type MadeStore, valueFrom } from './object-store.contract.ts';

const mebibyte = 1024 * 1024;
const attributes = { contentType: 'application/x-dump', metadata: { from: 'night' } };

/** What every object store promises about a body whose length nobody knows. */
export function objectStreamContract(contract: {
  readonly name: string;
  readonly make: () => Promise<MadeStore>;
}): void {
  describe(`A stream into an object store: ${contract.name}`, () => {
    const withStore = async (work: (made: MadeStore) => Promise<void>) => {
      const made = await contract.make();
      try {
        await work(made);
      } finally {
        made.store.close();
        await made.dispose();
      }
    };

    test.each([0, 1, 8 * mebibyte, 8 * mebibyte + 1, 21 * mebibyte])(
      'becomes an object of %i bytes',
      (sizeBytes) =>
        withStore(async ({ store }) => {
          const content = randomBytes(sizeBytes);
          const body = Readable.from(cut(content));
          const written = valueFrom(
            await store.writeStream({ key: 'pg/x', body, expectedBytes: 1000, attributes }),
          );
          const read = valueFrom(await store.read({ key: 'pg/x' }));
          expect(digest(await buffer(read.body))).toBe(digest(content));
          expect(written).toMatchObject({ key: 'pg/x', sizeBytes, etag: read.info.etag });
          expect(read.attributes).toEqual(attributes);
        }),
    );

    test.each([100, 20 * mebibyte])(
      'that breaks off after %i bytes leaves nothing, and its own cause is told',
      (sizeBytes) =>
        withStore(async ({ store }) => {
          const failure = {
            code: 'command-failed',
            message: 'pg_dump fails.',
            remedy: 'Look.',
            retry: 'after-fix',
          } as const;
          const body = Readable.from(breakOff(randomBytes(sizeBytes), createBodyError(failure)));
          const told = failureFrom(
            await store.writeStream({ key: 'k', body, expectedBytes: 1000, attributes }),
          );
          expect(told).toMatchObject(failure);
          expect(valueFrom(await store.describe('k'))).toBeUndefined();
        }),
    );

    test('that is cancelled leaves nothing, and leaves what stood there before', () =>
      withStore(async ({ store }) => {
        valueFrom(
          await store.writeStream({
            key: 'k',
            body: Readable.from([Buffer.from('before')]),
            expectedBytes: 6,
            attributes,
          }),
        );
        const stop = new AbortController();
        const body = Readable.from(endless(() => stop.abort()));
        const told = failureFrom(
          await store.writeStream({ key: 'k', body, expectedBytes: 1000, attributes, signal: stop.signal }),
        );
        expect(told.code).toBe('cancelled');
        expect((await buffer(valueFrom(await store.read({ key: 'k' })).body)).toString()).toBe('before');
      }));

    test('tells that its owner may write and remove, and leaves nothing behind by asking', () =>
      withStore(async ({ store }) => {
        expect(valueFrom(await store.rights())).toEqual({ write: 'yes', remove: 'yes' });
        const keys = [];
        for await (const page of store.list({ prefix: '' })) keys.push(...valueFrom(page));
        expect(keys).toEqual([]);
      }));
  });
}

function* cut(content: Buffer): Generator<Buffer> {
  for (let offset = 0; offset < content.length; offset += 65_000)
    yield content.subarray(offset, offset + 65_000);
}

async function* breakOff(content: Buffer, error: Error): AsyncGenerator<Buffer> {
  yield* cut(content);
  throw error;
}

async function* endless(onSome: () => void): AsyncGenerator<Buffer> {
  const piece = randomBytes(mebibyte);
  for (let count = 0; ; count += 1) {
    if (count === 20) setImmediate(onSome);
    await new Promise((resolve) => setImmediate(resolve));
    yield piece;
  }
}

function digest(content: Buffer): string {
  return createHash('sha256').update(content).digest('hex');
}
