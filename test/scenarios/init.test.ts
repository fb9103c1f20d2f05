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

/** Drafted, and nothing in the way of it. */
async function draft(...args: readonly [name: string, ...options: string[]]) {
  const drafted = await thaw('init', ...args);
  expect(drafted.status, drafted.text).toBe(0);
  const checked = await thaw('check', args[0]);
  expect(checked.status, checked.text).toBe(0);
  const open = checked.text.split('\n').filter((line) => /^[?✗] /.test(line));
  expect(open, checked.text).toEqual([]);
  return { drafted: drafted.text, checked: checked.text };
}

describe('From nothing to the first drill', () => {
  it('init, check and drill end well', async () => {
    const { drafted } = await draft('shop');
    expect(drafted).toContain('→ thaw drill shop --snapshot latest');
    const drilled = await thaw('drill', 'shop', '--snapshot', 'latest', '--plain', '--log-dir', at('logs'));
    expect(drilled.status, drilled.text).toBe(0);
    expect(drilled.text).toContain('VERIFIED against the live database');
    const checks = checksOf(await readRecord(at('logs'))).join('\n');
    expect(checks).toMatch(/verify-secrets passed: \S+ has APP_KEY/);
    expect(checks).toMatch(/restore-database passed: 1 of 1 tables equal to the live database/);
  });

  it('a dump of the whole server is one as well: the database of the project is taken out of it', async () => {
    const { checked } = await draft('whole', '--store', 'whole');
    expect(checked).toContain('plain SQL of a whole server, of which shop_production is taken');
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
