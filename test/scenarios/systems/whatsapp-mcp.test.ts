import { execFileSync } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { chmod, chown, link, mkdir, readFile, rm, utimes, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Manifest } from '../../../src/backups/manifest.ts';
import { type ComposeStack, startComposeStack } from '../../parts/compose-stack.ts';
import { standInProgram } from '../../parts/crm-image.ts';
import { ensureDocker, type RunningDocker } from '../../parts/docker.ts';
import { findFreePort } from '../../parts/free-port.ts';
import { checksOf, filesHolding, readRecord } from '../../parts/run-log.ts';
import { runThaw } from '../../parts/thaw.ts';

const day = '2026-11-19';
const dayBefore = '2026-11-18';
const draw = () => `CANARY${randomBytes(12).toString('hex')}`;
const [password, pepper, cryptPassword] = [draw(), draw(), draw()];

let docker: RunningDocker;
let stack: ComposeStack;
let staging: ComposeStack;
let port = 0;
let before = '';
const at = (path: string) => join(stack.folder, path);
const mediaFiles = 60;

const schema = `
  CREATE TABLE clients (id serial PRIMARY KEY, name text, created_at timestamptz DEFAULT now());
  CREATE TABLE api_keys (id serial PRIMARY KEY, client_id int REFERENCES clients, hash text);
  CREATE TABLE messages (id serial PRIMARY KEY, body text, created_at timestamptz DEFAULT now());
  CREATE TABLE media_objects (id serial PRIMARY KEY, storage_path text);
  CREATE TABLE beats (id serial PRIMARY KEY);
  INSERT INTO clients (name) SELECT 'client ' || i FROM generate_series(1, 12) i;
  INSERT INTO api_keys (client_id, hash) SELECT 1 + i % 12, md5(i::text) FROM generate_series(1, 30) i;
  INSERT INTO messages (body) SELECT E'line one\\nline \\\\two ' || i FROM generate_series(1, 5000) i;
  INSERT INTO media_objects (storage_path) SELECT i % 5 || '/voice ' || i || '.ogg' FROM generate_series(0, ${mediaFiles - 1}) i`;

const tables = ['api_keys', 'clients', 'media_objects', 'messages'];
const countsSql = `SELECT concat_ws(' ', ${tables.map((name) => `(SELECT count(*) FROM ${name})`).join(', ')})`;

/** What \`pnpm db:migrate\` is in the application's own image. */
const pnpm = `#!/bin/sh
[ "$1" = db:migrate ] || exit 64
exec psql -X -q -h /sockets -U wa -d wa_mcp -v ON_ERROR_STOP=1 -c 'ALTER TABLE messages ADD COLUMN reaction text'
`;

beforeAll(async () => {
  docker = await ensureDocker();
  port = await findFreePort();
  const write =
    'while :; do echo "INSERT INTO beats DEFAULT VALUES;"; sleep 1; done | psql -q -h /sockets -U wa -d wa_mcp';
  const request = { docker, databaseService: 'postgres', user: 'wa', database: 'wa_mcp' };
  stack = await startComposeStack({
    ...request,
    server: {
      command: ['start-postgres', '-c', 'unix_socket_directories=/tmp,/sockets'],
      volumes: ['sockets:/sockets'],
    },
    services: {
      app: {
        command: ['sh', '-c', `(${write}) & exec node ${standInProgram} web >/dev/null`],
        network_mode: 'host',
        environment: { PORT: String(port) },
        volumes: ['sockets:/sockets', './pnpm:/usr/local/bin/pnpm:ro'],
      },
    },
    volumes: { sockets: {} },
  });
  staging = await startComposeStack({ ...request, services: {} });
  await writeFile(at('pnpm'), pnpm, { mode: 0o755 });
  await stack.sql(schema);
  await makeSecrets();
  await makeMedia();
  await stack.compose('up', '--detach', 'app');
  before = await stack.sql(countsSql);
  await backUp();
});
afterAll(async () => {
  await staging?.destroy();
  await stack?.destroy();
  await docker?.stop();
});

