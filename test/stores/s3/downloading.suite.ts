import { createHash, randomBytes } from 'node:crypto';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { createDiskHost } from '../../../src/adapters/disk/disk-host.ts';
import type { ObjectInfo, StoreDriver } from '../../../src/ports/object-store.ts';
import { failureFrom, put, valueFrom } from '../../contracts/object-store.contract.ts';
import { type CuttingProxy, startCuttingProxy } from '../../parts/cutting-proxy.ts';
import { createBucket, type S3Server } from '../../parts/s3-servers.ts';
import { openBucketStore } from './open-bucket-store.ts';

const content = randomBytes(30_000_000);

/** A dump that is fetched from a real store while the line behaves as lines do at night. */
export function promisesOfDownloading(server: () => S3Server): void {
  describe('A download over a bad network', () => {
    let proxy: CuttingProxy;
    let store: StoreDriver;
    let object: ObjectInfo;
    let folder: string;
    beforeAll(async () => {
      proxy = await startCuttingProxy({ targetPort: server().port });
      store = openBucketStore({ ...(await createBucket(server())), endpoint: proxy.endpoint });
      valueFrom(await put(store, 'pg/dump.gz.gpg', content));
      const described = valueFrom(await store.describe('pg/dump.gz.gpg'));
      if (described === undefined) throw new Error('The dump is not there.');
      object = described;
    });
    afterEach(async () => {
      proxy.behave({ kind: 'pass' });
      await rm(folder, { recursive: true, force: true });
    });
    afterAll(async () => {
      store.close();
      await proxy.close();
    });
    const fetch = async (stallMs: number) => {
      folder = await mkdtemp(join(tmpdir(), 'thaw-fetch-'));
      const toFile = join(folder, 'dump');
      const request = { from: store, object, toFile, stallMs, onProgress: () => {} };
      return { toFile, downloaded: await createDiskHost({ env: {} }).download(request) };
    };
    const expectWhole = async (fetched: Awaited<ReturnType<typeof fetch>>) => {
      const wanted = createHash('sha256').update(content).digest('hex');
      expect(valueFrom(fetched.downloaded).sha256).toBe(wanted);
      expect((await readFile(fetched.toFile)).equals(content)).toBe(true);
    };

    test('comes whole over a good line', async () => {
      await expectWhole(await fetch(5000));
    });

    test('comes whole though every connection is cut after 3 MB', async () => {
      proxy.behave({ kind: 'cut', afterBytes: 3_000_000 });
      await expectWhole(await fetch(5000));
      expect(proxy.sufferers()).toBeGreaterThanOrEqual(8);
    });

    test('comes whole though four connections go silent in the middle', async () => {
      proxy.behave({ kind: 'stall', afterBytes: 2_000_000, times: 4 });
      await expectWhole(await fetch(700));
      expect(proxy.sufferers()).toBe(4);
    });

    test('ends with conflict when the dump is replaced while it comes', async () => {
      valueFrom(await put(store, 'pg/dump.gz.gpg', Buffer.from(content.toReversed())));
      expect(failureFrom((await fetch(5000)).downloaded).code).toBe('conflict');
      valueFrom(await put(store, 'pg/dump.gz.gpg', content));
    });
  });
}
