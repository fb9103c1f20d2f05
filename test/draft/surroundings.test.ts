// biome-ignore-all lint/suspicious/noTemplateCurlyInString: the placeholders of a runbook look like this.
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { beforeEach, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { archiveBytes } from '../fakes/archive-bytes.ts';
import { thawHere } from '../parts/thaw.ts';

/** What `thaw init` makes of the folder that it stands in. */

let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'thaw-init-'));
  return () => rmSync(folder, { recursive: true, force: true });
});

const at = (name: string) => join(folder, name);
function put(name: string, content: string | Buffer) {
  mkdirSync(dirname(at(name)), { recursive: true });
  writeFileSync(at(name), content);
}
const thaw = (...args: readonly string[]) => thawHere({ args, env: { HOME: folder }, cwd: folder });
const written = (name = 'crm') => readFileSync(at(`runbooks/${name}.yaml`), 'utf8');

/** Drafted, found again by its name, and whole. */
async function draft(...args: readonly string[]) {
  const end = await thaw('init', 'crm', ...args);
  expect(end.status, end.text).toBe(0);
  const linted = await thaw('lint', 'crm');
  expect(linted.status, linted.text).toBe(0);
  return { text: written(), runbook: parse(written()), said: end.text, linted: linted.text };
}

const secrets = {
  password: 'hunter2-of-the-db',
  key: '00112233445566778899aabbccddeeff',
  s3: 'wJalrXUtnFEMI-K7MDENG',
};
const compose = `
x-app: &app
  image: example/crm:2
  env_file: ./app/app.env
services:
  db:
    image: timescale/timescaledb:2.17.0-pg16
    environment: { POSTGRES_USER: "\${DB_USER:-crm}", POSTGRES_PASSWORD: "\${DB_PASSWORD}", POSTGRES_DB: crm_production }
    volumes: ["pgdata:/var/lib/postgresql/data"]
  web:
    <<: *app
    depends_on: { db: { condition: service_healthy } }
    volumes:
      - ./storage:/app/storage
      - ./old/storage:/app/old-storage
      - ./config.yml:/app/config.yml:ro
      - { type: volume, source: avatars, target: /app/avatars }
  worker:
    <<: *app
    environment: ["DATABASE_URL=postgres://crm:\${DB_PASSWORD}@db:5432/crm_production", "S3_BUCKET=crm-media"]
  cache: { image: "redis:7", volumes: ["redis:/data"] }
  backup:
    image: prodrigestivill/postgres-backup-local:16
    environment: { POSTGRES_HOST: db, POSTGRES_DB: crm_production }
    volumes: ["./dumps:/backups"]
volumes: { pgdata: {}, avatars: {}, redis: {} }
`;

