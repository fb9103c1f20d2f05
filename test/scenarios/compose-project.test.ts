import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { startTestCluster, type TestCluster } from '../databases/postgres/cluster.ts';
import { buildCrmImage, standInProgram } from '../parts/crm-image.ts';
import { ensureDocker, type RunningDocker } from '../parts/docker.ts';
import { walkShop } from '../parts/walk-shop.ts';

/**
 * A whole walk over a project of two files: `docker compose up` took the override beside the file that the runbook names, and with it a
 * worker that the runbook has never heard of.
 */

let docker: RunningDocker;
let image = '';
let cluster: TestCluster;
let folder = '';
let dump: Buffer;
const at = (name: string) => join(folder, name);

beforeAll(async () => {
  docker = await ensureDocker();
  image = await buildCrmImage(docker);
  cluster = await startTestCluster();
  await cluster.sql('postgres', 'CREATE DATABASE shop');
  await cluster.sql(
    'shop',
    'CREATE TABLE orders (id int)',
    'INSERT INTO orders SELECT generate_series(1, 9)',
  );
  dump = execFileSync(join(cluster.binFolder, 'pg_dump'), ['-Fc', cluster.urlOf('shop')]);
});
afterAll(async () => {
  await cluster?.remove();
  await docker?.stop();
});

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'thaw-compose-project-'));
  mkdirSync(at('app'));
  writeFileSync(
    at('app/compose.yml'),
    JSON.stringify({ services: { web: service('base'), cache: service('base') } }),
  );
  const worker = { web: { environment: { MODE: 'production' } }, worker: service('writer') };
  writeFileSync(at('app/compose.override.yml'), JSON.stringify({ services: worker }));
  await docker.docker('compose', '--project-directory', at('app'), 'up', '--detach');
  return async () => {
    const ids = (await docker.docker('ps', '-aq', '--filter', ofProject())).split('\n').filter(Boolean);
    if (ids.length > 0) await docker.docker('rm', '--force', ...ids);
    rmSync(folder, { recursive: true, force: true });
  };
});

const ofProject = () => `label=com.docker.compose.project.working_dir=${at('app')}`;
const service = (mode: string) => ({
  image,
  command: ['node', standInProgram, 'worker'],
  network_mode: 'host',
  stop_grace_period: '2s',
  environment: { MODE: mode },
});

/** What runs of the project: each container's id and MODE, by its service. */
async function running(): Promise<Readonly<Record<string, { readonly id: string; readonly mode: string }>>> {
  const ids = (await docker.docker('ps', '-q', '--no-trunc', '--filter', ofProject()))
    .split('\n')
    .filter(Boolean);
  const found = await Promise.all(
    ids.map(async (id) => {
      const format =
        '{{index .Config.Labels "com.docker.compose.service"}} {{range .Config.Env}}{{println .}}{{end}}';
      const text = await docker.docker('inspect', '--format', format, id);
      return [text.split(' ')[0] ?? '', { id, mode: /^(?:\S+ )?MODE=(.*)$/m.exec(text)?.[1] ?? '' }] as const;
    }),
  );
  return Object.fromEntries(found);
}

async function restore(...more: readonly string[]) {
  return walkShop({
    folder,
    dumps: { 'shop-2026-11-19.dump': dump },
    url: cluster.urlOf('shop'),
    runbook: {
      production: { services: { kind: 'compose', file: at('app/compose.yml') } },
      before: [{ kind: 'stop-writers', services: ['web'] }],
      after: [{ kind: 'start-services', steady: '1s' }],
    },
    more,
    env: { DOCKER_HOST: docker.DOCKER_HOST },
  });
}

describe('a project of more than one file', () => {
  it('has a worker that the runbook does not name: nothing goes on over it without an answer', async () => {
    const before = await running();
    expect(Object.keys(before).sort()).toEqual(['cache', 'web', 'worker']);
    const [{ oid } = { oid: '' }] = await cluster.sql(
      'shop',
      "SELECT oid FROM pg_database WHERE datname = 'shop'",
    );
    const { end } = await restore();
    expect(end.status, end.text).not.toBe(0);
    expect(end.text).toContain('Of this application more runs than the runbook names, and it may write: ');
    expect(end.text).toContain('--answer stop-writers.outside=stop');
    expect(await cluster.sql('shop', "SELECT oid FROM pg_database WHERE datname = 'shop'")).toEqual([
      { oid },
    ]);
    expect((await running()).worker).toEqual(before.worker);
  });

  it('is down through the swap where the answer says so, and comes back as it was: each file counts, nothing is made anew', async () => {
    const before = await running();
    const { end, checks } = await restore('--answer', 'stop-writers.outside=stop');
    expect(end.status, end.text).toBe(0);
    const lines = end.text.split('\n');
    const first = (pattern: RegExp) => lines.findIndex((line) => pattern.test(line));
    const stopped = first(/\$ docker compose .* stop .*worker/);
    const swapped = first(/RENAME TO shop$/);
    const started = first(/\[start-services\] \$ .*(?:up|start)/);
    expect([stopped > 0, stopped < swapped, swapped < started], end.text).toEqual([true, true, true]);
    expect(await running()).toEqual(before);
    expect((await running()).web?.mode).toBe('production');
    expect((await checks()).filter((line) => /could-not-verify|failed/.test(line)).join('\n')).not.toContain(
      'worker',
    );
  });

  it('keeps what does not write, and says that it ran on', async () => {
    const before = await running();
    const { end, checks } = await restore('--answer', 'stop-writers.outside=leave');
    expect(end.status, end.text).toBe(7);
    expect((await checks()).join('\n')).toMatch(
      /stop-writers could-not-verify: worker runs on, and the runbook does not name it/,
    );
    expect((await running()).worker).toEqual(before.worker);
  });
});
