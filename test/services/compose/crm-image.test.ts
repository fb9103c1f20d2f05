import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createProcessRunner } from '../../../src/adapters/process/execa-process-runner.ts';
import type { Services } from '../../../src/ports/services.ts';
import { withConnection } from '../../../src/sandbox/crm/database.ts';
import { seedCrm } from '../../../src/sandbox/crm/seed-crm.ts';
import { type PostgresCluster, startPostgresCluster } from '../../../src/sandbox/postgres-cluster.ts';
import { openComposeServices } from '../../../src/services/compose/compose-services.ts';
import { writeComposeFile } from '../../parts/compose-file.ts';
import { buildCrmImage } from '../../parts/crm-image.ts';
import { ensureDocker, type RunningDocker } from '../../parts/docker.ts';
import { findFreePort } from '../../parts/free-port.ts';

describe('The small CRM in Docker Compose', () => {
  let docker: RunningDocker;
  let cluster: PostgresCluster;
  let databaseFolder: string;
  let folder: string;
  let databaseUrl: string;
  let services: Services;
  const onLine = () => undefined;

  beforeAll(async () => {
    docker = await ensureDocker();
    folder = await mkdtemp(join(tmpdir(), 'thaw-crm-compose-'));
    databaseFolder = await mkdtemp(join(tmpdir(), 'thaw-crm-database-'));
    cluster = await startPostgresCluster({ folder: databaseFolder, settings: { fsync: 'off' } });
    await withConnection(cluster.url, (client) => client.query('create database port_nimara_crm'));
    databaseUrl = cluster.url.replace(/postgres$/, 'port_nimara_crm');
    const encryptionKey = randomBytes(32).toString('hex');
    const objectsDirectory = join(folder, 'objects');
    await seedCrm({ databaseUrl, encryptionKey, objectsDirectory, size: 'small' });
    const file = await writeComposeFile({
      folder,
      image: await buildCrmImage(docker),
      environment: {
        DATABASE_URL: databaseUrl,
        ENCRYPTION_KEY: encryptionKey,
        PORT: String(await findFreePort()),
      },
    });
    services = openComposeServices({
      config: { kind: 'compose', file },
      processes: createProcessRunner(),
      environment: { DOCKER_HOST: docker.DOCKER_HOST },
    });
  });
  afterAll(async () => {
    const project = folder === undefined ? '' : basename(folder).toLowerCase();
    const label = `label=com.docker.compose.project=${project}`;
    const ids = (await docker?.docker('ps', '--all', '--quiet', '--filter', label))?.split('\n') ?? [];
    for (const id of ids.filter((found) => found !== '')) await docker.docker('rm', '--force', id);
    await docker?.stop();
    await cluster?.stop();
    for (const made of [folder, databaseFolder]) {
      if (made !== undefined) await rm(made, { recursive: true, force: true });
    }
  });

  const writers = () =>
    withConnection(databaseUrl, async (client) => {
      const { rows } = await client.query(
        `select distinct application_name as name from pg_stat_activity
          where datname = current_database() and application_name ~ '^crm-(web|worker|scheduler)$' order by 1`,
      );
      return rows.map((row: { name: string }) => row.name);
    });

  it('becomes healthy, and all three services are connected to the database', async () => {
    const started = await services.start({ names: [], onLine });
    expect(started).toEqual({ ok: true, value: undefined });
    const healthy = async () => {
      const all = await services.status();
      return all.ok && all.value.some(({ name, health }) => name === 'web' && health === 'healthy');
    };
    for (let turn = 0; turn < 60 && !(await healthy()); turn += 1) await pause(500);
    expect(await healthy()).toBe(true);
    for (let turn = 0; turn < 20 && (await writers()).length < 3; turn += 1) await pause(500);
    expect(await writers()).toEqual(['crm-scheduler', 'crm-web', 'crm-worker']);
  });

  it('ends on SIGTERM and leaves no connection', async () => {
    const stopped = await services.stop({ names: ['web', 'worker', 'scheduler'], onLine });
    expect(stopped).toEqual({ ok: true, value: undefined });
    expect(await writers()).toEqual([]);
    const status = await services.status();
    expect(status.ok && status.value.map(({ state, exitCode }) => `${state} ${exitCode}`)).toEqual([
      'stopped 0',
      'stopped 0',
      'stopped 0',
    ]);
  });
});
