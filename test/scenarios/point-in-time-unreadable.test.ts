import { chmod, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { PutBucketPolicyCommand, S3Client } from '@aws-sdk/client-s3';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type StoreRequest, storeRequests } from '../../src/stores/with-observation.ts';
import { type ArchivingCluster, startArchivingCluster } from '../parts/archiving-cluster.ts';
import { type Bucket, openBucket } from '../parts/bucket.ts';
import { readValue } from '../parts/count-rows.ts';
import { findRgw } from '../parts/find-s3-servers.ts';
import { findFreePort } from '../parts/free-port.ts';
import { createBucket, type S3Server, startRgw } from '../parts/s3-servers.ts';
import { stopRecovered } from '../parts/stop-recovered.ts';
import { thawHere } from '../parts/thaw.ts';

const found = await findRgw();

if ('absentBecause' in found) {
  it('says aloud that Ceph RGW is not tried, and why', () => {
    process.stderr.write(`\nUnreadable files of base backups are NOT tried: ${found.absentBecause}.\n`);
    expect(process.env.CI, 'CI has to have every part').toBeUndefined();
  });
} else describe('A base backup and a WAL archive of which files cannot be read', suite);

function suite(): void {
  let folder: string;
  let server: S3Server;
  let company: ArchivingCluster;
  let bucket: Bucket;
  let client: S3Client;
  const reads: string[] = [];
  const note = (message: unknown) => {
    const { method, key, outcome } = message as StoreRequest;
    if (method === 'read' && outcome === 'ok') reads.push(key);
  };

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'thaw-unreadable-'));
    await chmod(folder, 0o711);
    server = await startRgw();
    bucket = openBucket(await createBucket(server));
    const { endpoint, region, accessKey, secretKey } = server;
    const credentials = { accessKeyId: accessKey, secretAccessKey: secretKey };
    client = new S3Client({ endpoint, region, forcePathStyle: true, credentials });
    const store = join(folder, 'store');
    company = await startArchivingCluster({
      folder: join(folder, 'production'),
      archive: join(store, 'wal-archive'),
    });
    await company.file(60);
    await company.takeBase(join(store, 'base', '20251017-020000'), '--format=plain', '--wal-method=none');
    await company.file(11);
    await company.archiveNow();
    await company.file(5);
    await company.archiveNow();
    await bucket.putFolder(store);
    storeRequests.subscribe(note);
  });
  afterAll(async () => {
    storeRequests.unsubscribe(note);
    client?.destroy();
    bucket?.close();
    await company?.cluster.stop();
    for (const path of await readdir(folder, { recursive: true }))
      if (path.endsWith('/postmaster.pid')) await stopRecovered(join(folder, dirname(path)));
    await rm(folder, { recursive: true, force: true });
    await server?.stop();
  });

  async function deny(keys: readonly string[]): Promise<void> {
    const Bucket = bucket.config.bucket;
    const resource = `arn:aws:s3:::${Bucket}`;
    const Principal = { AWS: ['arn:aws:iam:::user/stranger'] };
    const Resource = keys.map((key) => `${resource}/${key}`);
    const allowed = { Effect: 'Allow', Principal, Action: ['s3:*'], Resource: [resource, `${resource}/*`] };
    const denied = { Effect: 'Deny', Principal, Action: ['s3:GetObject'], Resource };
    const Statement = keys.length === 0 ? [allowed] : [allowed, denied];
    const Policy = JSON.stringify({ Version: '2012-10-17', Statement });
    await client.send(new PutBucketPolicyCommand({ Bucket, Policy }));
  }

  async function stage(layout: string) {
    const { stranger } = server;
    if (stranger === undefined) throw new Error('This server has no second user.');
    const text = await readFile('runbooks/corporate-intel-pitr.yaml', 'utf8');
    const book = join(await mkdtemp(join(folder, 'book-')), 'book.yaml');
    await writeFile(book, text.replace(/layout: base\/.*/, `layout: ${layout}`));
    const logFolder = await mkdtemp(join(folder, 'log-'));
    const recovered = await mkdtemp(join(folder, 'recovered-'));
    await chmod(recovered, 0o711);
    const port = String(await findFreePort());
    const url = new URL(company.url);
    url.port = port;
    const env = {
      HOME: folder,
      TMPDIR: folder,
      RECOVERED_FOLDER: join(recovered, 'data'),
      RECOVERED_PORT: port,
      DB_HOST: '127.0.0.1',
      DB_PORT: String(company.cluster.port),
      PGPASSWORD: company.password,
      S3_ENDPOINT: server.endpoint,
      S3_REGION: server.region,
      S3_BUCKET: bucket.config.bucket,
      AWS_ACCESS_KEY_ID: stranger.accessKey,
      AWS_SECRET_ACCESS_KEY: stranger.secretKey,
    };
    const answers = ['--yes', '--answer', 'recover-cluster.promote=yes', '--answer', 'switch-over=yes'];
    const thaw = (...words: readonly string[]) => {
      reads.length = 0;
      return thawHere({ args: [...words, '--plain', '--log-dir', logFolder, ...answers], env, cwd: folder });
    };
    return { book, thaw, url: url.href, folder: join(recovered, 'data') };
  }

  it('names all of them at once, keeps what came, and reads only those again', async () => {
    const keys = await bucket.keys();
    const base = keys.filter((key) => key.startsWith('base/'));
    const segment = keys.filter((key) => /wal-archive\/[0-9A-F]{24}$/.test(key)).at(-1) ?? '';
    const bad = [...base.filter((key) => /\/base\/1\/(1247|1259)$/.test(key)), segment];
    expect(bad).toHaveLength(3);
    const { book, thaw, url, folder: data } = await stage('base/{timestamp}/backup_label');
    await deny(bad);
    const first = await thaw('restore', book);
    expect(first.status, first.text).toBe(1);
    for (const key of bad) expect(first.text).toContain(`not copied  ${key}: `);
    expect(first.text).toMatch(/3 of [\d,]+ objects could not be copied/);
    // Whatever is good has come, although the bad ones are among the first.
    const came = new Set(
      (await readdir(data, { recursive: true })).map((path) => `base/20251017-020000/${path}`),
    );
    expect(base.filter((key) => !came.has(key)).sort()).toEqual(bad.slice(0, 2).sort());

    await deny([segment]);
    const second = await thaw('resume');
    expect(second.text).toMatch(/1 of [\d,]+ objects could not be copied/);
    const again = new Set(reads.filter((key) => !/backup_(label|manifest)$|\.backup$/.test(key)));
    expect([...again].filter((key) => key.startsWith('base/')).sort()).toEqual(bad.slice(0, 2).sort());

    await deny([]);
    const last = await thaw('resume');
    expect(last.text).toMatch(/is as it was backed up \(pg_verifybackup/);
    expect(await readValue(url, 'select count(*) as value from filings')).toBe('76');
    expect(reads.filter((key) => key.startsWith('base/') && !/backup_(label|manifest)$/.test(key))).toEqual(
      [],
    );
    await stopRecovered(data);
  });
  it('names the manifest and the WAL at once beside a tar that came, which is not read again', async () => {
    const tarKey = 'tar/20251017-030000/base.tar.gz';
    await company.takeBase(join(folder, 'tar'), '--format=tar', '--gzip', '--wal-method=none');
    await company.archiveNow();
    for (const name of ['base.tar.gz', 'backup_manifest'])
      await bucket.put(`tar/20251017-030000/${name}`, await readFile(join(folder, 'tar', name)));
    const archive = join(folder, 'store', 'wal-archive');
    for (const name of await readdir(archive))
      await bucket.put(`wal-archive/${name}`, await readFile(join(archive, name)));
    const segments = (await readdir(archive)).filter((name) => /^[0-9A-F]{24}$/.test(name)).sort();
    const bad = ['tar/20251017-030000/backup_manifest', `wal-archive/${segments.at(-1)}`];
    const { book, thaw, url, folder: data } = await stage('tar/{timestamp}/base.tar[.gz]');
    await deny(bad);
    const first = await thaw('restore', book);
    for (const key of bad) expect(first.text).toContain(`not copied  ${key}: `);
    expect(reads).toContain(tarKey);
    await deny([]);
    const last = await thaw('resume');
    expect(last.text).toMatch(/is as it was backed up \(pg_verifybackup/);
    expect(await readValue(url, 'select count(*) as value from filings')).toBe('76');
    // The look beforehand reads its beginning; nothing else does.
    expect(reads.filter((key) => key === tarKey).length).toBeLessThanOrEqual(2);
    expect(last.text).not.toContain('$ tar --extract');
    await stopRecovered(data);
  });
}