describe('thaw init in the folder of a compose project', () => {
  beforeEach(() => {
    put('docker-compose.yml', compose);
    put(
      'docker-compose.override.yml',
      'services: { scheduler: { image: "example/crm:2", links: ["db:database"] } }',
    );
    put('.env', `DB_PASSWORD=${secrets.password}\n`);
    put(
      'app/app.env',
      `N8N_ENCRYPTION_KEY=${secrets.key}\nSECRET_KEY_BASE=${secrets.key}x\nSMTP_SECRET_KEY=else\nEMPTY_APP_KEY=\n`,
    );
    for (const name of [
      'last/crm_production-20261128-020007',
      'daily/crm_production-20261128',
      'weekly/crm_production-202648',
      'monthly/crm_production-202611',
    ])
      put(`dumps/${name}.sql.gz`, gzipSync(archiveBytes()));
    for (const name of ['old', 'new']) put(`dumps/${name}-storage-20261128.tar.gz`, gzipSync('tar'));
  });

  it('finds the database, who writes into it, the files, the keys, and the store of the backup container', async () => {
    const { runbook, text, said } = await draft();
    const via = { kind: 'compose', file: '${APP_FOLDER}/docker-compose.yml', service: 'db' };
    const url = 'postgresql://crm@127.0.0.1:5432/crm_production';
    expect(runbook.production).toEqual({
      database: { url, via },
      services: { kind: 'compose', file: via.file },
      envFile: '${APP_FOLDER}/app/app.env',
    });
    // The extension that the image brings is on no other server for sure.
    expect(runbook.drill).toEqual({ database: { url, via, besideProduction: true } });
    expect(runbook.backups.dumps.layout).toBe('{tier}/crm_production-{date}[-{time}].sql.gz');
    expect(runbook.inputs).toEqual({
      APP_FOLDER: { about: expect.any(String), default: folder },
      BACKUPS_FOLDER: { about: expect.any(String), default: at('dumps') },
    });
    expect(runbook.steps).toEqual([
      { kind: 'choose-snapshot' },
      { kind: 'stop-writers', services: ['web', 'worker', 'backup', 'scheduler'] },
      { kind: 'fetch' },
      { kind: 'decrypt' },
      { kind: 'restore-database' },
      {
        kind: 'restore-files',
        id: 'files-storage',
        title: 'Restore storage',
        from: { kind: 'archive', layout: 'new-storage-{date}.tar.gz' },
        into: at('storage'),
      },
      {
        kind: 'restore-files',
        id: 'files-storage-2',
        title: 'Restore storage',
        from: { kind: 'archive', layout: 'old-storage-{date}.tar.gz' },
        into: at('old/storage'),
      },
      { kind: 'verify-secrets', required: ['N8N_ENCRYPTION_KEY', 'SECRET_KEY_BASE'] },
      { kind: 'start-services' },
    ]);
    expect(text).toMatch(/TO DO: web keeps files in avatars \(\/app\/avatars\)/);
    expect(text).toMatch(/TO DO: objects are kept by worker \(S3_BUCKET\)/);
    expect(text).not.toMatch(/config\.yml|redis/);
    for (const one of Object.values(secrets)) expect(text + said).not.toContain(one);
    expect(said).toContain('as docker-postgres-backup-local leaves them');
    expect(said.trimEnd()).toMatch(/→ thaw check crm\n→ thaw drill crm --snapshot latest$/);
  });

  it('names what is open, and calls it not wrong', async () => {
    const { text, linted } = await draft();
    const marks = text.split('\n').flatMap((line, index) => (line.includes('TO DO:') ? [index + 1] : []));
    expect(marks.length).toBeGreaterThan(4);
    for (const line of marks) expect(linted).toContain(`– open  line ${line}: `);
    expect(linted).toContain('no finding');
  });

  it('writes over nothing unasked, and keeps what was there where it is asked', async () => {
    put('runbooks/crm.yaml', 'mine: yes\n');
    const refused = await thaw('init', 'crm');
    expect(refused).toMatchObject({ status: 3, text: expect.stringContaining('--overwrite') });
    expect(written()).toBe('mine: yes\n');
    const printed = await thaw('init', 'crm', '--print');
    expect(printed).toMatchObject({ status: 0, text: expect.stringMatching(/^thaw: 1\nname: crm\n/) });
    expect(written()).toBe('mine: yes\n');
    await draft('--overwrite');
    const [before = ''] = readdirSync(at('runbooks')).filter((name) => name.includes('.before-'));
    expect(readFileSync(at(`runbooks/${before}`), 'utf8')).toBe('mine: yes\n');
  });
});

