import { findFreePort } from '../../parts/free-port.ts';
import { createBucket } from '../../parts/s3-servers.ts';
import type { Case } from './stand.ts';

/** What is wrong with a store, its credentials or what lies in it. */
export const storeCases: readonly Case[] = [
  {
    wrong: 'a missing credential',
    prepare: () => ({ env: { BACKUP_S3_SECRET_KEY: undefined } }),
    status: 4,
    says: /One value is missing: BACKUP_S3_SECRET_KEY \(secret for the backup bucket only\)/,
    remedy: /Set it in the environment, or in a file given with --env-file/,
  },
  {
    wrong: 'a wrong credential of the backup store',
    prepare: () => ({ env: { BACKUP_S3_SECRET_KEY: 'not-the-secret-of-this-store' } }),
    status: 3,
    says: /failed: Cannot list s3:\/\/thaw-\w+: the secret key does not belong to this access key/,
    remedy: /to do: Enter the secret key again/,
  },
  {
    wrong: 'a wrong credential of the live store',
    prepare: async (stand) => ({
      envFile: await stand.envFile((text) =>
        text.replace(/^MINIO_SECRET_KEY=.*$/m, 'MINIO_SECRET_KEY=not-the-secret'),
      ),
    }),
    status: 3,
    says: /failed: Cannot list s3:\/\/thaw-\w+: the secret key does not belong to this access key/,
    remedy: /to do: Enter the secret key again/,
  },
  {
    wrong: 'a bucket that does not exist',
    prepare: () => ({ env: { BACKUP_S3_BUCKET: 'no-such-bucket-anywhere' } }),
    status: 3,
    says: /no-such-bucket-anywhere.*(no such bucket|does not exist|no bucket)/i,
    remedy: /Check .*bucket/i,
  },
  {
    wrong: 'a backup server that does not answer',
    prepare: async () => ({ env: { BACKUP_S3_ENDPOINT: `http://127.0.0.1:${await findFreePort()}` } }),
    status: 3,
    says: /Cannot list s3:\/\/thaw-\w+: nothing answers at 127\.0\.0\.1:\d+/,
    remedy: /to do: Start the store, or correct its address/,
  },
  {
    wrong: 'a prefix that does not exist',
    prepare: () => ({ env: { BACKUP_HOST: 'some-other-host' } }),
    status: 3,
    says: /There is no snapshot in s3:\/\/thaw-\w+.* of host some-other-host/,
    remedy: /Compare the layout with what is there: pg\/port-nimara-1\//,
  },
  {
    wrong: 'a bucket without a snapshot',
    prepare: async (stand) => {
      const { accessKey = '', secretKey = '' } = stand.server.stranger ?? {};
      const { bucket } = await createBucket({ ...stand.server, accessKey, secretKey });
      return { env: { BACKUP_S3_BUCKET: bucket } };
    },
    status: 3,
    says: /There is no snapshot in s3:\/\/thaw-\w+.*none of 0 objects under pg\//,
    remedy: /Check the bucket and the prefix in the runbook/,
  },
  {
    wrong: 'a snapshot that is not there',
    prepare: () => ({ args: ['--snapshot', '2019-01-01/00'] }),
    status: 3,
    says: /There is no snapshot 2019-01-01\/00/,
    remedy: /Look at `thaw snapshots` and name one of those/,
  },
  {
    wrong: 'a dump of zero bytes',
    prepare: (stand) => stand.otherDump(Buffer.alloc(0)),
    status: 3,
    says: /Snapshot \S+ cannot be used: 0 bytes cannot hold a dump/,
    remedy: /Choose another one; \S+ is the newest complete one/,
  },
];