async function makeSecrets(): Promise<void> {
  const env = [
    `DATABASE_URL=postgresql://wa:${password}@127.0.0.1:5432/wa_mcp`,
    `API_KEY_PEPPER=${pepper}`,
    '',
  ];
  await writeFile(at('.env'), env.join('\n'), { mode: 0o600 });
  execFileSync('age-keygen', ['-o', at('age.key')], { stdio: 'ignore' });
  await chmod(at('age.key'), 0o400);
  const obscured = execFileSync('rclone', ['obscure', cryptPassword], { encoding: 'utf8' }).trim();
  await mkdir(at('off-host'));
  const copy = `[logs]\ntype = alias\nremote = ${at('log-server')}\n\n`;
  const remotes = `${copy}[hidden]\ntype = crypt\nremote = ${at('off-host')}\npassword = ${obscured}\n`;
  await writeFile(at('rclone.conf'), remotes, { mode: 0o600 });
}

async function makeMedia(): Promise<void> {
  for (let number = 0; number < mediaFiles; number += 1) {
    const path = at(`media/${number % 5}/voice ${number}.ogg`);
    await mkdir(dirname(path), { recursive: true });
    await writeFile(path, randomBytes(1000 + number * 131), { mode: 0o640 });
    if (process.getuid?.() === 0) await chown(path, 1234, 4321);
  }
}

/** backup-db.sh, backup-media.sh and sync-offsite.sh, with the programs that they use. */
async function backUp(): Promise<void> {
  await mkdir(at('backups'));
  const dump = stack.inDatabase('pg_dump', '-h', '127.0.0.1', '-U', 'wa', 'wa_mcp');
  const recipient = execFileSync('age-keygen', ['-y', at('age.key')], { encoding: 'utf8' }).trim();
  const sealed = execFileSync('age', ['-r', recipient], { input: gzipSync(dump), maxBuffer: 1e8 });
  await writeFile(at(`backups/db-${day}.sql.gz.age`), sealed);
  for (const path of mediaPaths(at('media'))) {
    const [today, yesterday] = [day, dayBefore].map((date) => at(`backups/media-${date}/${path}`));
    for (const file of [today, yesterday]) await mkdir(dirname(file ?? ''), { recursive: true });
    execFileSync('cp', ['--preserve=all', at(`media/${path}`), yesterday ?? '']);
    await link(yesterday ?? '', today ?? '');
  }
  await writeFile(at(`backups/db-${day}.sql.manifest.json`), JSON.stringify(await manifestOf(sealed)));
  execFileSync('rclone', ['--config', at('rclone.conf'), 'sync', at('backups'), 'hidden:'], {
    stdio: 'pipe',
  });
}

async function manifestOf(sealed: Buffer): Promise<Manifest> {
  const rows = await stack.sql(
    `SELECT table_name || ' ' || (xpath('/row/n/text()', query_to_xml('SELECT count(*) AS n FROM ' || quote_ident(table_name), false, true, '')))[1]
     FROM information_schema.tables WHERE table_schema = 'public' AND table_name <> 'beats'`,
  );
  const counted = rows.split('\n').map((line) => line.split(' '));
  // The application writes beats all the time: of those the dump itself knows the number.
  const beats =
    Number(
      /COPY public\.beats \(id\) FROM stdin;\n((?:\d+\n)*)/.exec(dumpText())?.[1]?.split('\n').length ?? 1,
    ) - 1;
  return {
    thawManifest: 1,
    takenAt: `${day}T02:00:00Z`,
    host: 'wa-1',
    dump: {
      key: `db-${day}.sql.gz.age`,
      sizeBytes: sealed.length,
      sha256: createHash('sha256').update(sealed).digest('hex'),
    },
    tables: [...counted, ['beats', String(beats)]].map(([name = '', count]) => ({
      schema: 'public',
      name,
      rows: Number(count),
    })),
    sequences: [],
    extensions: [],
    fingerprints: {},
  };
}

