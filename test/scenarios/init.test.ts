import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type ComposeStack, startComposeStack } from '../parts/compose-stack.ts';
import { buildCrmImage, standInProgram } from '../parts/crm-image.ts';
import { ensureDocker, type RunningDocker } from '../parts/docker.ts';
import { checksOf, readRecord } from '../parts/run-log.ts';
import { thawHere } from '../parts/thaw.ts';

/** Nobody has written a runbook: a compose project with a real PostgreSQL that no port leads to, and what its cron job left. */

let docker: RunningDocker;
let stack: ComposeStack;
const at = (name: string) => join(stack.folder, name);

beforeAll(async () => {
  docker = await ensureDocker();
  const web = { image: await buildCrmImage(docker), command: ['node', standInProgram, 'worker'] };
  stack = await startComposeStack({
    docker,
    databaseService: 'db',
    user: 'shop',
    database: 'shop_production',
    services: { web: { ...web, network_mode: 'service:db', depends_on: ['db'], env_file: '.env' } },
    prepare: (folder) => writeFile(join(folder, '.env'), 'APP_KEY=of-the-application\n'),
  });
  await stack.sql('CREATE TABLE orders AS SELECT i AS id FROM generate_series(1, 321) i');
  const [day] = new Date().toISOString().split('T');
  const options = ['-h', '127.0.0.1', '-U', 'shop'];
  for (const [name, program] of [
    ['backups', ['pg_dump', ...options, 'shop_production']],
    ['whole', ['pg_dumpall', ...options]],
  ] as const) {
    await mkdir(at(name));
    await writeFile(at(`${name}/shop_${day}.sql.gz`), gzipSync(stack.inDatabase(...program)));
  }
});
afterAll(async () => {
  await stack?.destroy();
  await docker?.stop();
});

const thaw = (...args: readonly string[]) =>
  thawHere({ args, env: { HOME: stack.folder, DOCKER_HOST: docker.DOCKER_HOST }, cwd: stack.folder });

describe('From nothing to the first drill', () => {
  it.each([
    ['shop', []],
    ['whole', ['--store', 'whole']],
  ] as const)('init, check and drill end well: %s', async (name, store) => {
    const drafted = await thaw('init', name, ...store);
    expect(drafted.status, drafted.text).toBe(0);
    expect(drafted.text).toContain(`→ thaw drill ${name} --snapshot latest`);
    const checked = await thaw('check', name);
    expect(checked.status, checked.text).toBe(0);
    const drilled = await thaw(
      'drill',
      name,
      '--snapshot',
      'latest',
      '--plain',
      '--log-dir',
      at(`logs-${name}`),
    );
    expect(drilled.status, drilled.text).toBe(0);
    expect(drilled.text).toContain('VERIFIED against the dump');
    const checks = checksOf(await readRecord(at(`logs-${name}`))).join('\n');
    expect(checks).toMatch(/verify-secrets passed: \S+ has APP_KEY/);
    expect(checks).toMatch(/restore-database passed: .*321/);
  });
});
