import {
  CreateBucketCommand,
  DeleteObjectCommand,
  ListObjectVersionsCommand,
  PutObjectLockConfigurationCommand,
  S3Client,
} from '@aws-sdk/client-s3';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createSecret } from '../../../src/base/secret.ts';
import { type BackupStand, startBackupStand } from '../../parts/backup-stand.ts';
import { type Bucket, openBucket } from '../../parts/bucket.ts';
import { findRgw } from '../../parts/find-s3-servers.ts';
import { newestRun } from '../../parts/run-log.ts';
import { type S3Server, startRgw } from '../../parts/s3-servers.ts';

const found = await findRgw();

if ('absentBecause' in found) {
  it('says aloud that object lock is not tried, and why', () => {
    process.stderr.write(`\nObject lock is NOT tried: ${found.absentBecause}.\n`);
    expect(process.env.CI, 'CI has to have every part').toBeUndefined();
  });
} else {
  describe('A bucket under object lock', suite);
}

const name = 'thaw-locked';

function suite(): void {
  let stand: BackupStand;
  let server: S3Server;
  let client: S3Client;
  let bucket: Bucket;

  beforeAll(async () => {
    [stand, server] = await Promise.all([startBackupStand(), startRgw()]);
    const { endpoint, region, accessKey, secretKey } = server;
    client = new S3Client({
      endpoint,
      region,
      forcePathStyle: true,
      credentials: { accessKeyId: accessKey, secretAccessKey: secretKey },
    });
    await client.send(new CreateBucketCommand({ Bucket: name, ObjectLockEnabledForBucket: true }));
    const rule = { DefaultRetention: { Mode: 'COMPLIANCE', Days: 1 } } as const;
    await client.send(
      new PutObjectLockConfigurationCommand({
        Bucket: name,
        ObjectLockConfiguration: { ObjectLockEnabled: 'Enabled', Rule: rule },
      }),
    );
    const store = { kind: 's3' as const, endpoint, region, bucket: name, accessKey, secretKey };
    bucket = openBucket({
      ...store,
      accessKey: createSecret(accessKey),
      secretKey: createSecret(secretKey),
    });
    await stand.writeRunbook({
      backups: {
        store,
        dumps: { layout: 'pg/{host}/{timestamp}.dump[.gz][.zst][.gpg][.age]' },
        objects: { prefix: 'objects/' },
        key: { privateKeyFile: stand.secretKeyFile },
      },
      records: { anchor: 'thaw-records/' },
      retention: { floor: 1 },
    });
  });
  afterAll(async () => {
    client?.destroy();
    bucket?.close();
    await Promise.all([stand?.remove(), server?.stop()]);
  });

  async function versionsOf(prefix: string) {
    const listed = await client.send(new ListObjectVersionsCommand({ Bucket: name, Prefix: prefix }));
    return (listed.Versions ?? []).map(({ Key, VersionId }) => ({ Key, VersionId }));
  }

  it('takes backups, gives them back, and lets nobody remove them for good', async () => {
    await stand.backUp();
    await stand.backUp();
    const verified = await stand.thaw('verify', stand.runbookFile, '--all', '--restore');
    expect(verified, verified.text).toMatchObject({ status: 0 });
    const dumps = await versionsOf('pg/');
    for (const version of dumps)
      await expect(client.send(new DeleteObjectCommand({ Bucket: name, ...version }))).rejects.toMatchObject({
        name: 'AccessDenied',
      });
    const pruned = await stand.thaw('prune', stand.runbookFile);
    expect(pruned.text).toContain('1 snapshots kept, 1 removed.');
    expect(pruned.text).toContain('1 are only hidden: the store keeps versions.');
    for (const version of dumps) expect(await versionsOf(version.Key ?? '')).toContainEqual(version);
  });

  it('keeps the anchor of a record, and a look at it tells who hid or replaced it', async () => {
    const drilled = await stand.thaw('drill', stand.runbookFile, '--plain', '--yes', '--snapshot', 'latest');
    expect(drilled, drilled.text).toMatchObject({ status: 0 });
    const runId = await newestRun(`${stand.folder}/restore-logs`);
    const verify = () => stand.thaw('records', 'verify', runId, '--anchored', stand.runbookFile);
    const held = await verify();
    expect(held.text).toContain('1 anchors in the backup store agree');
    expect(held.status).toBe(0);
    const [anchor] = await bucket.keys('thaw-records/');
    const kept = await versionsOf('thaw-records/');
    await bucket.put(anchor ?? '', Buffer.from('{"runId":"other","entries":1,"head":"0"}\n'));
    const replaced = await verify();
    expect(replaced.status, replaced.text).not.toBe(0);
    expect(replaced.text).toContain('is not as it was written');
    expect(await versionsOf('thaw-records/')).toContainEqual(kept[0]);
    await bucket.remove([anchor ?? '']);
    const hidden = await verify();
    expect(hidden.status, hidden.text).not.toBe(0);
    expect(await versionsOf('thaw-records/')).toContainEqual(kept[0]);
  });
}
