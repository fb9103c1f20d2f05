import { afterAll, beforeAll, beforeEach, describe, expect, it, test } from 'vitest';
import { type StoreRequest, storeRequests } from '../../../src/stores/with-observation.ts';
import { type BackupStand, startBackupStand } from '../../parts/backup-stand.ts';
import { type Bucket, openBucket } from '../../parts/bucket.ts';
import { findMinio, findRgw } from '../../parts/find-s3-servers.ts';
import { createBucket, type S3Server, startMinio, startRgw } from '../../parts/s3-servers.ts';

const [rgw, minio] = [await findRgw(), await findMinio()];
const start =
  'binary' in rgw ? () => startRgw() : 'binary' in minio ? () => startMinio(minio.binary) : undefined;

if (start === undefined)
  test('says aloud that listings are not counted', () =>
    void process.stderr.write('\nNo S3 server is here: listings are NOT counted.\n'));
else describe('Dumps and objects in one bucket', () => counted(start));

const objectCount = 1_200;

function counted(startServer: () => Promise<S3Server>): void {
  let server: S3Server;
  let company: BackupStand;
  let backups: Bucket;
  let live: Bucket;
  let throwaway: Bucket;
  const listings: StoreRequest[] = [];
  const note = (message: unknown) => {
    const request = message as StoreRequest;
    if (request.method === 'list') listings.push(request);
  };

  beforeAll(async () => {
    server = await startServer();
    company = await startBackupStand();
    [backups, live, throwaway] = [
      openBucket(await createBucket(server)),
      openBucket(await createBucket(server)),
      openBucket(await createBucket(server)),
    ];
    const { endpoint, region, accessKey, secretKey } = server;
    const storeOf = ({ config: { bucket } }: Bucket) => ({
      ...{ kind: 's3', endpoint, region, bucket, accessKey, secretKey },
    });
    await company.writeRunbook({
      backups: {
        store: storeOf(backups),
        dumps: { layout: 'pg/{host}/{timestamp}.dump[.gz][.zst][.gpg][.age]' },
        objects: { prefix: 'objects/' },
        key: { privateKeyFile: company.secretKeyFile },
      },
      production: {
        database: { url: company.production.urlOf('company') },
        objects: storeOf(live),
        envFile: company.envFile,
      },
      drill: { database: { url: company.drill.urlOf('drill') }, objects: storeOf(throwaway) },
      steps: [
        { kind: 'choose-snapshot' },
        { kind: 'fetch' },
        { kind: 'decrypt' },
        { kind: 'restore-database' },
        { kind: 'mirror-objects', alongside: true },
      ],
    });
    const numbers = Array.from({ length: objectCount }, (_, number) => number);
    const queue = numbers.values();
    const put = async () => {
      for (const number of queue) await live.put(`receipts/${number}.txt`, Buffer.from(`receipt ${number}`));
    };
    await Promise.all(Array.from({ length: 16 }, put));
    await company.backUp();
    storeRequests.subscribe(note);
  });
  beforeEach(() => {
    listings.length = 0;
  });
  afterAll(async () => {
    storeRequests.unsubscribe(note);
    for (const bucket of [backups, live, throwaway]) bucket?.close();
    await company?.remove();
    await server?.stop();
  });

  /** How often each object of a bucket was named, on the average of all of them, by all listings together. */
  const timesNamed = ({ config }: Bucket, keys: number) =>
    listings
      .filter(({ address }) => address.startsWith(`s3://${config.bucket} `))
      .reduce((sum, { objects = 0 }) => sum + objects, 0) / keys;

  it('are listed once by thaw check, though many steps ask what is there, and once to its bound by the look for open secrets', async () => {
    const keys = (await backups.keys()).length;
    const said = await company.thaw('check', company.runbookFile);
    expect(said.text).toContain('1 snapshots');
    expect(keys).toBeGreaterThan(objectCount);
    const [all, ofSteps] = [listings.splice(0), (one: StoreRequest) => one.key !== ''];
    const looks = all.filter((one) => !ofSteps(one));
    expect(looks).toHaveLength(2);
    listings.push(...all.filter(ofSteps));
    expect(listings.length).toBeGreaterThan(0);
    expect(timesNamed(backups, keys)).toBeLessThanOrEqual(1);
    expect(timesNamed(live, objectCount)).toBeLessThanOrEqual(1);
    // Nobody asks twice for the same prefix, nor for one within another.
    const asked = listings.map(({ address, key }) => `${address} ${key}`);
    expect(
      asked.filter((one, index) => asked.some((other, at) => at !== index && one.startsWith(other))),
    ).toEqual([]);
  });

  it('are listed at most three times by a drill: for cold storage beforehand, to copy, and to prove it', async () => {
    const keys = (await backups.keys()).length;
    const said = await company.thaw('drill', company.runbookFile, '--snapshot', 'latest', '--yes');
    expect(said.status, said.text).toBe(0);
    expect(said.text).toContain(`${objectCount.toLocaleString('en')} objects`);
    // The look beforehand ends at 20,000 keys; the other two do not.
    expect(timesNamed(backups, keys)).toBeLessThanOrEqual(3);
    expect(timesNamed(live, objectCount)).toBeLessThanOrEqual(1);
    expect(timesNamed(throwaway, objectCount)).toBeLessThanOrEqual(2);
    expect(await throwaway.keys()).toEqual([]);
  });
}
