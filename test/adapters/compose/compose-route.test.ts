import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openComposeRoute } from '../../../src/adapters/compose/compose-route.ts';
import { openDatabaseServer } from '../../../src/adapters/postgres/pg-database-server.ts';
import { openDumpTools } from '../../../src/adapters/postgres/pg-dump-tools.ts';
import { createProcessRunner } from '../../../src/adapters/process/execa-process-runner.ts';
import { createSecret } from '../../../src/base/secret.ts';
import type { DatabaseRoute } from '../../../src/ports/database-route.ts';
import { databaseServerContract } from '../../contracts/database-server.contract.ts';
import { failureFrom, valueFrom } from '../../contracts/object-store.contract.ts';
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
  const config = {
    kind: 'compose',
    service,
    services: { kind: 'compose', file: join(folder, 'compose.yml') },
  } as const;
  return openComposeRoute({ config, processes, environment });
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

describe('a program in the container', () => {
  it('gets its variables and its input, and gives its output and its status', async () => {
    const lines: string[] = [];
    const args = ['-c', 'echo "$SECRET"; cat; echo bad >&2; exit 3'];
    const ran = valueFrom(
      await route.run({
        program: 'sh',
        args,
        env: { SECRET: "p@ss 'word' $HOME" },
        onLine: (line, stream) => lines.push(`${stream} ${line}`),
      }),
    );
    expect(ran).toMatchObject({ exitCode: 3, stdout: "p@ss 'word' $HOME\n", stderr: 'bad\n' });
    expect(lines).toEqual(expect.arrayContaining(["stdout p@ss 'word' $HOME", 'stderr bad']));
  });

  it('gets a file it can seek in, of which nothing stays behind', async () => {
    const file = join(folder, 'some.bin');
    writeFileSync(file, Buffer.alloc(3_000_000, 'abc'));
    const ran = valueFrom(await route.run({ program: 'wc', args: ['-c'], file }));
    expect(ran.stdout).toMatch(/^3000000 /);
    const left = compose('exec', '-T', 'db', 'ls', '/tmp').split('\n');
    expect(left.filter((name) => name.startsWith('thaw'))).toEqual([]);
  });

  it('ends there when nobody waits for it any more', async () => {
    const file = join(folder, 'some.bin');
    writeFileSync(file, 'x');
    const stop = new AbortController();
    const running = route.run({ program: 'sh', args: ['-c', 'exec sleep 321'], file, signal: stop.signal });
    await pause(1500);
    stop.abort();
    expect(failureFrom(await running).code).toBe('cancelled');
    await pause(500);
    expect(compose('top', 'db')).not.toContain('sleep 321');
  });

  it('that is not there is a missing tool; a container that is down is unreachable', async () => {
    expect(failureFrom(await route.run({ program: 'pg_nothing', args: [] })).code).toBe('tool-missing');
    expect(failureFrom(await routeTo('idle').run({ program: 'true', args: [] })).code).toBe('unreachable');
    const down = openDatabaseServer({ url: createSecret(url), route: routeTo('idle') });
    const failure = failureFrom(await down.identity());
    expect(failure).toMatchObject({ code: 'unreachable' });
    expect(JSON.stringify(failure)).not.toContain('never-shown');
  });
});

describe('dumps through the container', () => {
  it.each(['custom', 'tar', 'plain'])(
    'restores one in %s format with the programs of the container',
    async (format) => {
      compose('exec', '-T', 'db', 'sh', '-c', fill);
      const file = join(folder, `shop.${format}`);
      const dumped = compose(
        'exec',
        '-T',
        'db',
        'sh',
        '-c',
        `pg_dump -h 127.0.0.1 -U owner --format=${format} shop | base64`,
      );
      writeFileSync(file, Buffer.from(dumped, 'base64'));
      const tools = openDumpTools({ url: createSecret(url), processes, route });
      const server = openDatabaseServer({ url: createSecret(url), route });
      const contents = valueFrom(await tools.contents(file));
      expect(contents.entries.filter(({ type }) => type === 'TABLE DATA')).toHaveLength(2);
      valueFrom(await server.createDatabase({ name: `back_${format}`, comment: 'test' }));
      const lines: string[] = [];
      const report = valueFrom(
        await tools.restore({
          file,
          database: `back_${format}`,
          jobs: 2,
          stallMs: 60_000,
          onLine: (line) => lines.push(line),
          onEntry: () => {},
        }),
      );
      expect(report).toMatchObject({ exitCode: 0, messages: [] });
      const { tables } = valueFrom(await server.inventory(`back_${format}`));
      expect(tables).toMatchObject([
        { name: 'items', rows: 300 },
        { name: 'orders', rows: 5000 },
      ]);
      const shown = tools.describeRestore({ file, database: 'side', jobs: 2, format: contents.format });
      expect(shown).toMatch(/exec -T db (pg_restore|psql) /);
      await server.close();
    },
  );
});

const fill = `psql -h 127.0.0.1 -U owner -d shop -q -c "
  CREATE TABLE IF NOT EXISTS orders AS SELECT i AS id FROM generate_series(1, 5000) i;
  CREATE TABLE IF NOT EXISTS items AS SELECT i AS id FROM generate_series(1, 300) i"`;
