import { execFileSync } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { chmod, chown, link, mkdir, readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { fingerprintSecret } from '../../src/backups/fingerprint.ts';
import type { Manifest } from '../../src/backups/manifest.ts';
import { type ComposeStack, startComposeStack } from './compose-stack.ts';
import { standInProgram } from './crm-image.ts';
import { ensureDocker } from './docker.ts';
import { findSops } from './find-program.ts';
import { findFreePort } from './free-port.ts';
import { runThaw, type ThawEnd } from './thaw.ts';

export const day = '2026-11-19';
const dayBefore = '2026-11-18';
/** Each is fetched by an rclone of its own, which stretches the password of the crypt remote: four in each of five folders tell as much as more. */
export const mediaFiles = 20;

const schema = `
  CREATE TABLE clients (id serial PRIMARY KEY, name text, created_at timestamptz DEFAULT now());
  CREATE TABLE api_keys (id serial PRIMARY KEY, client_id int REFERENCES clients, hash text);
  CREATE TABLE messages (id serial PRIMARY KEY, body text, created_at timestamptz DEFAULT now());
  CREATE TABLE media_objects (id serial PRIMARY KEY, storage_path text);
  CREATE TABLE beats (id serial PRIMARY KEY, created_at timestamptz DEFAULT now());
  INSERT INTO clients (name) SELECT 'client ' || i FROM generate_series(1, 12) i;
  INSERT INTO api_keys (client_id, hash) SELECT 1 + i % 12, md5(i::text) FROM generate_series(1, 30) i;
  INSERT INTO messages (body) SELECT E'line one\\nline \\\\two ' || i FROM generate_series(1, 5000) i;
  INSERT INTO media_objects (storage_path) SELECT i % 5 || '/voice ' || i || '.ogg' FROM generate_series(0, ${mediaFiles - 1}) i`;

const tables = ['api_keys', 'clients', 'media_objects', 'messages'];
export const countsSql = `SELECT concat_ws(' ', ${tables.map((name) => `(SELECT count(*) FROM ${name})`).join(', ')})`;

/** What \`pnpm db:migrate\` is in the application's own image. */
const pnpm = `#!/bin/sh
[ "$1" = db:migrate ] || exit 64
exec psql -X -q -h /sockets -U wa -d wa_mcp -v ON_ERROR_STOP=1 -c 'ALTER TABLE messages ADD COLUMN reaction text'
`;

export type WhatsappMcp = {
  readonly stack: ComposeStack;
  readonly staging: ComposeStack;
  readonly port: number;
  at(path: string): string;
  /** Rows of each table when the backup was made. */
  readonly before: string;
  /** What no file of a run and no line may show. */
  readonly secrets: readonly string[];
  /** The .env of the application, decrypted. */
  readonly plainSecrets: string;
  /** Whether sops encrypted it; why it could not, where it is not there. */
  readonly sops: { readonly file: string } | { readonly absentBecause: string };
  thaw(request: {
    readonly backups: string;
    readonly logs: string;
    readonly args: readonly string[];
    readonly env?: Readonly<Record<string, string>>;
  }): Promise<ThawEnd>;
  /** A backup folder of its own with another dump: what comes out of pg_dump with these options. */
  backUpElsewhere(folder: string, ...options: readonly string[]): Promise<void>;
  stop(): Promise<void>;
};

/** The owners' system: compose stacks for production and staging, secrets in SOPS, backups on this host and behind rclone crypt. */
export async function startWhatsappMcp(): Promise<WhatsappMcp> {
  const docker = await ensureDocker();
  const port = await findFreePort();
  const request = { docker, databaseService: 'postgres', user: 'wa', database: 'wa_mcp' };
  const stack = await startComposeStack({ ...request, ...applicationOn(port) });
  const staging = await startComposeStack({ ...request, services: {} });
  const at = (path: string) => join(stack.folder, path);
  await writeFile(at('pnpm'), pnpm, { mode: 0o755 });
  await stack.sql(schema);
  const made = await makeSecrets(at);
  await makeMedia(at);
  await stack.compose('up', '--detach', 'app');
  const before = await stack.sql(countsSql);
  await backUp(stack, at);
  const fingerprint = await fingerprintSecret({ name: 'API_KEY_PEPPER', value: made.pepper });
  const usual = {
    HOME: stack.folder,
    DOCKER_HOST: docker.DOCKER_HOST,
    // As `sops exec-env` gives it: it is in no file of this host.
    DATABASE_URL: made.databaseUrl,
    RCLONE_CONFIG: at('rclone.conf'),
    WA_AGE_KEY_FILE: at('age.key'),
    WA_MEDIA_DIR: at('media'),
    WA_SOPS_FILE: 'file' in made.sops ? made.sops.file : '',
    WA_ENV_FILE: at('.env'),
    WA_KEY_FINGERPRINT: fingerprint,
    COMPOSE_FILE_PATH: stack.composeFile,
    WA_URL: `http://127.0.0.1:${port}`,
    WA_AUDIT_DIR: at('audit'),
    WA_AUDIT_COPY: 'logs:',
    DRILL_COMPOSE_FILE_PATH: staging.composeFile,
    DRILL_DATABASE_URL: 'postgresql://wa:staging-only@127.0.0.1:5432/wa_mcp',
    DRILL_MEDIA_DIR: at('drills'),
  };
  return {
    ...{ stack, staging, port, at, before },
    secrets: made.secrets,
    plainSecrets: made.plain,
    sops: made.sops,
    thaw: ({ backups, logs, args, env }) =>
      runThaw({
        args: [...args, '--plain', '--log-dir', at(logs)],
        env: { ...usual, WA_BACKUPS: backups, ...env },
        cwd: stack.folder,
      }),
    backUpElsewhere: async (folder, ...options) => {
      await mkdir(at(folder));
      await writeFile(at(`${folder}/db-${day}.sql.gz.age`), sealedDump(stack, at, options));
      execFileSync('cp', ['--archive', at(`backups/media-${day}`), at(folder)]);
    },
    stop: async () => {
      await staging.destroy();
      await stack.destroy();
      await docker.stop();
    },
  };
}

/** It writes all the time, and answers /health. */
function applicationOn(port: number) {
  const write =
    'while :; do echo "INSERT INTO beats DEFAULT VALUES;"; sleep 1; done | psql -q -h /sockets -U wa -d wa_mcp';
  return {
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
  };
}

type At = WhatsappMcp['at'];

async function makeSecrets(at: At) {
  const draw = () => `CANARY${randomBytes(12).toString('hex')}`;
  const [password, pepper, cryptPassword] = [draw(), draw(), draw()];
  const databaseUrl = `postgresql://wa:${password}@127.0.0.1:5432/wa_mcp`;
  const plain = `DATABASE_URL=${databaseUrl}\nAPI_KEY_PEPPER=${pepper}\nNODE_ENV=production\n`;
  execFileSync('age-keygen', ['-o', at('age.key')], { stdio: 'ignore' });
  await chmod(at('age.key'), 0o400);
  const identity = (await readFile(at('age.key'), 'utf8'))
    .split('\n')
    .find((line) => line.startsWith('AGE-SECRET'));
  const obscured = execFileSync('rclone', ['obscure', cryptPassword], { encoding: 'utf8' }).trim();
  await mkdir(at('off-host'));
  const copy = `[logs]\ntype = alias\nremote = ${at('log-server')}\n\n`;
  const remotes = `${copy}[hidden]\ntype = crypt\nremote = ${at('off-host')}\npassword = ${obscured}\n`;
  await writeFile(at('rclone.conf'), remotes, { mode: 0o600 });
  const sops = await sealSecrets(at, plain);
  if ('absentBecause' in sops) await writeFile(at('.env'), plain, { mode: 0o600 });
  return { databaseUrl, pepper, plain, sops, secrets: [password, pepper, cryptPassword, identity ?? ''] };
}

/** The public key stands in ops/sops/.sops.yaml of the repository, the secrets beside it. */
async function sealSecrets(at: At, plain: string): Promise<WhatsappMcp['sops']> {
  const found = await findSops();
  if ('absentBecause' in found) return found;
  process.env.PATH = `${dirname(found.binary)}:${process.env.PATH}`;
  const folder = at('repository/ops/sops');
  const file = join(folder, 'secrets.env');
  await mkdir(folder, { recursive: true });
  const rules = `creation_rules:\n  - path_regex: secrets\\.env$\n    age: ${publicHalf(at)}\n`;
  await writeFile(join(folder, '.sops.yaml'), rules);
  await writeFile(file, plain, { mode: 0o600 });
  execFileSync('sops', ['--encrypt', '--in-place', 'secrets.env'], { cwd: folder });
  return { file };
}

function publicHalf(at: At): string {
  return execFileSync('age-keygen', ['-y', at('age.key')], { encoding: 'utf8' }).trim();
}

async function makeMedia(at: At): Promise<void> {
  for (let number = 0; number < mediaFiles; number += 1) {
    const path = at(`media/${number % 5}/voice ${number}.ogg`);
    await mkdir(dirname(path), { recursive: true });
    await writeFile(path, randomBytes(1000 + number * 131), { mode: 0o640 });
    if (process.getuid?.() === 0) await chown(path, 1234, 4321);
  }
}

/** backup-db.sh, backup-media.sh and sync-offsite.sh, with the programs that they use. */
async function backUp(stack: ComposeStack, at: At): Promise<void> {
  await mkdir(at('backups'));
  const sealed = sealedDump(stack, at, []);
  await writeFile(at(`backups/db-${day}.sql.gz.age`), sealed);
  for (const path of mediaPaths(at('media'))) {
    const [today, yesterday] = [day, dayBefore].map((date) => at(`backups/media-${date}/${path}`));
    for (const file of [today, yesterday]) await mkdir(dirname(file ?? ''), { recursive: true });
    execFileSync('cp', ['--preserve=all', at(`media/${path}`), yesterday ?? '']);
    await link(yesterday ?? '', today ?? '');
  }
  const manifest = await manifestOf(stack, at, sealed);
  await writeFile(at(`backups/db-${day}.sql.manifest.json`), JSON.stringify(manifest));
  execFileSync('rclone', ['--config', at('rclone.conf'), 'sync', at('backups'), 'hidden:'], {
    stdio: 'pipe',
  });
}

function sealedDump(stack: ComposeStack, ...[at, options]: [At, readonly string[]]): Buffer {
  const dump = stack.inDatabase('pg_dump', '-h', '127.0.0.1', '-U', 'wa', ...options, 'wa_mcp');
  return execFileSync('age', ['-r', publicHalf(at)], { input: gzipSync(dump), maxBuffer: 1e8 });
}

async function manifestOf(stack: ComposeStack, ...[at, sealed]: [At, Buffer]): Promise<Manifest> {
  const rows = await stack.sql(
    `SELECT table_name || ' ' || (xpath('/row/n/text()', query_to_xml('SELECT count(*) AS n FROM ' || quote_ident(table_name), false, true, '')))[1]
     FROM information_schema.tables WHERE table_schema = 'public' AND table_name <> 'beats'`,
  );
  const counted = rows.split('\n').map((line) => line.split(' '));
  // The application writes beats all the time: of those the dump itself knows the number.
  const written = /COPY public\.beats \(.*\) FROM stdin;\n((?:\d.*\n)*)/.exec(dumpText(at))?.[1];
  const beats = Number(written?.split('\n').length ?? 1) - 1;
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

function dumpText(at: At): string {
  const opened = execFileSync('age', ['--decrypt', '-i', at('age.key'), at(`backups/db-${day}.sql.gz.age`)], {
    maxBuffer: 1e8,
  });
  return execFileSync('gunzip', [], { input: opened, encoding: 'utf8', maxBuffer: 1e9 });
}

export function mediaPaths(folder: string): readonly string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(folder.length + 1))
    .sort();
}

export function mediaDigests(folder: string): Readonly<Record<string, string>> {
  return Object.fromEntries(
    mediaPaths(folder).map((path) => [
      path,
      createHash('sha256')
        .update(readFileSync(join(folder, path)))
        .digest('hex'),
    ]),
  );
}
