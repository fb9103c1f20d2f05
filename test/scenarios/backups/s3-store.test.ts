import { type ChildProcess, spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { PutBucketPolicyCommand, PutBucketVersioningCommand, S3Client } from '@aws-sdk/client-s3';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type BackupStand, startBackupStand } from '../../parts/backup-stand.ts';
import { type Bucket, openBucket } from '../../parts/bucket.ts';
import { findRgw } from '../../parts/find-s3-servers.ts';
import {
  type Credentials,
  countUploads,
  createBucket,
  type S3Server,
  startRgw,
} from '../../parts/s3-servers.ts';

const found = await findRgw();
const program = fileURLToPath(new URL('../../../src/main.ts', import.meta.url));

if ('absentBecause' in found) {
  it('says aloud that Ceph RGW is not tried, and why', () => {
    process.stderr.write(`\nBackups to S3 are NOT tried: ${found.absentBecause}.\n`);
    expect(process.env.CI, 'CI has to have every part').toBeUndefined();
  });
} else {
  suite();
}

function suite(): void {
  let stand: BackupStand;
  let server: S3Server;
  let bucket: Bucket;
  let live: Bucket;

  beforeAll(async () => {
    [stand, server] = await Promise.all([startBackupStand(), startRgw()]);
    bucket = openBucket(await createBucket(server));
    live = openBucket(await createBucket(server));
    await live.putFolder(stand.objects);
    // Only what the issue allows: this credential is refused a removal.
    await allow(bucket, ['s3:PutObject', 's3:GetObject', 's3:ListBucket']);
    await useBucket();
  });
  afterAll(async () => {
    bucket.close();
    live.close();
    await Promise.all([stand.remove(), server.stop()]);
  });

  const owner = () => ({ accessKey: server.accessKey, secretKey: server.secretKey });
  const backupKey = (): Credentials => server.stranger ?? owner();

  function useBucket(
    credentials: Credentials = backupKey(),
    changes: Record<string, unknown> = {},
  ): Promise<void> {
    const { endpoint, region } = server;
    const common = { kind: 's3', endpoint, region };
    return stand.writeRunbook({
      backups: {
        store: { ...common, bucket: bucket.config.bucket, ...credentials },
        dumps: { layout: 'pg/{host}/{timestamp}.dump[.gz][.zst][.gpg][.age]' },
        objects: { prefix: 'objects/' },
        key: { privateKeyFile: stand.secretKeyFile },
      },
      production: {
        database: { url: stand.production.urlOf('company') },
        objects: { ...common, bucket: live.config.bucket, ...owner() },
        services: { kind: 'process', controlFile: `${stand.folder}/services.json` },
        envFile: stand.envFile,
      },
      drill: {
        database: { url: stand.drill.urlOf('drill') },
        objects: { kind: 'directory', path: `${stand.folder}/drill-objects` },
      },
      ...changes,
    });
  }

  async function allow(target: Bucket, actions: readonly string[]): Promise<void> {
    await asOwner((client) =>
      client.send(
        new PutBucketPolicyCommand({
          Bucket: target.config.bucket,
          Policy: JSON.stringify({
            Version: '2012-10-17',
            Statement: [
              {
                Effect: 'Allow',
                Principal: { AWS: ['arn:aws:iam:::user/stranger'] },
                Action: actions,
                Resource: [`arn:aws:s3:::${target.config.bucket}`, `arn:aws:s3:::${target.config.bucket}/*`],
              },
            ],
          }),
        }),
      ),
    );
  }

  async function asOwner<T>(work: (client: S3Client) => Promise<T>): Promise<T> {
    const { endpoint, region, accessKey, secretKey } = server;
    const client = new S3Client({
      endpoint,
      region,
      forcePathStyle: true,
      credentials: { accessKeyId: accessKey, secretAccessKey: secretKey },
    });
    try {
      return await work(client);
    } finally {
      client.destroy();
    }
  }

  describe('a backup store on S3, with a key that may put, get and list', () => {
    it('takes a backup and gives it back for a whole verification', async () => {
      await stand.backUp();
      const said = await stand.thaw('verify', stand.runbookFile, '--restore');
      expect(said.text).toContain('5 of 5 tables equal to the manifest, 304 rows');
      expect(said.text).toContain('all 12 objects of the mirror are those that were backed up');
      expect(said).toMatchObject({ status: 0 });
      expect((await bucket.keys('objects/')).length).toBe(12);
    });

    const startBackup = () =>
      spawn(process.execPath, ['--', program, 'backup', stand.runbookFile], {
        cwd: stand.folder,
        stdio: 'ignore',
        env: { PATH: process.env.PATH, HOME: stand.folder },
      });

    it('a backup that is told to stop takes back what it has uploaded', async () => {
      await stand.sql(
        'CREATE TABLE ballast (id serial, content bytea)',
        'ALTER TABLE ballast ALTER content SET STORAGE EXTERNAL',
        `INSERT INTO ballast (content) SELECT gen_random_bytes(1000) || gen_random_bytes(1000) || gen_random_bytes(1000) || gen_random_bytes(1000) FROM generate_series(1, 30000)`,
      );
      // AWS lets whoever began an upload take it back; this server wants a right for it, which the least rights are without.
      await useBucket(owner());
      const before = await bucket.keys('pg/');
      const stopped = startBackup();
      await untilUploading(stopped);
      const ended = new Promise((resolve) => stopped.once('exit', resolve));
      stopped.kill('SIGTERM');
      expect(await ended).toBe(5);
      expect(await countUploads({ ...bucket.config, kind: 's3' })).toBe(0);
      const left = (await bucket.keys('pg/')).filter((key) => !before.includes(key));
      expect(left).toEqual([expect.stringMatching(/\.dump\.started\.json$/)]);
      await useBucket();
    });

    it('a backup killed in the middle of its upload leaves no dump, and is named incomplete', async () => {
      const before = await bucket.keys('pg/');
      const killed = startBackup();
      await untilUploading(killed);
      killed.kill('SIGKILL');
      const left = (await bucket.keys('pg/')).filter((key) => !before.includes(key));
      expect(left).toHaveLength(1);
      expect(left[0]).toMatch(/\.dump\.started\.json$/);
      const snapshots = await stand.thaw('snapshots', stand.runbookFile);
      expect(snapshots.text).toContain('incomplete: its backup began and never ended: there is no dump');
      const id = /(\d{8}T\d{6}Z)\.dump\.started/.exec(left[0] ?? '')?.[1] ?? '';
      const verified = await stand.thaw('verify', stand.runbookFile, '--snapshot', id);
      expect(verified.text).toContain(`${id} is incomplete: its backup began and never ended`);
      expect(verified.status).toBe(1);
      const latest = await stand.thaw('verify', stand.runbookFile);
      expect(latest.text).not.toContain(id);
      await stand.sql('DROP TABLE ballast');
    });

    async function untilUploading(child: ChildProcess): Promise<void> {
      const ended = new Promise<never>((_, reject) => {
        child.once('exit', (code) =>
          reject(new Error(`The backup ended with ${code} before its upload began.`)),
        );
      });
      const begun = (async () => {
        while ((await countUploads({ ...bucket.config, kind: 's3' })) === 0)
          await new Promise((resolve) => setTimeout(resolve, 20));
      })();
      await Promise.race([begun, ended]);
    }

    it('check says that both keys are kept apart, and what the backup key may do', async () => {
      const said = await stand.thaw('check', stand.runbookFile);
      expect(said.text).toMatch(
        /passed {2}permissions: the backup key lists and reads s3:\/\/\S+ at \S+; it may write and may not remove|could not verify {2}permissions: .* it may write and may not remove/,
      );
      expect(said.text).toContain(
        `passed  permissions: the backup key is refused by s3://${live.config.bucket}`,
      );
      expect(said.text).toContain(
        `not as it should be  permissions: the live key opens s3://${bucket.config.bucket}`,
      );
      expect(said.status).not.toBe(0);
      await useBucket(owner());
      const shared = await stand.thaw('check', stand.runbookFile);
      expect(shared.text).toContain('production and backups share one access key');
      await useBucket();
    });

    it('check says when the backup key may remove, or may not write', async () => {
      await allow(bucket, ['s3:PutObject', 's3:GetObject', 's3:ListBucket', 's3:DeleteObject']);
      await useBucket(backupKey(), { retention: undefined });
      const removing = await stand.thaw('check', stand.runbookFile);
      expect(removing.text).toContain('it may write and may remove: whoever steals it can remove history');
      await allow(bucket, ['s3:GetObject', 's3:ListBucket']);
      const reading = await stand.thaw('check', stand.runbookFile);
      expect(reading.text).toContain('it may not write and may not remove: no backup can be made with it');
      await allow(bucket, ['s3:PutObject', 's3:GetObject', 's3:ListBucket']);
      await useBucket();
      expect((await bucket.keys()).filter((key) => key.startsWith('.thaw'))).toEqual([]);
    });

    it('prune reports what it is not allowed to remove, and goes on', async () => {
      await stand.backUp();
      await stand.backUp();
      await useBucket(backupKey(), { retention: { floor: 1 } });
      const shown = await stand.thaw('prune', stand.runbookFile, '--dry-run');
      expect(shown.text).toContain('1 snapshots kept, 4 would be removed.');
      expect(shown.status).toBe(0);
      const said = await stand.thaw('prune', stand.runbookFile);
      expect(said.text).toContain('stays: Cannot remove s3://');
      expect(said.text).toContain('1 snapshots kept, 0 removed, 4 could not be removed.');
      expect(said.status).toBe(1);
    });

    it('prune removes with a key that may, and never the newest complete one nor the mirror', async () => {
      await useBucket(owner(), { retention: { floor: 1 } });
      const said = await stand.thaw('prune', stand.runbookFile);
      expect(said.text).toContain('1 snapshots kept, 4 removed.');
      expect(said.status).toBe(0);
      const left = await bucket.keys('pg/');
      expect(left).toHaveLength(5);
      expect((await bucket.keys('objects/')).length).toBe(12);
      // What another account wrote, the owner of the bucket may remove and not read.
      await useBucket();
      const verified = await stand.thaw('verify', stand.runbookFile, '--all');
      expect(verified, verified.text).toMatchObject({ status: 0 });
    });

    it('prune says when the store keeps versions and only hides what was removed', async () => {
      await asOwner((client) =>
        client.send(
          new PutBucketVersioningCommand({
            Bucket: bucket.config.bucket,
            VersioningConfiguration: { Status: 'Enabled' },
          }),
        ),
      );
      await stand.backUp();
      await useBucket(owner(), { retention: { floor: 1 } });
      const said = await stand.thaw('prune', stand.runbookFile);
      expect(said.text).toContain('1 are only hidden: the store keeps versions.');
      expect(said.status).toBe(0);
    });
  });
}
