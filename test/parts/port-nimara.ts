import { randomBytes } from 'node:crypto';
import { chmod, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import type { Outcome } from '../../src/base/failure.ts';
import { objectContent } from '../../src/sandbox/crm/object-content.ts';
import { seedCrm } from '../../src/sandbox/crm/seed-crm.ts';
import { type PostgresCluster, startPostgresCluster } from '../../src/sandbox/postgres-cluster.ts';
import { makeCompanyDatabase } from '../../src/sandbox/start-company.ts';
import { waitForWriters } from '../../src/sandbox/wait-for-writers.ts';
import { type Bucket, openBucket } from './bucket.ts';
import { makeClusterFolder } from './cluster-folder.ts';
import type { RunningDocker } from './docker.ts';
import { findFreePort } from './free-port.ts';
import { type GpgHome, type GpgKey, makeGpgHome } from './gpg-keys.ts';
import { startComposeWriters, startProcessWriters, type Writers } from './port-nimara-writers.ts';
import { createBucket, type S3Server } from './s3-servers.ts';

/** Port Nimara with everything real: two PostgreSQL clusters, an S3 server, a gpg key, writers that write. */
export type PortNimara = {
  readonly folder: string;
  /** What the operator brings, by the names of runbooks/port-nimara-crm.yaml, without what `.env` holds. */
  readonly environment: Readonly<Record<string, string>>;
  /** The file from the vault. */
  readonly envFile: string;
  /** Every secret in here, for a search in whatever a run leaves behind. */
  readonly secrets: readonly string[];
  readonly encryptionKey: string;
  readonly databaseUrl: string;
  readonly drillDatabaseUrl: string;
  readonly production: PostgresCluster;
  /** With its data and its socket. */
  readonly productionFolder: string;
  readonly drillCluster: PostgresCluster;
  readonly objectsFolder: string;
  readonly backups: Bucket;
  readonly live: Bucket;
  readonly sandbox: Bucket;
  readonly gpg: GpgHome;
  readonly key: GpgKey;
  readonly writers: Writers;
  readonly crmUrl: string;
  /** Resolves once web, worker and scheduler have each written after now. */
  untilWritersWrite(): Promise<void>;
  destroy(): Promise<void>;
};

export type PortNimaraRequest = {
  readonly server: S3Server;
  /** Where the writers run: containers of Docker Compose, or plain processes where Docker is beside the point. */
  readonly docker: RunningDocker | undefined;
  readonly objects: number;
  readonly size: 'tiny' | 'small';
};

export const producer = 'port-nimara-1';

/** Nothing in here outlives a power cut, so nothing waits for the disk. */
const settings = { fsync: 'off', full_page_writes: 'off', synchronous_commit: 'off' };
const hourMs = 3_600_000;

export async function startPortNimara(request: PortNimaraRequest): Promise<PortNimara> {
  const { server } = request;
  const folder = await mkdtemp(join(tmpdir(), 'thaw-nimara-'));
  // The server's own user has to pass through.
  await chmod(folder, 0o711);
  const clusters = makeClusterFolder();
  const remove = (path: string) => rm(path, { recursive: true, force: true });
  const undo: (() => unknown)[] = [() => remove(folder), () => remove(clusters)];
  const destroy = async () => {
    for (const step of undo.splice(0).reverse()) await step();
  };
  try {
    const [production, drillCluster] = await Promise.all([
      startPostgresCluster({ folder: join(clusters, 'production'), settings }),
      startPostgresCluster({ folder: join(clusters, 'drill'), settings }),
    ]);
    undo.push(production.stop, drillCluster.stop);
    const gpg = makeGpgHome();
    undo.push(gpg.remove);
    const secrets = renderSecrets();
    const userId = 'backups@port-nimara.invalid';
    const key = gpg.makeKey({ userId, kind: 'ed25519', passphrase: secrets.gpgPassphrase });
    const [databaseUrl, drillDatabaseUrl] = await makeDatabases({ production, drillCluster, secrets });
    const objectsFolder = join(folder, 'objects');
    const endsAt = new Date(Date.now() - hourMs);
    const { encryptionKey } = secrets;
    const encryptedSettings = { 'ocr.api_key': secrets.ocrApiKey, 'smtp.password': secrets.smtpPassword };
    await seedCrm({
      databaseUrl,
      encryptionKey,
      objectsDirectory: objectsFolder,
      size: request.size,
      endsAt,
      encryptedSettings,
    });
    await addAttachments(objectsFolder, request);
    const buckets = await makeBuckets(server);
    undo.push(() => Object.values(buckets).map((bucket) => bucket.close()));
    const port = String(await findFreePort());
    const writerEnvironment = { DATABASE_URL: databaseUrl, ENCRYPTION_KEY: encryptionKey, PORT: port };
    const writers =
      request.docker === undefined
        ? await startProcessWriters({ folder, environment: writerEnvironment })
        : await startComposeWriters({ folder, environment: writerEnvironment, docker: request.docker });
    undo.push(writers.remove);
    const envFile = join(folder, '.env');
    await writeFile(envFile, vaultFile({ databaseUrl, secrets, live: buckets.live, server }), {
      mode: 0o600,
    });
    const nimara = {
      folder,
      envFile,
      encryptionKey,
      databaseUrl,
      drillDatabaseUrl,
      production,
      productionFolder: join(clusters, 'production'),
      drillCluster,
      objectsFolder,
      ...buckets,
      gpg,
      key,
      writers,
      crmUrl: `http://127.0.0.1:${port}`,
    };
    return {
      ...nimara,
      environment: operatorsEnvironment({
        ...nimara,
        server,
        passphrase: secrets.gpgPassphrase,
        docker: request.docker,
      }),
      secrets: [
        ...Object.values(secrets),
        server.secretKey,
        ...(server.stranger === undefined ? [] : [server.stranger.secretKey]),
        ...[production, drillCluster].map(({ url }) => new URL(url).password),
      ],
      untilWritersWrite: async () => orThrow(await waitForWriters({ databaseUrl, since: new Date() })),
      destroy,
    };
  } catch (error) {
    await destroy();
    throw error;
  }
}

type Secrets = ReturnType<typeof renderSecrets>;

/** Each holds the same word, and each is unlike all others. */
function renderSecrets() {
  const draw = () => `CANARY${randomBytes(12).toString('hex')}`;
  return {
    databasePassword: draw(),
    drillPassword: draw(),
    gpgPassphrase: draw(),
    webhookSecret: draw(),
    ocrApiKey: draw(),
    smtpPassword: draw(),
    encryptionKey: randomBytes(32).toString('hex'),
  };
}

async function makeDatabases(parts: {
  readonly production: PostgresCluster;
  readonly drillCluster: PostgresCluster;
  readonly secrets: Secrets;
}): Promise<[string, string]> {
  const { production, drillCluster, secrets } = parts;
  return Promise.all([
    makeCompanyDatabase({
      superuserUrl: production.url,
      role: 'crm',
      password: secrets.databasePassword,
      database: 'port_nimara_crm',
    }),
    makeCompanyDatabase({
      superuserUrl: drillCluster.url,
      role: 'drill',
      password: secrets.drillPassword,
      database: 'drill',
    }),
  ]);
}

/** Files that no row names: the mirror has to bring them back all the same. */
async function addAttachments(folder: string, { objects, size }: PortNimaraRequest): Promise<void> {
  const named = { tiny: 20, small: 300 }[size];
  await mkdir(join(folder, 'attachments'), { recursive: true });
  for (let number = named; number < objects; number += 1) {
    // Names that need encoding somewhere on the way.
    const key = `attachments/${number} Übersicht + plan #${number % 7}.pdf`;
    await writeFile(join(folder, key), objectContent({ key, sizeBytes: (number * 7919) % 20_000 }));
  }
}

/** The backup bucket belongs to another user where the server has one: neither key opens the other's bucket. */
async function makeBuckets(server: S3Server) {
  const other = server.stranger ?? server;
  const [backups, live, sandbox] = await Promise.all([
    createBucket({ ...server, accessKey: other.accessKey, secretKey: other.secretKey }),
    createBucket(server),
    createBucket(server),
  ]);
  return { backups: openBucket(backups), live: openBucket(live), sandbox: openBucket(sandbox) };
}

function vaultFile(parts: {
  readonly databaseUrl: string;
  readonly secrets: Secrets;
  readonly live: Bucket;
  readonly server: S3Server;
}): string {
  const { databaseUrl, secrets, live, server } = parts;
  return [
    '# Port Nimara CRM, production.',
    `DATABASE_URL=${databaseUrl}`,
    'MINIO_ENDPOINT=127.0.0.1',
    `MINIO_PORT=${server.port}`,
    'MINIO_USE_SSL=false',
    `MINIO_ACCESS_KEY=${live.config.accessKey.reveal()}`,
    `MINIO_SECRET_KEY=${live.config.secretKey.reveal()}`,
    `MINIO_BUCKET=${live.config.bucket}`,
    `ENCRYPTION_KEY=${secrets.encryptionKey}`,
    `DOCUMENSO_WEBHOOK_SECRET=${secrets.webhookSecret}`,
    `SMTP_PASS="${secrets.smtpPassword}"`,
    '',
  ].join('\n');
}

function operatorsEnvironment(parts: {
  readonly folder: string;
  readonly envFile: string;
  readonly gpg: GpgHome;
  readonly key: GpgKey;
  readonly passphrase: string;
  readonly backups: Bucket;
  readonly sandbox: Bucket;
  readonly drillDatabaseUrl: string;
  readonly crmUrl: string;
  readonly writers: Writers;
  readonly server: S3Server;
  readonly docker: RunningDocker | undefined;
}): Record<string, string> {
  const { backups, sandbox, server } = parts;
  return {
    // Not the home of whoever runs the tests: neither its gpg keyring nor its settings belong to this operator.
    HOME: parts.folder,
    ...(parts.docker === undefined ? {} : { DOCKER_HOST: parts.docker.DOCKER_HOST }),
    BACKUP_S3_ENDPOINT: server.endpoint,
    BACKUP_S3_BUCKET: backups.config.bucket,
    BACKUP_S3_ACCESS_KEY: backups.config.accessKey.reveal(),
    BACKUP_S3_SECRET_KEY: backups.config.secretKey.reveal(),
    BACKUP_GPG_PRIVATE_KEY_FILE: parts.gpg.exportSecret(parts.key),
    BACKUP_GPG_PASSPHRASE: parts.passphrase,
    COMPOSE_FILE_PATH: parts.writers.composeFile ?? join(parts.folder, 'docker-compose.prod.yml'),
    CRM_ENV_FILE: parts.envFile,
    CRM_URL: parts.crmUrl,
    DRILL_DATABASE_URL: parts.drillDatabaseUrl,
    DRILL_S3_ENDPOINT: server.endpoint,
    DRILL_S3_BUCKET: sandbox.config.bucket,
    DRILL_S3_ACCESS_KEY: sandbox.config.accessKey.reveal(),
    DRILL_S3_SECRET_KEY: sandbox.config.secretKey.reveal(),
  };
}

export function orThrow<T>(outcome: Outcome<T>): T {
  if (outcome.ok) return outcome.value;
  throw new Error(`${outcome.failure.message} ${outcome.failure.detail ?? ''}`);
}

/** A folder for one test's runs, inside the town's own. */
export async function makeLogFolder(nimara: Pick<PortNimara, 'folder'>): Promise<string> {
  const folder = await mkdtemp(join(nimara.folder, 'log-'));
  return join(nimara.folder, basename(folder));
}

const crmRunbook = new URL('../../runbooks/port-nimara-crm.yaml', import.meta.url);

/** The product's own runbook, with writers that need not be quiet for long; with processes where a test needs no Docker. */
export async function readCrmRunbook(services: 'compose' | 'process'): Promise<string> {
  const text = (await readFile(crmRunbook, 'utf8')).replace(
    'followLog: worker',
    'followLog: worker\n    quiet: 1s',
  );
  return services === 'compose'
    ? text
    : text.replace(/kind: compose\n(\s+)file:/, 'kind: process\n$1controlFile:');
}
