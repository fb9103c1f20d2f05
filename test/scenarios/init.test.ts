import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openBucket } from '../parts/bucket.ts';
import { type ComposeStack, startComposeStack } from '../parts/compose-stack.ts';
import { buildCrmImage, standInProgram } from '../parts/crm-image.ts';
import { ensureDocker, type RunningDocker } from '../parts/docker.ts';
import { checksOf, readRecord } from '../parts/run-log.ts';
import { createBucket, startRgw } from '../parts/s3-servers.ts';
import { thawHere } from '../parts/thaw.ts';

/** Nobody has written a runbook: a compose project with a real PostgreSQL that no port leads to, and what its cron job left. */

let docker: RunningDocker;
let stack: ComposeStack;
let dump: Buffer;
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
    dump = gzipSync(stack.inDatabase(...program));
    await writeFile(at(`${name}/shop_${day}.sql.gz`), dump);
  }
});
afterAll(async () => {
  await stack?.destroy();
  await docker?.stop();
});

let given: Readonly<Record<string, string>> = {};
const thaw = (...args: readonly string[]) =>
  thawHere({
    args,
    env: { HOME: stack.folder, DOCKER_HOST: docker.DOCKER_HOST, ...given },
    cwd: stack.folder,
  });

describe('From nothing to the first drill', () => {
  it.each([
    ['shop', []],
    ['whole', ['--store', 'whole']],
  ] as const)('init, check and drill end well: %s', async (name, store) => {
    const drafted = await thaw('init', name, ...store);
    expect(drafted.status, drafted.text).toBe(0);
    expect(drafted.text).toContain(`→ thaw drill ${name} --snapshot latest`);
    const checked = await thaw('check', name);
    expect(checked.text).toContain('Nothing is in the way.');
    // The disk behind a container is not looked at from here.
    const open = checked.text
      .split('\n')
      .filter((line) => /^[?✗] /.test(line) && !line.includes('free space'));
    expect(open, checked.text).toEqual([]);
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

  it('takes the layout from a bucket below its prefix, and the runbook finds the dump there again', async () => {
    const server = await startRgw();
    const config = await createBucket(server);
    const bucket = openBucket(config);
    await bucket.put('pg/nightly/shop_2026-11-27.sql.gz', dump);
    await bucket.put('elsewhere/other_2026-11-28.dump', dump);
    const { endpoint, region, accessKey, secretKey } = server;
    given = {
      ...{ AWS_ENDPOINT_URL: endpoint, AWS_REGION: region },
      ...{ AWS_ACCESS_KEY_ID: accessKey, AWS_SECRET_ACCESS_KEY: secretKey },
    };
    const drafted = await thaw('init', 'bucket', '--store', `s3://${config.bucket}/pg`);
    expect(drafted.status, drafted.text).toBe(0);
    const text = await readFile(at('runbooks/bucket.yaml'), 'utf8');
    expect(text).toContain('layout: pg/nightly/shop_{date}.sql.gz');
    expect(text + drafted.text).not.toContain(secretKey);
    const listed = await thaw('snapshots', 'bucket');
    expect(listed.text).toMatch(/^\* +\S*2026-11-27/m);
    bucket.close();
    await server.stop();
  });
});
