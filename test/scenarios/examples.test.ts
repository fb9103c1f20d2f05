import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startTestCluster, type TestCluster } from '../databases/postgres/cluster.ts';
import { type Bucket, openBucket } from '../parts/bucket.ts';
import { type ComposeStack, startComposeStack } from '../parts/compose-stack.ts';
import { dataFolder } from '../parts/container-image.ts';
import { ensureDocker, type RunningDocker } from '../parts/docker.ts';
import { type ExampleSystem, exampleSystems } from '../parts/example-systems.ts';
import { findRgw } from '../parts/find-s3-servers.ts';
import { checksOf, readRecord } from '../parts/run-log.ts';
import { createBucket, type S3Server, startRgw } from '../parts/s3-servers.ts';
import { thawHere } from '../parts/thaw.ts';

/**
 * Each example of docs/examples as it stands, with a backup that was made by the commands at its head: only the inputs are given.
 */

const examples = join(import.meta.dirname, '../../docs/examples');
const [day, compact, older] = [0, 0, 60_000]
  .map((agoMs) => new Date(Date.now() - agoMs).toISOString())
  .map((time, index) => (index === 0 ? time.slice(0, 10) : time.slice(0, 19).replace(/[-:]/g, ''))) as [
  string,
  string,
  string,
];
const password = 'the password of the host';
const hasS3 = 'binary' in (await findRgw());
const systems = exampleSystems.filter(({ name }) => hasS3 || name !== 'outline');

let docker: RunningDocker;
let stack: ComposeStack;
let host: TestCluster;
let s3: S3Server | undefined;
let folder = '';
const buckets: Bucket[] = [];
const at = (system: ExampleSystem, ...names: readonly string[]) => join(folder, system.name, ...names);

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'thaw-examples-'));
  docker = await ensureDocker();
  [stack, host, s3] = await Promise.all([startStack(), startTestCluster(), hasS3 ? startRgw() : undefined]);
  for (const system of systems) {
    for (const [name, text] of Object.entries(system.files)) {
      mkdirSync(dirname(at(system, 'live', name)), { recursive: true });
      writeFileSync(at(system, 'live', name), text);
    }
    for (const name of ['backups', 'drill']) mkdirSync(at(system, name));
    await (system.server === 'host' ? fillHost(system) : fillContainer(system));
    makeBackup(system);
  }
});
afterAll(async () => {
  for (const bucket of buckets) bucket.close();
  await Promise.all([stack?.destroy(), host?.remove(), s3?.stop()]);
  await docker?.stop();
  rmSync(folder, { recursive: true, force: true });
});

/** One project with the servers of all: postgres, database and db are what the compose files of these systems call theirs. */
async function startStack(): Promise<ComposeStack> {
  const server = (user: string, database: string) => ({
    command: ['start-postgres'],
    network_mode: 'none',
    environment: { POSTGRES_USER: user, POSTGRES_DB: database, PGDATA: dataFolder },
    healthcheck: { test: ['CMD', 'pg_isready', '-h', '127.0.0.1', '-U', user], interval: '1s', retries: 60 },
  });
  const started = await startComposeStack({
    docker,
    databaseService: 'postgres',
    user: 'n8n',
    database: 'n8n',
    services: { database: server('postgres', 'immich'), db: server('paperless', 'paperless') },
  });
  await started.compose('up', '--detach', '--wait', 'database', 'db');
  return started;
}

async function fillContainer({ server, database, role, sql, extensions = [] }: ExampleSystem) {
  const options = ['-X', '-q', '-v', 'ON_ERROR_STOP=1', '-h', '127.0.0.1'];
  const run = (user: string, ...more: readonly string[]) =>
    stack.compose('exec', '-T', server, 'psql', ...options, '-U', user, ...more);
  const first = { postgres: 'n8n', database: 'postgres', db: 'paperless', host: '' }[server];
  if (role !== first)
    await run(
      first,
      ...['-d', 'postgres', '-c', `CREATE ROLE ${role} LOGIN SUPERUSER`],
      ...['-c', `CREATE DATABASE ${database} OWNER ${role}`],
    );
  await run(role, '-d', database, ...[...extensions, ...sql].flatMap((statement) => ['-c', statement]));
}

async function fillHost({ database, role, sql }: ExampleSystem) {
  await host.sql(
    'postgres',
    `CREATE ROLE ${role} LOGIN CREATEDB PASSWORD '${password}'`,
    `CREATE DATABASE ${database} OWNER ${role}`,
  );
  const client = await host.connect(host.urlOf(database, { name: role, password }));
  for (const statement of sql) await client.query(statement);
  await client.end();
}

