import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { chown, mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type ComposeStack, startComposeStack } from '../../parts/compose-stack.ts';
import { dataFolder } from '../../parts/container-image.ts';
import { standInProgram } from '../../parts/crm-image.ts';
import { ensureDocker, type RunningDocker } from '../../parts/docker.ts';
import { findFreePort } from '../../parts/free-port.ts';
import { checksOf, filesHolding, readRecord } from '../../parts/run-log.ts';
import { runThaw } from '../../parts/thaw.ts';

/** A secret that is found again wherever it leaks. */
const secretKey = `CANARY${randomBytes(16).toString('hex')}`;
const password = `CANARY${randomBytes(8).toString('hex')}`;
const bindPassword = `CANARY${randomBytes(8).toString('hex')}`;

let docker: RunningDocker;
let stack: ComposeStack;
let apiPort = 0;
let uiPort = 0;
const backups = () => join(stack.folder, 'backups');
const databases = () =>
  stack.sql("SELECT datname FROM pg_database WHERE datname LIKE 'nmia%' ORDER BY 1", 'postgres');
const counts = () =>
  stack.sql(
    "SELECT (SELECT count(*) FROM identities) || ' ' || (SELECT count(*) FROM connectors) || ' ' || (SELECT count(*) FROM users)",
  );

const schema = `
  CREATE TABLE users (id serial PRIMARY KEY, name text, created_at timestamptz DEFAULT now());
  CREATE TABLE enclaves (id serial PRIMARY KEY, name text);
  CREATE TABLE connectors (id serial PRIMARY KEY, name text, config jsonb, enclave_id int REFERENCES enclaves,
    connector_type_code text DEFAULT 'ldap', cron_expression text, is_enabled boolean DEFAULT true, created_at timestamptz DEFAULT now());
  CREATE TABLE identities (id serial PRIMARY KEY, name text, connector_id int REFERENCES connectors, created_at timestamptz DEFAULT now());
  CREATE TABLE jobs (id serial PRIMARY KEY, created_at timestamptz DEFAULT now());
  INSERT INTO users (name) SELECT 'user ' || i FROM generate_series(1, 7) i;
  INSERT INTO enclaves (name) VALUES ('north'), ('south');
  INSERT INTO connectors (name, config, enclave_id) SELECT 'ldap ' || i, '{"bind_password": "${bindPassword}"}', 1 + i % 2 FROM generate_series(1, 5) i;
  INSERT INTO identities (name, connector_id) SELECT 'identity ' || i, 1 + i % 5 FROM generate_series(1, 4000) i`;

/** A connection that stays, as a worker's pool has it, and writes every second. */
const work =
  'while :; do echo "INSERT INTO jobs DEFAULT VALUES;"; sleep 1; done | psql -q -h 127.0.0.1 -U nmia -d nmia';

function webService(port: number) {
  return {
    command: ['node', standInProgram, 'web'],
    network_mode: 'host',
    environment: { PORT: String(port) },
  };
}

beforeAll(async () => {
  docker = await ensureDocker();
  [apiPort, uiPort] = [await findFreePort(), await findFreePort()];
  const beside = { command: ['sh', '-c', work], network_mode: 'service:db', depends_on: ['db'] };
  stack = await startComposeStack({
    docker,
    databaseService: 'db',
    user: 'nmia',
    database: 'nmia',
    services: { api: webService(apiPort), ui: webService(uiPort), worker: beside, collector: beside },
  });
  await stack.sql(schema);
  const env = [
    `DATABASE_URL=postgresql://nmia:${password}@127.0.0.1:5432/nmia`,
    `SECRET_KEY=${secretKey}`,
    '',
  ];
  await writeFile(join(stack.folder, '.env'), env.join('\n'), { mode: 0o600 });
  await mkdir(backups());
  await stack.compose('up', '--detach', 'api', 'ui', 'worker', 'collector');
});
afterAll(async () => {
  await stack?.destroy();
  await docker?.stop();
});

/** As /opt/nmia/backup.sh does it, and as the runbook of the owners does it by hand. */
async function dump(name: string, ...options: readonly string[]): Promise<void> {
  await writeFile(
    join(backups(), name),
    stack.inDatabase('pg_dump', '-h', '127.0.0.1', '-U', 'nmia', '-d', 'nmia', ...options),
  );
}

/** One folder a test: runs of the same minute are told apart by their names alone. */
let chapter = '';
const logs = () => join(stack.folder, `logs-${chapter}`);

