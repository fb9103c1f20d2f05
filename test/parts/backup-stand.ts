import { createCipheriv, randomBytes } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { chmod, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { stringify } from 'yaml';
import { type Manifest, readManifestText } from '../../src/backups/manifest.ts';
import { startTestCluster, type TestCluster } from '../databases/postgres/cluster.ts';
import { type GpgHome, type GpgKey, makeGpgHome } from './gpg-keys.ts';
import { type SaidHere, thawHere } from './thaw.ts';

/** A small company with everything a backup is made of: database, objects, env file, key, and a folder as backup store. */
export type BackupStand = {
  readonly folder: string;
  readonly production: TestCluster;
  readonly drill: TestCluster;
  readonly backups: string;
  readonly objects: string;
  readonly envFile: string;
  readonly runbookFile: string;
  readonly gpg: GpgHome;
  readonly key: GpgKey;
  readonly secretKeyFile: string;
  /** The command line of thaw, in this process; stdout and stderr together. */
  thaw(...args: readonly string[]): Promise<SaidHere>;
  /** `thaw backup` in a second of its own, since the layout names seconds; fails the test when it does not end well. */
  backUp(): Promise<string>;
  /** Keys in the backup store, in order. */
  keys(): readonly string[];
  /** The newest complete snapshot, as its manifest tells. */
  newest(): Manifest;
  /** Writes the runbook anew with these sections replaced. */
  writeRunbook(changes?: Readonly<Record<string, unknown>>): Promise<void>;
  sql(...statements: readonly string[]): Promise<readonly Record<string, string | null>[]>;
  remove(): Promise<void>;
};

export const database = 'company';
const encryptionKey = randomBytes(32).toString('hex');

export async function startBackupStand(): Promise<BackupStand> {
  const folder = await mkdtemp(join(tmpdir(), 'thaw-stand-'));
  await chmod(folder, 0o711);
  const [production, drill] = await Promise.all([startTestCluster(), startTestCluster()]);
  const gpg = makeGpgHome();
  const key = gpg.makeKey({ userId: 'backups@company.invalid', kind: 'ed25519' });
  const stand = {
    folder,
    production,
    drill,
    backups: join(folder, 'backups'),
    objects: join(folder, 'objects'),
    envFile: join(folder, '.env'),
    runbookFile: join(folder, 'company.yaml'),
    gpg,
    key,
    secretKeyFile: gpg.exportSecret(key),
  };
  const writeRunbook = async (changes: Readonly<Record<string, unknown>> = {}) => {
    await writeFile(
      stand.runbookFile,
      stringify({ ...runbookOf({ ...stand, publicKeyFile: gpg.exportPublic(key) }), ...changes }),
    );
  };
  for (const path of [stand.backups, stand.objects, join(folder, 'drill-objects')]) await mkdir(path);
  await writeFile(stand.envFile, `ENCRYPTION_KEY=${encryptionKey}\nSESSION=not-a-secret\n`);
  await writeFile(join(folder, 'services.json'), '{"services": []}');
  await writeRunbook();
  await drill.sql('postgres', 'CREATE DATABASE drill');
  await production.sql('postgres', `CREATE DATABASE ${database}`);
  await production.sql(database, ...companySql());
  for (let number = 1; number <= 12; number += 1) {
    await putObject(stand.objects, `receipts/${number}.pdf`, `receipt ${number} ${'x'.repeat(number * 50)}`);
  }
  return {
    ...stand,
    writeRunbook,
    keys: () => listKeys(stand.backups),
    newest: () => readNewest(stand.backups),
    thaw: (...args) => runHere(folder, args),
    backUp: async () => {
      await sleep(1000 - (Date.now() % 1000) + 5);
      const said = await runHere(folder, ['backup', stand.runbookFile]);
      if (said.status !== 0) throw new Error(`The backup ended with ${said.status}: ${said.text}`);
      return said.text;
    },
    sql: (...statements) => production.sql(database, ...statements),
    remove: async () => {
      await Promise.all([production.remove(), drill.remove()]);
      gpg.remove();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

export async function putObject(store: string, ...[key, content]: [string, string | Buffer]): Promise<void> {
  const path = join(store, key);
  await mkdir(dirname(path), { recursive: true });
  await writeFile(path, content);
}

function listKeys(store: string): readonly string[] {
  return readdirSync(store, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(store.length + 1))
    .sort();
}

function readNewest(store: string): Manifest {
  const key = listKeys(store)
    .filter((one) => one.endsWith('.manifest.json'))
    .at(-1);
  if (key === undefined) throw new Error('There is no manifest in the store.');
  const read = readManifestText(readFileSync(join(store, key), 'utf8'), key);
  if (!read.ok) throw new Error(read.failure.message);
  return read.value;
}

async function runHere(folder: string, args: readonly string[]): Promise<SaidHere> {
  return thawHere({ args, env: { HOME: folder }, cwd: folder });
}

function companySql(): readonly string[] {
  return [
    'CREATE EXTENSION pgcrypto',
    `CREATE TABLE clients (id serial PRIMARY KEY, name text NOT NULL, created_at timestamptz NOT NULL DEFAULT now())`,
    `CREATE TABLE receipts (id serial PRIMARY KEY, storage_key text NOT NULL, created_at timestamptz NOT NULL DEFAULT now())`,
    `CREATE TABLE system_settings (name text PRIMARY KEY, value text NOT NULL, encrypted boolean NOT NULL DEFAULT false)`,
    `CREATE TABLE events (id bigserial PRIMARY KEY, what text NOT NULL, at timestamptz NOT NULL DEFAULT clock_timestamp())`,
    'CREATE SCHEMA tenant_x',
    'CREATE TABLE tenant_x.orders (id serial PRIMARY KEY, amount numeric NOT NULL, updated_at timestamp NOT NULL DEFAULT now())',
    'CREATE SEQUENCE never_called',
    `INSERT INTO clients (name) SELECT 'client ' || n FROM generate_series(1, 250) n`,
    `INSERT INTO receipts (storage_key) SELECT 'receipts/' || n || '.pdf' FROM generate_series(1, 12) n`,
    'INSERT INTO tenant_x.orders (amount) SELECT n FROM generate_series(1, 40) n',
    `INSERT INTO system_settings VALUES ('ocr', '${encryptSetting('an ocr key')}', true), ('theme', 'dark', false)`,
  ];
}

function encryptSetting(text: string): string {
  const iv = randomBytes(12);
  const cipher = createCipheriv('aes-256-gcm', Buffer.from(encryptionKey, 'hex'), iv);
  const ciphertext = Buffer.concat([cipher.update(text), cipher.final()]);
  return [iv, cipher.getAuthTag(), ciphertext].map((part) => part.toString('hex')).join(':');
}

function runbookOf(stand: {
  readonly folder: string;
  readonly production: TestCluster;
  readonly drill: TestCluster;
  readonly backups: string;
  readonly objects: string;
  readonly envFile: string;
  readonly secretKeyFile: string;
  readonly publicKeyFile: string;
}) {
  return {
    thaw: 1,
    name: 'company',
    title: 'Company',
    objectives: { rto: '30m', rpo: '1h' },
    backups: {
      store: { kind: 'directory', path: stand.backups },
      dumps: { layout: 'pg/{host}/{timestamp}.dump[.gz][.zst][.gpg][.age]' },
      objects: { prefix: 'objects/' },
      key: { privateKeyFile: stand.secretKeyFile },
    },
    production: {
      database: { url: stand.production.urlOf(database) },
      objects: { kind: 'directory', path: stand.objects },
      services: { kind: 'process', controlFile: join(stand.folder, 'services.json') },
      envFile: stand.envFile,
    },
    drill: {
      database: { url: stand.drill.urlOf('drill') },
      objects: { kind: 'directory', path: join(stand.folder, 'drill-objects') },
    },
    producer: {
      host: 'company-1',
      compression: 'zstd',
      encrypt: { kind: 'openpgp', publicKeyFile: stand.publicKeyFile },
      fingerprints: ['ENCRYPTION_KEY'],
      newestColumns: ['updated_at', 'created_at', 'at'],
    },
    retention: { hourly: 2, daily: 2, floor: 2 },
    monitor: {},
    steps: drillSteps,
  };
}

export const drillSteps = [
  { kind: 'choose-snapshot' },
  { kind: 'stop-writers', services: ['web'] },
  { kind: 'fetch' },
  { kind: 'decrypt' },
  { kind: 'restore-database' },
  { kind: 'mirror-objects' },
  {
    kind: 'verify-secrets',
    required: ['ENCRYPTION_KEY'],
    probes: [
      {
        title: 'system_settings',
        secret: 'ENCRYPTION_KEY',
        query: 'SELECT value FROM system_settings WHERE encrypted',
        layout: 'iv:tag:ciphertext',
        lossIfWrong: 'The OCR key is lost.',
      },
    ],
  },
  {
    kind: 'smoke-checklist',
    items: [
      {
        kind: 'references',
        id: 'receipts',
        title: 'Every receipt has its file',
        query: 'SELECT storage_key FROM receipts',
      },
    ],
  },
];
