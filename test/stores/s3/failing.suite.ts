import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { failureOfBodyError } from '../../../src/base/body-error.ts';
import type { Outcome } from '../../../src/base/failure.ts';
import { createSecret } from '../../../src/base/secret.ts';
import type { StoreDriver } from '../../../src/ports/object-store.ts';
import { failureFrom, put, valueFrom } from '../../contracts/object-store.contract.ts';
import { type CuttingProxy, startCuttingProxy } from '../../parts/cutting-proxy.ts';
import { findFreePort } from '../../parts/free-port.ts';
import { countUploads, createBucket, type S3Server } from '../../parts/s3-servers.ts';
import { openBucketStore } from './open-bucket-store.ts';

type Config = Awaited<ReturnType<typeof createBucket>>;

/** How a store says no. Run on each server, since each says it in its own way. */
export function promisesOfFailing(server: () => S3Server): void {
  describe('A refused request', () => {
    let config: Config;
    const opened: StoreDriver[] = [];
    const open = (changes: Partial<Config>) => {
      const store = openBucketStore({ ...config, ...changes });
      opened.push(store);
      return store;
    };
    beforeAll(async () => {
      config = await createBucket(server());
      valueFrom(await put(open({}), 'there', Buffer.from('content')));
    });
    afterEach(() => {
      for (const store of opened.splice(0)) store.close();
    });
    promisesOfCredentials({ server, open });
    promisesOfAddresses({ open });
  });

  describe('A bad network', () => {
    let proxy: CuttingProxy;
    let store: StoreDriver;
    let config: Config;
    beforeAll(async () => {
      proxy = await startCuttingProxy({ targetPort: server().port });
      config = await createBucket(server());
      store = openBucketStore(
        { ...config, endpoint: proxy.endpoint },
        { stallMs: 400, answerMs: 500, accessMs: 1500 },
      );
      valueFrom(await put(store, 'long', Buffer.alloc(3_000_000, 7)));
    });
    afterEach(() => proxy.behave({ kind: 'pass' }));
    afterAll(async () => {
      store.close();
      await proxy.close();
    });
    promisesOfBodies({ store: () => store, proxy: () => proxy, config: () => config });
  });
}

function promisesOfCredentials(given: {
  readonly server: () => S3Server;
  readonly open: (changes: Partial<Config>) => StoreDriver;
}): void {
  const { server, open } = given;

  test('says that the access key is unknown', async () => {
    const store = open({ accessKey: createSecret('NOSUCHKEY') });
    for (const failure of await askEveryWay(store)) {
      expect(failure.code).toBe('denied');
      expect(failure.message).toContain('does not know this access key');
      expect(failure.remedy).toContain('Enter the access key');
    }
  });

  test('says that the secret key is wrong, and shows neither', async () => {
    const store = open({ secretKey: createSecret('wrong-secret-of-this-test') });
    for (const failure of await askEveryWay(store)) {
      expect(failure.code).toBe('denied');
      expect(failure.message).toContain('secret key does not belong');
      expect(failure.remedy).toContain('Enter the secret key again');
      expect(JSON.stringify(failure)).not.toContain('wrong-secret-of-this-test');
    }
  });

  test('says that a user without rights has none', async () => {
    const { stranger } = server();
    if (stranger === undefined) {
      process.stderr.write(`\n${server().kind}: no second user, so denied rights are NOT tried there.\n`);
      return;
    }
    const store = open({
      accessKey: createSecret(stranger.accessKey),
      secretKey: createSecret(stranger.secretKey),
    });
    for (const failure of await askEveryWay(store)) {
      expect(failure.code).toBe('denied');
      expect(failure.retry).toBe('after-fix');
      expect(failure.remedy).toContain('Allow this access key');
    }
  });
}

