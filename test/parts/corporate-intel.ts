import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { chmod, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { withConnection } from '../../src/sandbox/crm/database.ts';
import { type PostgresCluster, startPostgresCluster } from '../../src/sandbox/postgres-cluster.ts';
import { type Bucket, openBucket } from './bucket.ts';
import { makeClusterFolder } from './cluster-folder.ts';
import { type GpgHome, type GpgKey, makeGpgHome } from './gpg-keys.ts';
import { createBucket, type S3Server } from './s3-servers.ts';

const run = promisify(execFile);

/** Corporate Intel on disk and in the store as its handbook describes it: its own scripts' names, gpg, metadata, snapshots. */
export type CorporateIntel = {
  readonly folder: string;
  readonly production: PostgresCluster;
  readonly drill: PostgresCluster;
  readonly databaseUrl: string;
  /** /var/backups/postgres. */
  readonly backupRoot: string;
  readonly offsite: Bucket;
  readonly live: Readonly<Record<BucketName, Bucket>>;
  readonly replicas: Readonly<Record<BucketName, Bucket>>;
  readonly sandbox: Bucket;
  readonly gpg: GpgHome;
  readonly key: GpgKey;
  readonly secrets: readonly string[];
  readonly configFolder: string;
  readonly environment: Readonly<Record<string, string>>;
  /** pg_dump | gzip | gpg with its metadata, into the folder and into the bucket. */
  backUp(request: { readonly tier: 'daily' | 'weekly' | 'monthly'; readonly at: Date }): Promise<string>;
  /** Another good dump in the place of this one; the metadata stays. */
  exchange(key: string): Promise<void>;
  sql(statement: string): Promise<void>;
  destroy(): Promise<void>;
};

export const bucketNames = ['company-data', 'embeddings', 'user-uploads'] as const;
export type BucketName = (typeof bucketNames)[number];

const settings = { fsync: 'off', full_page_writes: 'off', synchronous_commit: 'off' };
const passphrase = 'CANARY-of-the-corporate-key';
export const analystPassword = 'CANARY-of-the-analyst';

export async function startCorporateIntel(server: S3Server): Promise<CorporateIntel> {
  const folder = await mkdtemp(join(tmpdir(), 'thaw-corporate-'));
  await chmod(folder, 0o711);
  const clusters = makeClusterFolder();
  const [production, drill] = await Promise.all([
    startPostgresCluster({ folder: join(clusters, 'production'), settings }),
    startPostgresCluster({ folder: join(clusters, 'drill'), settings }),
  ]);
  const gpg = makeGpgHome();
  const key = gpg.makeKey({ userId: 'backup@corporate-intel.local', kind: 'ed25519', passphrase });
  await withConnection(production.url, (client) =>
    client.query('create database corporate_intel template template0').then(() => undefined),
  );
  const databaseUrl = production.url.replace(/\/postgres$/, '/corporate_intel');
  const sql = (statement: string) =>
    withConnection(databaseUrl, (client) => client.query(statement).then(() => undefined));
  await sql(`create role analyst login password '${analystPassword}'`);
  await sql('create role readers');
  await sql('grant readers to analyst');
  await sql('create table companies (id int primary key, name text not null)');
  await sql("insert into companies select n, 'Company ' || n from generate_series(1, 300) n");
  await sql(`create table filings (id bigserial primary key, company_id int not null references companies,
    filed_at timestamptz not null default now(), body text not null)`);
  await sql(
    "insert into filings (company_id, body) select 1 + n % 300, repeat('x', 100) from generate_series(1, 2000) n",
  );
  const other = server.stranger ?? server;
  const make = async (user: 'own' | 'other') =>
    openBucket(
      await createBucket(
        user === 'own' ? server : { ...server, accessKey: other.accessKey, secretKey: other.secretKey },
      ),
    );
  const three = async (user: 'own' | 'other') => {
    const entries = await Promise.all(bucketNames.map(async (name) => [name, await make(user)] as const));
    return Object.fromEntries(entries) as Record<BucketName, Bucket>;
  };
  const [offsite, live, replicas, sandbox] = [
    await make('other'),
    await three('own'),
    await three('other'),
    await make('own'),
  ];
  const backupRoot = join(folder, 'backups');
  const configFolder = join(folder, 'opt', 'config');
  const publish = async (name: string, content: Buffer) => {
    const file = join(backupRoot, name);
    await mkdir(dirname(file), { recursive: true });
    await writeFile(file, content);
    await offsite.put(name, content);
  };
  const password = new URL(production.url).password;
  const corporate: CorporateIntel = {
    ...{
      folder,
      production,
      drill,
      databaseUrl,
      backupRoot,
      offsite,
      live,
      replicas,
      sandbox,
      gpg,
      key,
      configFolder,
      sql,
    },
    secrets: [
      passphrase,
      analystPassword,
      'SCRAM-SHA-256$',
      password,
      new URL(drill.url).password,
      server.secretKey,
      other.secretKey,
    ],
    environment: {
      HOME: folder,
      ...{ DB_HOST: '127.0.0.1', DB_PORT: String(production.port), PGPASSWORD: password },
      ...{ S3_ENDPOINT: server.endpoint, S3_BUCKET: offsite.config.bucket },
      ...{ AWS_ACCESS_KEY_ID: other.accessKey, AWS_SECRET_ACCESS_KEY: other.secretKey },
      ...{ GPG_PRIVATE_KEY_FILE: gpg.exportSecret(key), GPG_PASSPHRASE: passphrase },
      ...{ MINIO_SOURCE_ENDPOINT: server.endpoint, MINIO_SOURCE_ACCESS_KEY: server.accessKey },
      ...{ MINIO_SOURCE_SECRET_KEY: server.secretKey, CONFIG_FOLDER: configFolder },
      ...{ MINIO_BACKUP_ENDPOINT: server.endpoint, MINIO_BACKUP_ACCESS_KEY: other.accessKey },
      ...{ MINIO_BACKUP_SECRET_KEY: other.secretKey, BACKUP_ROOT: backupRoot },
      ...{ DRILL_DATABASE_URL: drill.url, DRILL_S3_ENDPOINT: server.endpoint },
      ...{ DRILL_S3_BUCKET: sandbox.config.bucket, DRILL_S3_ACCESS_KEY: server.accessKey },
      DRILL_S3_SECRET_KEY: server.secretKey,
    },
    async backUp({ tier, at }) {
      const stamp = stampOf(at);
      const env = { PATH: process.env.PATH, PGPASSWORD: password };
      const where = ['-h', '127.0.0.1', '-p', String(production.port), '-U', 'postgres'];
      const dump = async (program: string, ...args: readonly string[]) => {
        const plain = join(folder, 'dump.sql');
        await run(join(production.binFolder, program), [...where, '-f', plain, ...args], { env });
        await run('gzip', ['-nf', plain]);
        return gpg.encryptTo([key], await readFile(`${plain}.gz`));
      };
      const name = `${tier}/corporate_intel_${tier}_${stamp}.sql.gz.gpg`;
      const content = await dump('pg_dump', 'corporate_intel');
      await publish(name, content);
      const checksum = createHash('sha256').update(content).digest('hex');
      const metadata = {
        backup_type: tier,
        timestamp: stamp,
        database: 'corporate_intel',
        checksum,
        size: content.length,
      };
      await publish(`${name}.metadata.json`, Buffer.from(JSON.stringify(metadata, null, 2)));
      await publish(`${tier}/globals_${stamp}.sql.gz.gpg`, await dump('pg_dumpall', '--globals-only'));
      return name;
    },
    async exchange(name) {
      const other = (await offsite.keys()).find((key) => /^weekly\/corporate\S+\.gpg$/.test(key));
      await offsite.put(name, await offsite.get(other ?? ''));
    },
    async destroy() {
      for (const bucket of [offsite, sandbox, ...Object.values(live), ...Object.values(replicas)])
        bucket.close();
      gpg.remove();
      await Promise.all([production.stop(), drill.stop()]);
      for (const path of [folder, clusters]) await rm(path, { recursive: true, force: true });
    },
  };
  for (const name of bucketNames) {
    const variable = {
      'company-data': 'COMPANY_DATA',
      embeddings: 'EMBEDDINGS',
      'user-uploads': 'USER_UPLOADS',
    }[name];
    Object.assign(corporate.environment, {
      [`BUCKET_${variable}`]: live[name].config.bucket,
      [`REPLICA_${variable}`]: replicas[name].config.bucket,
    });
  }
  await fillBuckets(corporate, publish);
  return corporate;
}

/** Objects into the replica and into the nightly snapshots; configuration into its archive. The live buckets are lost. */
async function fillBuckets(
  corporate: CorporateIntel,
  publish: (name: string, content: Buffer) => Promise<void>,
): Promise<void> {
  const at = stampOf(new Date(Date.now() - 30 * 60_000));
  for (const name of bucketNames) {
    const top = `${name}_${at}`;
    const source = join(corporate.folder, 'snapshots', top);
    for (let number = 0; number < 12; number += 1) {
      const file = join(source, `20${10 + number}`, `report ${number} – ${name}.json`);
      await mkdir(dirname(file), { recursive: true });
      await writeFile(file, JSON.stringify({ name, number, text: 'x'.repeat(number * 500) }));
    }
    await run('tar', ['-czf', `${source}.tar.gz`, '-C', dirname(source), top]);
    await publish(`minio-snapshots/${top}.tar.gz`, await readFile(`${source}.tar.gz`));
    await corporate.replicas[name].putFolder(source);
  }
  const config = join(corporate.folder, 'config-source', 'production');
  await mkdir(config, { recursive: true });
  await writeFile(join(config, 'crontab'), '0 2 * * * postgres-backup.sh daily\n');
  const archive = join(corporate.folder, 'config.tar.gz');
  await run('tar', ['-czf', archive, '-C', dirname(config), 'production']);
  await publish(`config/config_${at}.tar.gz`, await readFile(archive));
}

function stampOf(at: Date): string {
  return at.toISOString().slice(0, 19).replace(/[-:]/g, '').replace('T', '-');
}
