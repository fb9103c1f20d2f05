import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { createProcessRunner } from '../../../src/adapters/process/execa-process-runner.ts';
import { createSecret } from '../../../src/base/secret.ts';
import { openDatabaseServer } from '../../../src/databases/postgres/pg-database-server.ts';
import { openContainerRoute } from '../../../src/databases/route/open-container-route.ts';
import type { DatabaseRoute } from '../../../src/ports/database-route.ts';
import { openComposeContainer } from '../../../src/services/compose/compose-container.ts';
import { databaseRouteContract } from '../../contracts/database-route.contract.ts';
import { databaseServerContract } from '../../contracts/database-server.contract.ts';
import { failureFrom } from '../../contracts/object-store.contract.ts';
import { buildPostgresImage, dataFolder } from '../../parts/container-image.ts';
import { ensureDocker, type RunningDocker } from '../../parts/docker.ts';

const processes = createProcessRunner();
const url = 'postgresql://owner:never-shown@127.0.0.1:5432/shop';
let docker: RunningDocker;
let folder = '';
let route: DatabaseRoute;
let environment: Record<string, string>;
const project = `thaw-route-${process.pid}`;

/** No port leads out of it: the container has a network of its own, with nothing on it but itself. */
async function startDatabase(): Promise<void> {
  docker = await ensureDocker();
  await buildPostgresImage(docker);
  folder = mkdtempSync(join(tmpdir(), 'thaw-route-'));
  const db = {
    image: 'thaw-postgres:test',
    command: ['start-postgres'],
    network_mode: 'none',
    init: true,
    environment: { POSTGRES_USER: 'owner', POSTGRES_DB: 'shop', PGDATA: dataFolder },
    healthcheck: {
      test: ['CMD', 'pg_isready', '-h', '127.0.0.1', '-U', 'owner'],
      interval: '1s',
      retries: 60,
    },
  };
  const idle = { image: 'thaw-postgres:test', command: ['sleep', '600'], network_mode: 'none', init: true };
  writeFileSync(join(folder, 'compose.yml'), JSON.stringify({ name: project, services: { db, idle } }));
  environment = { DOCKER_HOST: docker.DOCKER_HOST };
  compose('up', '--detach', '--wait', 'db');
  route = routeTo('db');
}

function compose(...args: readonly string[]): string {
  const env = { ...process.env, ...environment };
  return execFileSync('docker', ['compose', '--file', join(folder, 'compose.yml'), ...args], {
    env,
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'pipe'],
  });
}

function routeTo(service: string): DatabaseRoute {
  const config = { kind: 'compose', file: join(folder, 'compose.yml'), service } as const;
  return openContainerRoute(openComposeContainer({ config, processes, environment }));
}

beforeAll(startDatabase);
afterAll(async () => {
  compose('down', '--volumes', '--timeout', '1');
  rmSync(folder, { recursive: true, force: true });
  await docker.stop();
});

databaseServerContract({
  name: 'through its container',
  make: async () => ({
    url,
    open: (secret) => openDatabaseServer({ url: secret, route }),
    dispose: async () => {},
  }),
});

const inDatabase = (...args: readonly string[]) => compose('exec', '-T', 'db', ...args);

databaseRouteContract({
  name: 'through docker compose exec',
  make: async () => ({
    route,
    url,
    sql: async (text) => void inDatabase('psql', '-h', '127.0.0.1', '-U', 'owner', '-qc', text, 'shop'),
    dump: async (format) => {
      const dump = `pg_dump -h 127.0.0.1 -U owner --format=${format} shop | base64`;
      return Buffer.from(inDatabase('sh', '-c', dump), 'base64');
    },
    temporary: async () => inDatabase('ls', '/tmp').split('\n'),
    runs: async (words) => compose('top', 'db').includes(words),
    dispose: async () => {},
  }),
});

it('a container that is down is unreachable, says how to start it, and no password', async () => {
  const stopped = await routeTo('idle').run({ stallMs: 60_000, program: 'true', args: [] });
  expect(failureFrom(stopped)).toMatchObject({
    code: 'unreachable',
    message: expect.stringMatching(/^The service idle of compose file \S+ is not running\.$/),
    remedy: expect.stringMatching(/^Start it \(docker compose .* up --detach idle\), wait until/),
  });
  const down = openDatabaseServer({ url: createSecret(url), route: routeTo('idle') });
  const failure = failureFrom(await down.identity());
  expect(failure).toMatchObject({ code: 'unreachable' });
  expect(JSON.stringify(failure)).not.toContain('never-shown');
});
