import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { stringify } from 'yaml';
import { findPostgresFolder } from '../../../src/sandbox/postgres-install.ts';
import { type ComposeStack, startComposeStack } from '../../parts/compose-stack.ts';
import { ensureDocker, type RunningDocker } from '../../parts/docker.ts';
import { runThaw } from '../../parts/thaw.ts';

let docker: RunningDocker;
let stack: ComposeStack;

beforeAll(async () => {
  docker = await ensureDocker();
  stack = await startComposeStack({
    docker,
    databaseService: 'db',
    user: 'nmia',
    database: 'nmia',
    services: {},
  });
  await stack.sql(
    `CREATE TABLE identities (id serial PRIMARY KEY, name text, created_at timestamptz DEFAULT now());
     INSERT INTO identities (name) SELECT 'identity ' || i FROM generate_series(1, 4000) i`,
  );
  await mkdir(join(stack.folder, 'backups'));
});
afterAll(async () => {
  await stack?.destroy();
  await docker?.stop();
});

let runbook = '';
const thaw = (...args: readonly string[]) =>
  runThaw({ args, env: { HOME: stack.folder, DOCKER_HOST: docker.DOCKER_HOST }, cwd: stack.folder });

beforeAll(async () => {
  const database = {
    url: 'postgresql://nmia:nmia@127.0.0.1:5432/nmia',
    via: { kind: 'compose', file: stack.composeFile, service: 'db' },
  };
  runbook = join(stack.folder, 'nmia.yaml');
  await writeFile(
    runbook,
    stringify({
      thaw: 1,
      name: 'nmia',
      title: 'NMIA',
      objectives: { rto: '1h', rpo: '24h' },
      backups: {
        store: { kind: 'directory', path: join(stack.folder, 'backups') },
        dumps: { layout: 'nmia_backup_{timestamp}[.dump][.sql][.tar][.zst]' },
      },
      production: { database },
      drill: { database: { ...database, besideProduction: true } },
      producer: { compression: 'zstd' },
      steps: [{ kind: 'choose-snapshot' }],
    }),
  );
});

it('a database that is reached only through its container is backed up and verified through it', async () => {
  const backup = await thaw('backup', runbook);
  expect(backup, backup.text).toMatchObject({ status: 0 });
  const names = await readdir(join(stack.folder, 'backups'));
  expect(names.filter((name) => /^nmia_backup_\d{8}T\d{6}Z\.dump\.zst$/.test(name))).toHaveLength(1);
  const verified = await thaw('verify', runbook, '--restore');
  expect(verified.text).toContain('1 of 1 tables equal to the manifest, 4,000 rows');
  expect(verified, verified.text).toMatchObject({ status: 0 });
});

it('a directory of pg_dump goes in as a folder, and is restored there with several jobs', async () => {
  const script =
    'pg_dump -h 127.0.0.1 -U nmia -Fd -j 2 -f /tmp/packed nmia && tar -cf - -C /tmp packed; rm -rf /tmp/packed';
  const packed = stack.inDatabase('sh', '-c', script);
  await writeFile(join(stack.folder, 'backups/nmia_backup_20250101_020000.tar'), packed);
  const verified = await thaw('verify', runbook, '--restore', '--snapshot', '20250101_020000');
  expect(verified.text).toContain('1 of 1 tables of the archive are there');
  expect(verified.text).toContain('4,000 rows restored in 1 tables');
  expect(verified.text).not.toMatch(/failed/);
  expect(stack.inDatabase('ls', '/tmp').toString()).not.toContain('thaw.');
});

it('a plain dump runs there, and nothing that it would run beside the database', async () => {
  const script = 'pg_dump -h 127.0.0.1 -U nmia nmia';
  const plain = stack.inDatabase('sh', '-c', script).toString();
  const put = (date: string, text: string) =>
    writeFile(join(stack.folder, `backups/nmia_backup_${date}_020000.sql`), text);
  await put('20250102', plain);
  const verified = await thaw('verify', runbook, '--restore', '--snapshot', '20250102_020000');
  expect(verified.text).toContain('4,000 rows restored in 1 tables');
  expect(verified.text).not.toMatch(/failed/);
  // Texts are read the old way, and whoever looks for a plain SET does not see it: only psql knows what is a command.
  const evil = `SELECT 1; SET standard_conforming_strings TO 'off';\nSELECT '\\'' \\! touch /tmp/PWNED '\n;\n`;
  await put(
    '20250103',
    plain.replace('\n--\n-- PostgreSQL database dump complete', (end) => `${evil}${end}`),
  );
  const refused = await thaw('verify', runbook, '--restore', '--snapshot', '20250103_020000');
  expect(refused.text).toMatch(/tries to run commands where it is restored: psql met a command/);
  expect(refused, refused.text).toMatchObject({ status: 1 });
  expect(stack.inDatabase('ls', '/tmp').toString()).not.toContain('PWNED');
});

it('a psql that cannot be kept from running commands is refused there, with the release to install', async () => {
  const path = join(await findPostgresFolder(), 'psql');
  // As the releases before it: the same program, which does not know the word.
  const now = await readFile(path, 'latin1');
  const before = now
    .replace('\0restrict\0', '\0re-trict\0')
    .replace('\\restrict RESTRICT_KEY', '\\re-trict RESTRICT_KEY');
  const old = join(stack.folder, 'old-psql');
  await writeFile(old, before, { encoding: 'latin1', mode: 0o755 });
  await stack.compose('cp', old, `db:${path}`);
  const verified = await thaw('verify', runbook, '--restore', '--snapshot', '20250102_020000');
  expect(verified, verified.text).toMatchObject({ status: 1 });
  expect(verified.text).toMatch(/psql \d+\.\d+ in the \S.* does not know \\restrict/);
  expect(verified.text).toMatch(
    /Install psql \d+\.\d+ or newer there \(Debian package postgresql-client-\d+\)/,
  );
});
