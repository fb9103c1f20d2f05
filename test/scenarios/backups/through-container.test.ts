import { mkdir, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { stringify } from 'yaml';
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