describe('thaw init and what a compose file takes from others', () => {
  it('takes the files that COMPOSE_FILE names, as Compose does', async () => {
    put('compose.yml', 'services: { demo: { image: "postgres:11" } }');
    put('deploy/base.yml', 'services: { db: { image: "postgres:15", environment: { POSTGRES_DB: crm } } }');
    put('deploy/live.yml', 'services: { web: { image: "example/crm:2", depends_on: [db] } }');
    const check = ({ text, said }: Awaited<ReturnType<typeof draft>>) => {
      expect(said).toContain(`${at('deploy/base.yml')}:${at('deploy/live.yml')}: db, web.`);
      expect(text).toMatch(/file: "?\$\{APP_FOLDER\}\/deploy\/base\.yml:\$\{APP_FOLDER\}\/deploy\/live\.yml/);
      expect(text).not.toContain('postgres:11');
    };
    put('.env', 'COMPOSE_PATH_SEPARATOR=,\nCOMPOSE_FILE=deploy/base.yml,deploy/live.yml\n');
    check(await draft());
    rmSync(at('.env'));
    const env = { HOME: folder, COMPOSE_FILE: 'deploy/base.yml:deploy/live.yml' };
    const end = await thawHere({ args: ['init', 'again'], env, cwd: folder });
    expect(end.status, end.text).toBe(0);
    check({ text: written('again'), said: end.text, runbook: undefined, linted: '' });
  });

  it('follows include and extends, with the folder and the variables that each file counts from', async () => {
    put(
      'compose.yaml',
      `include:
  - infra/database.yml
  - { path: [shared/web.yml, shared/web.prod.yml], env_file: shared/web.env }
  - gone.yml
services:
  web: { extends: { file: shared/base.yml, service: app }, environment: { DB_HOST: db } }
  worker: { extends: web, depends_on: [db] }
`,
    );
    put(
      'infra/database.yml',
      'include: [../compose.yaml]\nservices: { db: { image: "postgres:${PG_MAJOR:-13}", env_file: db.env, environment: { POSTGRES_USER: "${DB_USER}" } } }',
    );
    put('infra/.env', 'PG_MAJOR=12\nDB_USER=crm\n');
    put('infra/db.env', 'POSTGRES_DB=crm_live\n');
    put(
      'shared/base.yml',
      'services: { app: { image: "crm:1", env_file: app.env, volumes: ["./media:/media"] } }',
    );
    put('shared/app.env', 'SECRET_KEY_BASE=of-the-application\n');
    put('shared/web.yml', 'services: { mailer: { image: "mailer:1" } }');
    put(
      'shared/web.prod.yml',
      'services: { mailer: { environment: { DATABASE_URL: "postgres://crm@${MAIL_DB}/crm_live" } } }',
    );
    put('shared/web.env', 'MAIL_DB=db\n');
    const { runbook, text, linted } = await draft();
    expect(runbook.production.database.url).toBe('postgresql://crm@127.0.0.1:5432/crm_live');
    expect(runbook.production.envFile).toBe('${APP_FOLDER}/shared/app.env');
    expect(runbook.steps[1]).toEqual({ kind: 'stop-writers', services: ['mailer', 'web', 'worker'] });
    expect(text).toContain('The service db (postgres:12)');
    expect(text).toContain('web keeps files in ./shared/media (/media)');
    expect(linted).toContain(`${at('gone.yml')} could not be read`);
    expect(linted).toContain(`${at('compose.yaml')} could not be read: it leads back to itself`);
  });
});

describe('thaw init and what the surroundings say beyond the database', () => {
  const system = (more = '') => `services:
  db: { image: "postgres:13", environment: { POSTGRES_USER: outline, POSTGRES_DB: outline }, ports: ["5432:5432"] }
  outline:
    image: docker.getoutline.com/outlinewiki/outline:0.80
    env_file: .env
    ports: ["127.0.0.1:8080:3000/tcp"]
    environment:
      DATABASE_URL: postgres://outline@db/outline
      AWS_S3_UPLOAD_BUCKET_NAME: outline-files
      AWS_S3_UPLOAD_BUCKET_URL: http://minio:9000
      AWS_ACCESS_KEY_ID: \${AWS_ACCESS_KEY_ID}
      AWS_SECRET_ACCESS_KEY: \${AWS_SECRET_ACCESS_KEY}
  exporter:
    image: example/exporter
    ports: [{ target: 9000, published: "\${EXPORT_PORT}" }, 7000]
    healthcheck: { test: ["CMD", "curl", "-fsS", "http://localhost:9000/up?all=1"] }
  editor: { image: example/editor, depends_on: [db], ports: ["8443:443", "9100-9101:9100-9101"] }
  minio: { image: "minio/minio:latest"${more} }
`;
  const dumps = () => {
    put(
      '.env',
      `SECRET_KEY=${secrets.key}\nAWS_SECRET_ACCESS_KEY=${secrets.s3}\nAWS_ACCESS_KEY_ID=AKIA\nEXPORT_PORT=9009\n`,
    );
    put('backups/outline-2026-11-28.sql', '--\n-- PostgreSQL database dump\n--\n');
    put('backups/outline-globals-2026-11-28.sql', '--\n-- PostgreSQL database cluster dump\n--\n');
    for (const name of ['a/one.png', 'a/2026-11-28.sql.zip.txt', 'b/two.pdf'])
      put(`backups/mirror/outline-files/${name}`, 'object');
  };
  const stepOf = (runbook: { steps: { kind: string }[] }, kind: string) =>
    runbook.steps.find((step) => step.kind === kind);

  it('drafts how it is seen to work: known rows, known pages, the page of a health check, and a look', async () => {
    put('compose.yaml', system());
    dumps();
    const { runbook, text } = await draft();
    expect(stepOf(runbook, 'smoke-checklist')).toEqual({
      kind: 'smoke-checklist',
      items: [
        {
          kind: 'query',
          id: 'rows',
          title: 'Documents are there',
          query: 'SELECT count(*) FROM documents WHERE "deletedAt" IS NULL',
          expect: { atLeast: 1 },
        },
        {
          kind: 'http',
          id: 'outline-answers',
          title: 'outline answers',
          url: 'http://127.0.0.1:8080/_health',
          contains: 'OK',
        },
        expect.objectContaining({
          kind: 'attest',
          id: 'editor-answers',
          instructions: expect.stringContaining('Open port 8443 of 127.0.0.1'),
        }),
        {
          kind: 'http',
          id: 'exporter-answers',
          title: 'exporter answers',
          url: 'http://127.0.0.1:9009/up?all=1',
        },
      ],
    });
    expect(stepOf(runbook, 'verify-secrets')).toMatchObject({
      probes: [{ secret: 'SECRET_KEY', layout: 'iv+ciphertext', ivBytes: 16 }],
    });
    for (const one of Object.values(secrets)) expect(text).not.toContain(one);
  });

  it('takes roles for what they are, and a copy of the bucket where the store has one', async () => {
    put('compose.yaml', system(', ports: ["9010:9000"]'));
    dumps();
    const { runbook, text, linted } = await draft();
    expect(runbook.backups).toMatchObject({
      dumps: { layout: 'outline-{date}.sql' },
      objects: { prefix: 'mirror/outline-files/' },
    });
    expect(stepOf(runbook, 'restore-roles')).toEqual({
      kind: 'restore-roles',
      layout: 'outline-globals-{date}.sql',
    });
    expect(runbook.steps.map(({ kind }: { kind: string }) => kind).slice(3, 7)).toEqual([
      'decrypt',
      'restore-roles',
      'restore-database',
      'mirror-objects',
    ]);
    expect(runbook.production.objects).toEqual({
      kind: 's3',
      endpoint: '${OBJECTS_ENDPOINT}',
      region: 'us-east-1',
      bucket: 'outline-files',
      accessKey: '${AWS_ACCESS_KEY_ID}',
      secretKey: '${AWS_SECRET_ACCESS_KEY}',
    });
    expect(runbook.inputs.OBJECTS_ENDPOINT.default).toBe('http://127.0.0.1:9010');
    expect(runbook.drill.objects).toEqual({ kind: 'directory', path: '${DRILL_FOLDER}' });
    expect(linted).toContain('is a copy of the bucket outline-files is guessed');
    for (const one of Object.values(secrets)) expect(text).not.toContain(one);
    // Nothing leads to it: the one who restores is told how.
    put('compose.yaml', system());
    const closed = await draft('--overwrite');
    expect(closed.runbook.inputs.OBJECTS_ENDPOINT.default).toBe(undefined);
    expect(closed.linted).toContain('no port of minio leads to this host');
  });
});

describe('thaw init and a bucket', () => {
  const service = `services:
  postgres: { image: "bitnami/postgresql:16", environment: { POSTGRESQL_USERNAME: app, POSTGRESQL_PASSWORD: "\${PG_PASS}", POSTGRESQL_DATABASE: app } }
  offsite:
    image: eeshugerman/postgres-backup-s3:16
    depends_on: [postgres]
    environment: { S3_BUCKET: app-backups, S3_PREFIX: pg, S3_ENDPOINT: "https://user:${secrets.s3}@s3.example.org", S3_ACCESS_KEY_ID: "\${OFFSITE_KEY}", S3_SECRET_ACCESS_KEY: "\${OFFSITE_SECRET}", PASSPHRASE: "\${OFFSITE_PASS}" }
`;

  it('names its credentials as the env file does, asks for those that are not at hand, and writes none of them', async () => {
    put('compose.yaml', service);
    const { runbook, text, said } = await draft();
    expect(runbook.backups.store).toEqual({
      kind: 's3',
      endpoint: '${BACKUP_ENDPOINT}',
      region: 'us-east-1',
      bucket: 'app-backups',
      accessKey: '${OFFSITE_KEY}',
      secretKey: '${OFFSITE_SECRET}',
    });
    expect(runbook.inputs.OFFSITE_SECRET).toMatchObject({ secret: true });
    expect(runbook.inputs.BACKUP_ENDPOINT.default).toBe(undefined);
    expect(runbook.backups.dumps.layout).toBe('pg/app-{date}.sql.gz');
    expect(runbook.production.database.url).toBe('postgresql://app:${PG_PASS}@127.0.0.1:5432/app');
    expect(text).toMatch(
      /TO DO: s3:\/\/app-backups\/pg\/ was not looked into: OFFSITE_KEY and OFFSITE_SECRET are not\s+(?:# )?at hand/,
    );
    expect(said).toContain('Values that nothing here gives: ');
    expect(text + said).not.toContain(secrets.s3);
  });

  it('that is named does not answer: it says so, and writes nothing', async () => {
    put(
      '.env',
      `AWS_ACCESS_KEY_ID=AKIA\nAWS_SECRET_ACCESS_KEY=${secrets.s3}\nAWS_ENDPOINT_URL=http://127.0.0.1:9\n`,
    );
    const end = await thaw('init', 'crm', '--store', 's3://crm-backups/pg');
    expect(end.status).toBe(1);
    expect(end.text).toContain('127.0.0.1:9');
    expect(end.text).not.toContain(secrets.s3);
    expect(existsSync(at('runbooks'))).toBe(false);
    for (const store of ['ftp://host/dumps', 's3://', 'rclone:nothing'])
      expect((await thaw('init', '--store', store)).status, store).toBe(2);
    expect((await thaw('init', '--store', '/nowhere/at/all')).status).toBe(1);
    expect((await thaw('init', 'Not A Name')).status).toBe(2);
  });
});

describe('thaw init elsewhere', () => {
  it('takes the URL of an env file by its name, and the keys that Mastodon documents', async () => {
    const keys = [
      'SECRET_KEY_BASE',
      'OTP_SECRET',
      'VAPID_PRIVATE_KEY',
      'ACTIVE_RECORD_ENCRYPTION_PRIMARY_KEY',
      'ACTIVE_RECORD_ENCRYPTION_KEY_DERIVATION_SALT',
    ];
    put(
      '.env.production',
      [
        `DATABASE_URL=postgres://mastodon:${secrets.password}@localhost/mastodon_production`,
        'AWS_SECRET_ACCESS_KEY=x',
        ...keys.map((name) => `${name}=${secrets.key}`),
      ].join('\n'),
    );
    put('.env.sample', 'APP_KEY=nothing');
    put('backups/mastodon.dump', archiveBytes());
    const { runbook, text, said } = await draft();
    expect(runbook.production.database).toEqual({ url: '${DATABASE_URL}' });
    expect(runbook.inputs.DATABASE_URL).toMatchObject({ secret: true });
    expect(runbook.steps.find(({ kind }: { kind: string }) => kind === 'verify-secrets').required).toEqual(
      keys,
    );
    for (const one of Object.values(secrets)) expect(text + said).not.toContain(one);
    expect(said).toContain('→ thaw check crm --env-file .env.production');
    const marked = text.split('\n').findIndex((line) => line.includes('TO DO:')) + 1;
    const checked = await thaw('check', 'crm', '--env-file', at('.env.production'));
    expect(checked.text).toContain(`– open  line ${marked}: say what you promised`);
  });

  it('takes the database that the application uses, where the image made none of that name', async () => {
    put(
      'compose.yml',
      'services: { db: { image: "postgres:14-alpine" }, web: { image: mastodon, env_file: .env.production } }',
    );
    put('.env.production', 'DB_HOST=db\nDB_USER=mastodon\nDB_NAME=mastodon_production\nOTP_SECRET=x\n');
    const { runbook } = await draft();
    expect(runbook.production.database.url).toBe('postgresql://postgres@127.0.0.1:5432/mastodon_production');
    expect(runbook.steps[1]).toEqual({ kind: 'stop-writers', services: ['web'] });
  });

  it('finds nothing, says what it looked for, and drafts what is to be filled in', async () => {
    const { runbook, said, linted } = await draft();
    expect(said).toContain(`No compose file in ${folder}.`);
    expect(said).toMatch(/No store of backups: looked for .* thaw init --store s3:\/\/BUCKET\/PREFIX/);
    expect(runbook.backups.dumps.layout).toBe('NAME-{date}.sql.gz');
    expect(linted).toMatch(/no PostgreSQL was found here/);
  });

  it('tells what it could not read, and is led astray by no name in the store', async () => {
    put('.env', 'A="never closed\n');
    put('compose.yml', 'services: [\n');
    put('backups/one\u001b[31m\n# TO DO: run rm -rf {/}.sql.gz', 'x'.repeat(99));
    put('backups/a${HOME}[b}-2026-11-28.sql.gz', gzipSync(archiveBytes()));
    const { text, linted, runbook } = await draft();
    expect(runbook.backups.dumps.layout).toBe('a{any}HOME{any}b{any}-2026-11-28.sql.gz');
    expect(linted).toMatch(/\.env cannot be read as Docker Compose reads it: line 1/);
    expect(linted).toMatch(/compose\.yml could not be read: /);
    expect(text).not.toContain('\u001b');
    expect(text.split('\n').filter((line) => line.startsWith('# TO DO: run'))).toEqual([]);
    put('.env', 'DATABASE_URL=mysql://root:secret@db/shop\n');
    expect((await draft('--overwrite')).linted).toMatch(
      /thaw restores PostgreSQL alone, and not DATABASE_URL \(mysql\)/,
    );
  });
});
