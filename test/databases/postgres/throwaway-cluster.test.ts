import { readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { createSecret } from '../../../src/base/secret.ts';
import { openDatabaseServer } from '../../../src/databases/postgres/pg-database-server.ts';
import { startPostgresCluster, stopPostgresCluster } from '../../../src/sandbox/postgres-cluster.ts';
import { startTestCluster, type TestCluster } from './cluster.ts';

const started: TestCluster[] = [];
afterEach(async () => {
  for (const cluster of started.splice(0)) await cluster.remove();
});

async function answers(url: string): Promise<string> {
  const server = openDatabaseServer({ url: createSecret(url) });
  const identity = await server.identity();
  await server.close();
  return identity.ok ? identity.value.systemIdentifier : identity.failure.code;
}

describe('a throwaway cluster', () => {
  it('keeps its folder to itself, runs unprivileged, and forgets the file with its password', async () => {
    const cluster = await startTestCluster();
    started.push(cluster);
    expect(statSync(cluster.folder).mode & 0o077).toBe(0);
    const pid = Number(readFileSync(join(cluster.folder, 'data/postmaster.pid'), 'utf8').split('\n')[0]);
    const user = /^Uid:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1];
    expect(user).not.toBe('0');
    expect(() => statSync(join(cluster.folder, 'password'))).toThrow('ENOENT');
    expect(await answers(cluster.url.replace(/:[^:@]*@/, ':wrong@'))).toBe('denied');
  });

  it('is ended by its folder alone, as after a rehearsal that died', async () => {
    const cluster = await startTestCluster();
    started.push(cluster);
    expect(await answers(cluster.url)).toMatch(/^\d+$/);
    await stopPostgresCluster({ folder: cluster.folder });
    expect(await answers(cluster.url)).toBe('unreachable');
    await stopPostgresCluster({ folder: cluster.folder });
  });

  it('is cut off by kill, clients included, and may be killed and stopped twice', async () => {
    const first = await startTestCluster();
    started.push(first);
    const folder = join(first.folder, '../second');
    const second = await startPostgresCluster({ folder, settings: { fsync: 'off', work_mem: '5MB' } });
    const client = await first.connect(second.url);
    expect((await client.query('SHOW work_mem')).rows).toEqual([{ work_mem: '5MB' }]);
    const lost = new Promise((resolve) => client.once('error', resolve));
    await second.kill();
    await lost;
    expect(await answers(second.url)).toBe('unreachable');
    await second.kill();
    await second.stop();
  });
});