function promisesOfAddresses(given: { readonly open: (changes: Partial<Config>) => StoreDriver }): void {
  const { open } = given;

  test('says that there is no such bucket, whatever is asked', async () => {
    for (const failure of await askEveryWay(open({ bucket: 'no-such-bucket-here' }))) {
      expect(failure.code).toBe('not-found');
      expect(failure.message).toContain('no-such-bucket-here');
      expect(failure.message).toContain('there is no such bucket');
    }
  });

  test('says that nothing answers at that port', async () => {
    const port = await findFreePort();
    const failure = failureFrom(await open({ endpoint: `http://127.0.0.1:${port}` }).access());
    expect(failure.code).toBe('unreachable');
    expect(failure.message).toContain(`nothing answers at 127.0.0.1:${port}`);
  });

  test('says that an endpoint is no URL', async () => {
    const failure = failureFrom(await open({ endpoint: 'localhost:9000' }).access());
    expect(failure.code).toBe('invalid-input');
  });

  test('is one and the same store under every name of this host', async () => {
    const plain = valueFrom(await open({}).access()).identity;
    const port = new URL(valueFrom(await open({}).signedUrl({ key: 'there', expiresInSeconds: 5 }))).port;
    const named = valueFrom(await open({ endpoint: `http://localhost:${port}` }).access()).identity;
    expect(named).toEqual(plain);
    expect(plain.endpoint).toBe(`localhost:${port}`);
  });
}

function promisesOfBodies(given: {
  readonly store: () => StoreDriver;
  readonly proxy: () => CuttingProxy;
  readonly config: () => Config;
}): void {
  const { store, proxy } = given;

  test('ends a body that is cut short with an error, never as if it were whole', async () => {
    proxy().behave({ kind: 'cut', afterBytes: 1_000_000 });
    const read = valueFrom(await store().read({ key: 'long' }));
    const error = await buffer(read.body).catch((thrown: unknown) => thrown);
    expect(['unreachable', 'damaged']).toContain(failureOfBodyError(error)?.code);
    expect(failureOfBodyError(error)?.retry).toBe('safe');
  });

  test('ends a body that stalls', async () => {
    proxy().behave({ kind: 'stall', afterBytes: 1_000_000 });
    const startedAtMs = Date.now();
    const read = valueFrom(await store().read({ key: 'long' }));
    const error = await buffer(read.body).catch((thrown: unknown) => thrown);
    expect(failureOfBodyError(error)?.code).toBe('stalled');
    expect(Date.now() - startedAtMs).toBeLessThan(25_000);
  });

  test('does not blame the store for a slow reader', async () => {
    const read = valueFrom(await store().read({ key: 'long' }));
    await new Promise((resolve) => setTimeout(resolve, 1200));
    expect((await buffer(read.body)).length).toBe(3_000_000);
  });

  test('does not wait for ever for a store that takes the connection and says nothing', async () => {
    proxy().behave({ kind: 'stall', afterBytes: 0 });
    const failure = failureFrom(await store().access());
    expect(failure.code).toBe('unreachable');
    expect(failure.message).toContain('does not answer');
  });

  test('leaves no parts of a large write behind that fails in the middle', async () => {
    const body = Readable.from(
      (async function* () {
        yield Buffer.alloc(17_000_000);
        throw new Error('The disk of the source breaks.');
      })(),
    );
    const request = { key: 'halfway', body, sizeBytes: 30_000_000, attributes: { metadata: {} } };
    expect(failureFrom(await store().write(request)).code).toBe('damaged');
    expect(await countUploads(given.config())).toBe(0);
  });

  test('sends a write again when the connection breaks before the answer', async () => {
    proxy().behave({ kind: 'cut', afterBytes: 0, times: 2 });
    const body = Readable.from([Buffer.from('again')]);
    valueFrom(await store().write({ key: 'again', body, sizeBytes: 5, attributes: { metadata: {} } }));
    expect(proxy().sufferers()).toBe(2);
    expect((await buffer(valueFrom(await store().read({ key: 'again' })).body)).toString()).toBe('again');
  });
}

async function askEveryWay(store: StoreDriver) {
  const body = Readable.from([Buffer.from('x')]);
  const outcomes: Outcome<unknown>[] = [
    await store.access(),
    await store.describe('there'),
    await store.read({ key: 'there' }),
    await store.write({ key: 'new', body, sizeBytes: 1, attributes: { metadata: {} } }),
  ];
  for await (const page of store.list({ prefix: '' })) outcomes.push(page);
  return outcomes.map((outcome) => failureFrom(outcome));
}
