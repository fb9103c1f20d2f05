import { execFile, execFileSync } from 'node:child_process';
import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { promisify } from 'node:util';
import { buildPostgresImage, dataFolder, postgresImage } from './container-image.ts';
import type { RunningDocker } from './docker.ts';

const run = promisify(execFile);

export type ComposeStack = {
  readonly folder: string;
  readonly composeFile: string;
  /** docker compose with this file; what it printed. */
  compose(...args: readonly string[]): Promise<string>;
  /** Statements as the owner of the database, inside of its container; the rows as psql prints them, tuples only. */
  sql(statements: string, database?: string): Promise<string>;
  /** A command line inside of the database's container, its output as bytes: how the backup scripts work. */
  inDatabase(...args: readonly string[]): Buffer;
  destroy(): Promise<void>;
};

export type StackService = Readonly<Record<string, unknown>>;

/**
 * A compose project whose database no port leads to: its container has no network but its own. Services that need it share
 * that network; others are on the host's.
 */
export async function startComposeStack(request: {
  readonly docker: RunningDocker;
  readonly databaseService: string;
  readonly user: string;
  readonly database: string;
  /** What the server's own service has beside the usual. */
  readonly server?: StackService;
  readonly services: Readonly<Record<string, StackService>>;
  readonly volumes?: Readonly<Record<string, StackService>>;
  /** What has to stand in the folder before the first container starts. */
  readonly prepare?: (folder: string) => Promise<void>;
}): Promise<ComposeStack> {
  const { docker, databaseService, user, database } = request;
  await buildPostgresImage(docker);
  const folder = await mkdtemp(join(tmpdir(), 'thaw-stack-'));
  // The containers have users of their own, who have to pass through.
  await chmod(folder, 0o755);
  await request.prepare?.(folder);
  const composeFile = join(folder, 'docker-compose.yml');
  const usual = { image: postgresImage, init: true, restart: 'unless-stopped', stop_grace_period: '3s' };
  const server = {
    ...usual,
    command: ['start-postgres'],
    network_mode: 'none',
    environment: { POSTGRES_USER: user, POSTGRES_DB: database, PGDATA: dataFolder },
    ...request.server,
    healthcheck: { test: ['CMD', 'pg_isready', '-h', '127.0.0.1', '-U', user], interval: '1s', retries: 60 },
  };
  const services = Object.fromEntries(
    Object.entries(request.services).map(([name, service]) => [name, { ...usual, ...service }] as const),
  );
  const all = {
    name: basename(folder).toLowerCase(),
    services: { [databaseService]: server, ...services },
    volumes: request.volumes ?? {},
  };
  await writeFile(composeFile, JSON.stringify(all, undefined, 2).replaceAll('$', '$$$$'));
  const env = { ...process.env, DOCKER_HOST: docker.DOCKER_HOST };
  const args = ['compose', '--file', composeFile];
  const compose: ComposeStack['compose'] = async (...more) =>
    (await run('docker', [...args, ...more], { env, maxBuffer: 64 * 1024 * 1024 })).stdout;
  await compose('up', '--detach', '--wait', databaseService);
  return {
    folder,
    composeFile,
    compose,
    sql: async (statements, where = database) => {
      const options = [
        '-X',
        '-q',
        '-A',
        '-t',
        '-v',
        'ON_ERROR_STOP=1',
        '-h',
        '127.0.0.1',
        '-U',
        user,
        '-d',
        where,
      ];
      return (await compose('exec', '-T', databaseService, 'psql', ...options, '-c', statements)).trim();
    },
    inDatabase: (...command) =>
      execFileSync('docker', [...args, 'exec', '-T', databaseService, ...command], {
        env,
        maxBuffer: 64 * 1024 * 1024,
      }),
    destroy: async () => {
      await compose('down', '--volumes', '--timeout', '2').catch(() => '');
      await rm(folder, { recursive: true, force: true });
    },
  };
}
