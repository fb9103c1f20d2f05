import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtemp, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { PutBucketPolicyCommand, S3Client } from '@aws-sdk/client-s3';
import { type BackupStand, startBackupStand } from '../../parts/backup-stand.ts';
import { type Bucket, openBucket } from '../../parts/bucket.ts';
import { putInParts } from '../../parts/put-in-parts.ts';
import { checksOf, readRecord } from '../../parts/run-log.ts';
import { createBucket, type S3Server } from '../../parts/s3-servers.ts';
import type { SaidHere } from '../../parts/thaw.ts';

/** A company whose objects live in a bucket and are backed up into another one, on one S3 server. */
export type ObjectStand = {
  readonly company: BackupStand;
  readonly live: Bucket;
  readonly mirror: Bucket;
  /** Both buckets empty, receipts of that many bytes each in the live one, then `thaw backup`. */
  backUpObjects(objects: ReadonlyMap<string, Buffer>): Promise<void>;
  /** `thaw restore`, with everything answered but what is dangerous. */
  restore(...args: readonly string[]): Promise<Restored>;
  /** The same of the snapshot of that id. */
  restoreOf(snapshot: string, ...args: readonly string[]): Promise<Restored>;
  /** From then on a restore reaches the backups there; `thaw backup` goes where they are. */
  readBackupsFrom(endpoint: string): Promise<void>;
  resume(logFolder: string, ...args: readonly string[]): Promise<Restored>;
  /** The same as `restore`, in a process of its own that can be killed. */
  startRestore(logFolder: string, ...args: readonly string[]): ChildProcess;
  newLogFolder(): Promise<string>;
  /** Puts an object in parts of that size, as another program would. */
  putInParts(key: string, content: Buffer, partBytes: number): Promise<void>;
  /** The backups are read with another user's key, which is refused these keys. */
  denyInMirror(keys: readonly string[]): Promise<void>;
  /** What a restore does about objects that anybody may read. */
  setPublicObjects(what: 'keep' | 'name'): Promise<void>;
  liveText(key: string): Promise<string>;
  remove(): Promise<void>;
};

export type Restored = SaidHere & { readonly logFolder: string };

const program = fileURLToPath(new URL('../../../src/main.ts', import.meta.url));
const answers = (snapshot = 'latest') => ['--yes', '--snapshot', snapshot];

export async function startObjectStand(server: S3Server, patience = '2m'): Promise<ObjectStand> {
  const company = await startBackupStand();
  const live = openBucket(await createBucket(server));
  const mirror = openBucket(await createBucket(server));
  const { endpoint, region, accessKey, secretKey } = server;
  const client = new S3Client({
    endpoint,
    region,
    forcePathStyle: true,
    credentials: { accessKeyId: accessKey, secretAccessKey: secretKey },
  });
  const owner = { accessKey, secretKey };
  let publicObjects: 'keep' | 'name' = 'name';
  let backupsAt = endpoint;
  const writeRunbook = (reader: { readonly accessKey: string; readonly secretKey: string }) =>
    company.writeRunbook({
      backups: {
        store: { kind: 's3', endpoint: backupsAt, region, bucket: mirror.config.bucket, ...reader },
        dumps: { layout: 'pg/{host}/{timestamp}.dump[.gz][.zst][.gpg][.age]' },
        objects: { prefix: 'objects/' },
        key: { privateKeyFile: company.secretKeyFile },
      },
      production: {
        database: { url: company.production.urlOf('company') },
        objects: { kind: 's3', endpoint, region, bucket: live.config.bucket, ...owner },
        services: { kind: 'process', controlFile: join(company.folder, 'services.json') },
        envFile: company.envFile,
      },
      steps: [
        { kind: 'choose-snapshot' },
        { kind: 'stop-writers', services: ['web'] },
        { kind: 'fetch' },
        { kind: 'decrypt' },
        { kind: 'restore-database' },
        { kind: 'mirror-objects', alongside: true, patience, publicObjects },
      ],
    });
  const [logFile, pidFile] = [join(company.folder, 'web.log'), join(company.folder, 'web.pid')];
  const web = {
    name: 'web',
    command: '/bin/false',
    args: [],
    env: {},
    cwd: company.folder,
    logFile,
    pidFile,
  };
  // It ran, and has ended: what never was there would be no proof that nobody writes.
  await writeFile(pidFile, `${process.pid} 1\n`);
  await writeFile(join(company.folder, 'services.json'), JSON.stringify({ services: [web] }));
  await writeRunbook(owner);
  const newLogFolder = () => mkdtemp(join(company.folder, 'log-'));
  const argsOf = (logFolder: string, snapshot?: string) => [
    'restore',
    company.runbookFile,
    '--log-dir',
    logFolder,
    ...answers(snapshot),
  ];
  const policy = (bucket: Bucket, statements: readonly object[]) =>
    client.send(
      new PutBucketPolicyCommand({
        Bucket: bucket.config.bucket,
        Policy: JSON.stringify({ Version: '2012-10-17', Statement: statements }),
      }),
    );

  return {
    company,
    live,
    mirror,
    newLogFolder,
    async backUpObjects(objects) {
      for (const bucket of [live, mirror]) await bucket.remove(await bucket.keys());
      backupsAt = endpoint;
      await writeRunbook(owner);
      for (const [key, content] of objects) await live.put(key, content);
      await company.backUp();
    },
    async restore(...args) {
      const logFolder = await newLogFolder();
      return { ...(await company.thaw(...argsOf(logFolder), ...args)), logFolder };
    },
    async restoreOf(snapshot, ...args) {
      const logFolder = await newLogFolder();
      return { ...(await company.thaw(...argsOf(logFolder, snapshot), ...args)), logFolder };
    },
    async readBackupsFrom(place) {
      backupsAt = place;
      await writeRunbook(owner);
    },
    async resume(logFolder, ...args) {
      return { ...(await company.thaw('resume', '--log-dir', logFolder, ...args)), logFolder };
    },
    startRestore: (logFolder, ...args) =>
      spawn(process.execPath, ['--', program, ...argsOf(logFolder), ...args], {
        cwd: company.folder,
        stdio: ['ignore', 'pipe', 'pipe'],
        env: { PATH: process.env.PATH, HOME: company.folder, LANG: 'C.UTF-8' },
      }),
    putInParts: (key, content, partBytes) =>
      putInParts(client, { Bucket: live.config.bucket, Key: key, content, partBytes }),
    async denyInMirror(keys) {
      const { stranger } = server;
      if (stranger === undefined) throw new Error('This server has no second user.');
      const resource = `arn:aws:s3:::${mirror.config.bucket}`;
      const Principal = { AWS: ['arn:aws:iam:::user/stranger'] };
      await policy(mirror, [
        { Effect: 'Allow', Principal, Action: ['s3:*'], Resource: [resource, `${resource}/*`] },
        ...(keys.length === 0
          ? []
          : [
              {
                Effect: 'Deny',
                Principal,
                Action: ['s3:GetObject'],
                Resource: keys.map((key) => `${resource}/objects/${key}`),
              },
            ]),
      ]);
      await writeRunbook(stranger);
    },
    async setPublicObjects(what) {
      publicObjects = what;
      await writeRunbook(owner);
    },
    liveText: async (key) => (await live.get(key)).toString(),
    async remove() {
      client.destroy();
      live.close();
      mirror.close();
      await company.remove();
    },
  };
}

/** "step verdict: text" of every check of the run's record. */
export async function checksIn(logFolder: string): Promise<string> {
  return checksOf(await readRecord(logFolder)).join('\n');
}