function makeBackup(system: ExampleSystem): void {
  execFileSync('bash', ['--norc', '-euo', 'pipefail', '-c', system.backup], {
    cwd: at(system, 'live'),
    stdio: ['ignore', 'ignore', 'pipe'],
    env: {
      PATH: `${host.binFolder}:${process.env.PATH}`,
      DOCKER_HOST: docker.DOCKER_HOST,
      COMPOSE: `docker compose --file ${stack.composeFile}`,
      ...{ DAY: day, COMPACT: compact, OLDER: older, BACKUPS: at(system, 'backups') },
      ...{ PGHOST: '127.0.0.1', PGPORT: String(host.port), PGPASSWORD: password },
    },
  });
}

/** What an operator writes into the env file, for the inputs that have to differ here. */
async function inputsOf(system: ExampleSystem): Promise<Readonly<Record<string, string>>> {
  const text = readFileSync(join(examples, `${system.name}.yaml`), 'utf8');
  const named = (ending: string) => new RegExp(`^ {2}(\\w+${ending}):`, 'm').exec(text)?.[1] ?? 'NONE';
  const url =
    system.server === 'host'
      ? host.urlOf(system.database, { name: system.role, password })
      : `postgresql://${system.role}@127.0.0.1:5432/${system.database}`;
  const given = Object.entries(system.inputs).map(([name, value]) => [
    name,
    value.replace('LIVE', at(system, 'live')).replace('BACKUPS', at(system, 'backups')),
  ]);
  return {
    ...Object.fromEntries(given),
    [named('_DATABASE_URL')]: url,
    [named('_COMPOSE_FILE')]: stack.composeFile,
    DRILL_FOLDER: at(system, 'drill'),
    ...(system.name === 'outline' ? await bucketsOf(system) : {}),
  };
}

async function bucketsOf(system: ExampleSystem): Promise<Readonly<Record<string, string>>> {
  if (s3 === undefined) throw new Error('There is no S3 server.');
  for (const from of ['backups', 'live/bucket', undefined]) {
    const bucket = openBucket(await createBucket(s3));
    if (from !== undefined) await bucket.putFolder(at(system, from));
    buckets.push(bucket);
  }
  const [backups = '', live = '', drill = ''] = buckets.map(({ config }) => config.bucket);
  const { endpoint, accessKey, secretKey } = s3;
  return {
    ...{ BACKUP_S3_ENDPOINT: endpoint, BACKUP_S3_BUCKET: backups },
    ...{ BACKUP_S3_ACCESS_KEY: accessKey, BACKUP_S3_SECRET_KEY: secretKey },
    ...{ AWS_S3_UPLOAD_BUCKET_URL: endpoint, AWS_S3_UPLOAD_BUCKET_NAME: live, DRILL_S3_BUCKET: drill },
    ...{ AWS_ACCESS_KEY_ID: accessKey, AWS_SECRET_ACCESS_KEY: secretKey },
  };
}

describe.each(systems)('The example $name', (system) => {
  it('drills a backup of that system as its documents make one, and says what it was held against', async () => {
    const env = { HOME: folder, DOCKER_HOST: docker.DOCKER_HOST, ...(await inputsOf(system)) };
    for (const snapshot of ['latest', ...(system.older ?? [])]) {
      const logs = at(system, `logs-${snapshot}`);
      const args = ['--plain', '--log-dir', logs, '--snapshot', await keyOf(snapshot, { system, env })];
      const end = await thawHere({
        args: ['drill', join(examples, `${system.name}.yaml`), ...args],
        env,
        cwd: folder,
      });
      expect(end.status, end.text).toBe(0);
      const record = await readRecord(logs);
      const checks = checksOf(record);
      expect(checks, checks.join('\n')).toEqual(expect.arrayContaining([...system.expect]));
      expect(checks.filter((check) => / (failed|could-not-verify): /.test(check))).toEqual([]);
      expect(end.text).toMatch(/VERIFIED against the (dump|live)/);
    }
    expect(readdirSync(at(system, 'drill'))).toEqual([]);
  });
});

async function keyOf(
  snapshot: string,
  of: { readonly system: ExampleSystem; readonly env: Readonly<Record<string, string>> },
): Promise<string> {
  if (snapshot === 'latest') return snapshot;
  const args = ['snapshots', join(examples, `${of.system.name}.yaml`), '--json'];
  const { text } = await thawHere({ args, env: of.env, cwd: folder });
  return new RegExp(`[^"\\s]*${snapshot}[^"\\s]*`).exec(text)?.[0] ?? text;
}
