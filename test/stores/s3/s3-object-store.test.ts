import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { objectStoreContract } from '../../contracts/object-store.contract.ts';
import { objectStreamContract } from '../../contracts/object-stream.contract.ts';
import type { Found } from '../../parts/find-program.ts';
import { findMinio, findRgw } from '../../parts/find-s3-servers.ts';
import { createBucket, type S3Server, startMinio, startRgw } from '../../parts/s3-servers.ts';
import { promisesOfDownloading } from './downloading.suite.ts';
import { promisesOfFailing } from './failing.suite.ts';
import { openBucketStore } from './open-bucket-store.ts';

const servers = [
  { name: 'Ceph RGW', found: await findRgw(), start: startRgw },
  { name: 'MinIO', found: await findMinio(), start: startMinio },
];

for (const { name, found, start } of servers) {
  if ('absentBecause' in found) sayAbsent(name, found);
  else suite(name, () => start(found.binary));
}

function suite(name: string, start: () => Promise<S3Server>): void {
  describe(`On ${name}`, () => {
    let server: S3Server | undefined;
    beforeAll(async () => {
      server = await start();
    });
    afterAll(() => server?.stop());
    const get = (): S3Server => {
      if (server === undefined) throw new Error(`${name} is not started.`);
      return server;
    };
    const bucketStore = {
      name,
      make: async () => ({ store: openBucketStore(await createBucket(get())), dispose: async () => {} }),
    };
    objectStoreContract(bucketStore);
    objectStreamContract(bucketStore);
    promisesOfFailing(get);
    promisesOfDownloading(get);
  });
}

function sayAbsent(name: string, found: Found): void {
  test(`says aloud that ${name} is not tried, and why`, () => {
    const why = 'absentBecause' in found ? found.absentBecause : '';
    process.stderr.write(`\n${name} is NOT tried: ${why}.\n`);
    expect(why).not.toBe('');
  });
}