function dumpText(): string {
  const opened = execFileSync('age', ['--decrypt', '-i', at('age.key'), at(`backups/db-${day}.sql.gz.age`)], {
    maxBuffer: 1e8,
  });
  return execFileSync('gunzip', [], { input: opened, encoding: 'utf8', maxBuffer: 1e9 });
}

function mediaPaths(folder: string): readonly string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(folder.length + 1))
    .sort();
}

function digests(folder: string): Readonly<Record<string, string>> {
  return Object.fromEntries(
    mediaPaths(folder).map((path) => [
      path,
      createHash('sha256')
        .update(readFileSync(join(folder, path)))
        .digest('hex'),
    ]),
  );
}

/** One folder a test: runs of the same minute are told apart by their names alone. */
let chapter = '';
const logs = () => at(`logs-${chapter}`);

function thaw(backups: string, ...args: readonly string[]) {
  return runThaw({
    args: [...args, '--plain', '--env-file', at('.env'), '--log-dir', logs()],
    env: {
      HOME: stack.folder,
      DOCKER_HOST: docker.DOCKER_HOST,
      WA_BACKUPS: backups,
      RCLONE_CONFIG: at('rclone.conf'),
      WA_AGE_KEY_FILE: at('age.key'),
      WA_MEDIA_DIR: at('media'),
      WA_ENV_FILE: at('.env'),
      COMPOSE_FILE_PATH: stack.composeFile,
      WA_URL: `http://127.0.0.1:${port}`,
      WA_AUDIT_DIR: at('audit'),
      WA_AUDIT_COPY: 'logs:',
      DRILL_COMPOSE_FILE_PATH: staging.composeFile,
      DRILL_DATABASE_URL: 'postgresql://wa:staging-only@127.0.0.1:5432/wa_mcp',
      DRILL_MEDIA_DIR: at('drills'),
    },
    cwd: stack.folder,
  });
}

const answers = [
  ...['--yes', '--snapshot', 'latest', '--confirm', 'wa_mcp', '--confirm', 'media'],
  ...['session', 'off-host'].flatMap((id) => [
    '--answer',
    `smoke-checklist.${id}=passed:looked at by the test`,
  ]),
];
const lastRecord = () => readRecord(logs());