function thaw(...args: readonly string[]) {
  return runThaw({
    args: [...args, '--plain', '--env-file', join(stack.folder, '.env'), '--log-dir', logs()],
    env: {
      HOME: stack.folder,
      DOCKER_HOST: docker.DOCKER_HOST,
      NMIA_BACKUP_DIR: backups(),
      COMPOSE_FILE_PATH: stack.composeFile,
      NMIA_ENV_FILE: join(stack.folder, '.env'),
      NMIA_API_URL: `http://127.0.0.1:${apiPort}`,
      NMIA_UI_URL: `http://127.0.0.1:${uiPort}`,
      SECRET_KEY_FINGERPRINT: fingerprint,
    },
    cwd: stack.folder,
  });
}
let fingerprint = '';

const attested = [
  'login',
  'scan',
  'rotate-secret-key',
  'rotate-connectors',
  'backups-again',
  'dns',
  'tell-users',
];
const answers = [
  '--yes',
  '--confirm',
  'nmia',
  ...attested.flatMap((id) => ['--answer', `smoke-checklist.${id}=passed:looked at by the test`]),
];

describe('NMIA, from an archive of its raw volume', () => {
  it('gets its volume back, with owners kept, and the old one stays beside it', async () => {
    const raw = await startComposeStack({
      docker,
      databaseService: 'db',
      user: 'nmia',
      database: 'nmia',
      server: { volumes: [`./volume/_data:${dataFolder}`] },
      prepare: async (folder) => {
        await mkdir(join(folder, 'volume/_data'), { recursive: true, mode: 0o700 });
        await chown(join(folder, 'volume/_data'), 999, 999);
      },
      services: {},
    });
    try {
      await raw.sql('CREATE TABLE identities AS SELECT i AS id FROM generate_series(1, 321) i');
      const volume = join(raw.folder, 'volume/_data');
      await raw.compose('stop', 'db');
      // As their runbook does it, with the tar of a container.
      execFileSync('tar', ['-czf', join(raw.folder, 'pgdata_20250201_020000.tar.gz'), '-C', volume, '.']);
      await raw.compose('up', '--detach', '--wait', 'db');
      await raw.sql('DROP TABLE identities');
      const end = await runThaw({
        args: [
          'restore',
          'nmia-volume',
          '--plain',
          '--yes',
          '--confirm',
          '_data',
          '--log-dir',
          join(raw.folder, 'logs'),
        ],
        env: {
          HOME: raw.folder,
          DOCKER_HOST: docker.DOCKER_HOST,
          NMIA_BACKUP_DIR: raw.folder,
          COMPOSE_FILE_PATH: raw.composeFile,
          NMIA_PGDATA: volume,
        },
        cwd: raw.folder,
      });
      expect(end.status, end.text).toBe(0);
      expect(end.text).toMatch(/volume\] passed: [\d,]+ files, .*, as brought, by every byte|volume.*passed/);
      expect(await raw.sql('SELECT count(*) FROM identities')).toBe('321');
      expect((await readdir(join(raw.folder, 'volume'))).sort()).toEqual([
        '_data',
        expect.stringMatching(/^_data\.before-/),
      ]);
    } finally {
      await raw.destroy();
    }
  });
});