describe('WhatsApp MCP, with age, rclone and media', () => {
  it('is not begun with an age key that others may read', async () => {
    await chmod(at('age.key'), 0o644);
    const end = await thaw(at('backups'), 'check', 'whatsapp-mcp-local');
    await chmod(at('age.key'), 0o400);
    expect(end.status, end.text).toBe(3);
    expect(end.text).toMatch(/age\.key is not kept as a secret: its mode 0644.*chmod 0400/s);
  });

  it('is drilled in the staging stack from the hard-linked folder, and leaves nothing there', async () => {
    chapter = 'drill';
    await mkdir(at('drills'));
    const end = await thaw(at('backups'), 'drill', 'whatsapp-mcp-local', '--snapshot', 'latest');
    const checks = checksOf(await lastRecord()).join('\n');
    expect([0, 1], end.text).toContain(end.status);
    expect(checks).toMatch(
      /decrypt passed: decrypted and authenticated to its end, with age-encryption \+ zlib/,
    );
    expect(checks).toMatch(/decrypt passed: all 4 tables the runbook names are in the dump/);
    expect(checks).toMatch(/restore-database passed: 5 of 5 tables equal to the manifest/);
    expect(checks).toMatch(new RegExp(`media passed: ${mediaFiles} files, .*, as brought, by every byte`));
    expect(checks).toMatch(
      new RegExp(`smoke-checklist passed: Every media row has its file on disk: all ${mediaFiles} rows`),
    );
    expect(readdirSync(at('drills'))).toEqual([]);
    expect(await staging.sql('SELECT count(*) FROM pg_database', 'postgres')).toBe('4');
    const sample = mediaPaths(at('media'))[0] ?? '';
    expect(statSync(at(`backups/media-${day}/${sample}`)).nlink).toBe(2);
  });

  it('has its newest dump looked through each month for the tables that matter', async () => {
    const end = await thaw('hidden:', 'verify', 'whatsapp-mcp', '--latest');
    expect(end.text).toMatch(/all 4 tables the runbook names are in the dump/);
    expect([0, 1], end.text).toContain(end.status);
  });

  it('has somebody paged when its audit archive is shortened on this host', async () => {
    for (const place of ['audit', 'log-server']) {
      await mkdir(at(place));
      for (const hour of ['01', '02']) {
        await writeFile(
          at(`${place}/2026-11-19T${hour}.jsonl`),
          '{"who":"somebody","what":"a message"}\n'.repeat(50),
        );
        await utimes(at(`${place}/2026-11-19T${hour}.jsonl`), 1_763_500_000, 1_763_500_000);
      }
    }
    const healthy = await thaw(at('backups'), 'monitor', 'whatsapp-mcp-local');
    expect(healthy.text).not.toContain('Audit archive');
    await writeFile(at('audit/2026-11-19T01.jsonl'), '{"who":"somebody","what":"a message"}\n'.repeat(49));
    await rm(at('audit/2026-11-19T02.jsonl'));
    const paged = await thaw(at('backups'), 'monitor', 'whatsapp-mcp-local');
    expect(paged.status, paged.text).toBe(1);
    expect(paged.text).toMatch(
      /critical: Audit archive: 1 files are gone from here, 1 differ from their copy, 0 never/,
    );
  });

  it('comes back from the crypt remote: rows, migrations, media and a healthy application', async () => {
    chapter = 'restore';
    const media = digests(at('media'));
    await stack.sql('DROP TABLE messages; DELETE FROM media_objects');
    await rm(at('media/3'), { recursive: true });
    await writeFile(at('media/0/voice 0.ogg'), 'encrypted by somebody else');
    const end = await thaw('hidden:', 'restore', 'whatsapp-mcp', ...answers);
    const record = await lastRecord();
    const unproven = checksOf(record).filter((check) => !/ passed: /.test(check));
    expect([0, 1], end.text).toContain(end.status);
    expect(
      unproven.filter((check) => !/fingerprint|owner|root may give|digest/.test(check)),
      end.text,
    ).toEqual([]);
    expect(await stack.sql(countsSql)).toBe(before);
    expect(
      await stack.sql("SELECT count(*) FROM information_schema.columns WHERE column_name = 'reaction'"),
    ).toBe('1');
    expect(digests(at('media'))).toEqual(media);
    const kept = readdirSync(stack.folder).filter((name) => name.startsWith('media.before-'));
    expect(kept).toHaveLength(1);
    expect(existsSync(at(`${kept[0]}/3`))).toBe(false);
    expect((await fetch(`http://127.0.0.1:${port}/health`)).status).toBe(200);
    const checks = checksOf(record).join('\n');
    expect(checks).toMatch(
      /smoke-checklist passed: Messages as counted in the manifest: 5000, the manifest says 5000/,
    );
    expect(checks).toMatch(/migrate passed/);
    const ruined = digests(at(kept[0] ?? ''));
    await stack.compose('stop', 'app');
    const back = await thaw('hidden:', 'rollback', '--confirm', 'wa_mcp');
    expect(back.status, back.text).toBe(0);
    expect(digests(at('media'))).toEqual(ruined);
    expect(await stack.sql("SELECT to_regclass('messages') IS NULL")).toBe('t');
    const identity = (await readFile(at('age.key'), 'utf8'))
      .split('\n')
      .find((line) => line.startsWith('AGE-SECRET'));
    expect(await filesHolding(logs(), [password, pepper, cryptPassword, identity ?? ''])).toEqual([]);
  });
});