describe('NMIA, whose database only its container reaches', () => {
  let before = '';

  it('is drilled into a database of its own beside the live one, from a dump in custom format', async () => {
    chapter = 'drill';
    before = await counts();
    await dump('nmia_backup_20250201_020000.dump', '-Fc');
    fingerprint = (await thaw('fingerprint', '.env', 'SECRET_KEY')).text.trim().split('\n').at(-1) ?? '';
    const end = await thaw('drill', 'nmia', '--snapshot', 'latest');
    expect([0, 7], end.text).toContain(end.status);
    const checks = checksOf(await readRecord(logs())).join('\n');
    expect(checks).toMatch(/decrypt passed: all 4 tables the runbook names are in the dump/);
    expect(checks).toMatch(/restore-database passed: .* of \d+ tables equal to the live database/);
    expect(checks).toMatch(/verify-secrets passed: SECRET_KEY has the expected fingerprint/);
    expect(checks).toMatch(
      /smoke-checklist passed: Identity|smoke-checklist could-not-verify: Identity counts.*4000/,
    );
    expect(await databases()).toBe('nmia');
    expect(await stack.compose('ps', '--services', '--status', 'running')).toMatch(/worker/);
  });

  it('is drilled and restored from a backup that wrote down what was in it, and both end verified', async () => {
    chapter = 'verified';
    const backup = await thaw('backup', 'nmia');
    expect(backup.status, backup.text).toBe(0);
    const counted = await counts();
    const drill = await thaw('drill', 'nmia', '--snapshot', 'latest', ...answers);
    expect(drill.status, drill.text).toBe(0);
    expect(await databases()).not.toContain('__restore_');
    await stack.sql('DROP TABLE identities');
    const end = await thaw('restore', 'nmia', '--snapshot', 'latest', ...answers);
    expect(end.status, end.text).toBe(0);
    expect(end.text).toMatch(/tables equal to the manifest/);
    expect(await counts()).toBe(counted);
    const aside = (await databases()).split('\n').find((name) => name.startsWith('nmia__before_'));
    await stack.sql(`DROP DATABASE "${aside}"`, 'postgres');
  });

  it('has its schema drilled from a dump of the schema alone, and never restored from it', async () => {
    chapter = 'schema';
    await dump('nmia_schema_20250204_020000.sql', '--schema-only');
    const drill = await thaw('drill', 'nmia-schema', '--snapshot', 'latest');
    const checks = checksOf(await readRecord(logs())).join('\n');
    expect(checks, drill.text).toMatch(/passed: the schema equals the live database: 1 schema, 5 tables, /);
    expect(checks).toMatch(/passed: not a row is in them/);
    expect(drill.status, drill.text).toBe(0);
    await stack.sql('ALTER TABLE users ADD COLUMN mail text');
    const other = await thaw('drill', 'nmia-schema', '--snapshot', 'latest');
    expect(other.status, other.text).toBe(1);
    expect(other.text).toContain('column public.users.mail is missing');
    await stack.sql('ALTER TABLE users DROP COLUMN mail');
    const before = await databases();
    const live = await thaw('restore', 'nmia-schema', '--snapshot', 'latest', ...answers);
    expect(live.status, live.text).toBe(3);
    expect(live.text).toMatch(/would put an empty database in the place of production/);
    expect(await databases()).toBe(before);
  });

  it('stops nobody for a dump of the schema alone that bears the name of a whole one', async () => {
    chapter = 'empty';
    await dump('nmia_backup_20250205_020000.dump', '-Fc', '--schema-only');
    await dump('nmia_backup_20250206_020000.sql', '--schema-only');
    for (const snapshot of ['20250205_020000', '20250206_020000']) {
      const end = await thaw('restore', 'nmia', '--snapshot', snapshot, ...answers);
      expect(end.status, end.text).toBe(3);
      expect(end.text).toContain('holds the schema alone: 5 tables are made in it');
    }
    expect(await stack.compose('ps', '--services', '--status', 'running')).toMatch(/worker/);
  });

  it('comes back after a disaster from plain SQL, through the psql of its container, and can be rolled back', async () => {
    chapter = 'restore';
    await dump('nmia_backup_20250202_020000.sql', '--format=plain');
    await stack.sql('DROP TABLE identities; DELETE FROM users; CREATE TABLE ruin ()');
    const end = await thaw('restore', 'nmia', '--snapshot', '20250202_020000', ...answers);
    expect(end.status, end.text).toBe(7);
    const record = await readRecord(logs());
    const unproven = checksOf(record).filter((check) => !/ (passed|skipped|not-checked): /.test(check));
    // There is no manifest.
    expect(unproven.filter((check) => !/manifest|digest/.test(check))).toEqual([]);
    expect(await counts()).toBe(before);
    expect(await stack.sql("SELECT to_regclass('ruin') IS NULL")).toBe('t');
    expect(await databases()).toMatch(/^nmia\nnmia__before_\w+$/);
    const restored = record.steps.find(({ kind }) => kind === 'restore-database')?.attempts[0];
    expect(restored?.commands.join('\n')).toMatch(/exec -T db psql .*ON_ERROR_STOP=1/);
    const worker = await stack.sql(
      "SELECT count(*) > 0 FROM jobs WHERE created_at > now() - interval '1 minute'",
    );
    expect(worker).toBe('t');

    await stack.compose('stop', 'api', 'worker', 'collector');
    const back = await thaw('rollback', '--confirm', 'nmia');
    expect(back.status, back.text).toBe(0);
    expect(await stack.sql("SELECT to_regclass('ruin') IS NULL")).toBe('f');
    const exported = await readFile(join(backups(), 'connectors_export.csv'), 'utf8');
    expect(exported.split('\n')).toHaveLength(7);
    expect(exported).toMatch(/^id,name,connector_type_code/);
    expect(await filesHolding(backups(), [bindPassword])).toEqual([
      expect.stringContaining('nmia_backup_20250202_020000.sql'),
    ]);
    expect(await filesHolding(logs(), [secretKey, password, bindPassword])).toEqual([]);
  });

  it('is not touched when the dump lacks a table that the runbook names', async () => {
    chapter = 'refusal';
    await dump('nmia_backup_20250203_020000.dump', '-Fc', '--exclude-table=connectors');
    const end = await thaw('drill', 'nmia', '--snapshot', '20250203_020000');
    expect(end.status, end.text).not.toBe(0);
    expect(end.text).toMatch(/makes no table public\.connectors/);
    expect(await databases()).not.toContain('__restore_');
  });
});
