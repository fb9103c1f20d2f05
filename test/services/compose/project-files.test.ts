import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createProcessRunner } from '../../../src/adapters/process/execa-process-runner.ts';
import type { ServiceStatus } from '../../../src/ports/services.ts';
import { openComposeServices } from '../../../src/services/compose/compose-services.ts';
import { buildCrmImage, standInProgram } from '../../parts/crm-image.ts';
import { ensureDocker, type RunningDocker } from '../../parts/docker.ts';

/** A project is more than the one file that the runbook names. */

const processes = createProcessRunner();
let docker: RunningDocker;
let image: string;
let folder: string;
let project: string;

beforeAll(async () => {
  docker = await ensureDocker();
  image = await buildCrmImage(docker);
});
afterAll(async () => {
  await docker?.stop();
});
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'thaw-project-'));
  project = basename(folder).toLowerCase();
});
afterEach(async () => {
  const mine = await docker.docker('ps', '-aq', '--filter', `label=com.docker.compose.project=${project}`);
  const ids = mine.split('\n').filter((id) => id !== '');
  if (ids.length > 0) await docker.docker('rm', '--force', ...ids);
  await rm(folder, { recursive: true, force: true });
});

type Service = Readonly<Record<string, unknown>>;

const service = (role: string, mode: string): Service => ({
  image,
  command: ['node', standInProgram, role],
  network_mode: 'host',
  stop_grace_period: '2s',
  environment: { MODE: mode },
});
const put = async (name: string, services: Readonly<Record<string, Service>>) => {
  await writeFile(join(folder, name), JSON.stringify({ services }));
  return join(folder, name);
};
const compose = (...args: readonly string[]) =>
  docker.docker('compose', '--project-directory', folder, ...args);
const up = (...files: readonly string[]) =>
  compose(...files.flatMap((name) => ['--file', join(folder, name)]), 'up', '--detach');

const open = (file: string) =>
  openComposeServices({
    config: { kind: 'compose', file },
    processes,
    environment: { DOCKER_HOST: docker.DOCKER_HOST },
  });
const find = async (file: string, name: string): Promise<ServiceStatus | undefined> => {
  const status = await open(file).status({ differing: true });
  if (!status.ok) throw new Error(`No status: ${JSON.stringify(status.failure)}`);
  return status.value.find((one) => one.name === name);
};
const containerOf = async (name: string, format: string) => {
  const label = `label=com.docker.compose.service=${name}`;
  const id = await docker.docker(
    ...['ps', '-aq', '--filter', label, '--filter', `label=com.docker.compose.project=${project}`],
  );
  return (await docker.docker('inspect', '--format', format, id.trim())).trim();
};
const modeOf = (name: string) => containerOf(name, '{{range .Config.Env}}{{println .}}{{end}}');
const startAll = async (file: string) => {
  const lines: string[] = [];
  const started = await open(file).start({ names: [], onLine: (line) => lines.push(line) });
  expect(started).toEqual({ ok: true, value: undefined });
  return lines.join('\n');
};

describe('The files of a project', () => {
  it('are those beside it that Compose takes itself, while nothing runs yet', async () => {
    const file = await put('compose.yml', { web: service('worker', 'base') });
    await put('compose.override.yml', {
      web: { environment: { MODE: 'production' } },
      worker: service('worker', 'writer'),
    });
    await startAll(file);
    expect(await modeOf('web')).toContain('MODE=production');
    expect(await find(file, 'worker')).toMatchObject({
      state: 'running',
      outside: expect.stringContaining('compose.override.yml'),
    });
    expect((await find(file, 'web'))?.outside).toBeUndefined();
  });

  it('are those of COMPOSE_FILE in .env, and COMPOSE_PROFILES counts', async () => {
    const file = await put('base.yml', { web: service('worker', 'base') });
    await put('more.yml', {
      worker: service('worker', 'writer'),
      nightly: { ...service('worker', 'nightly'), profiles: ['nightly'] },
      tools: { ...service('worker', 'tools'), profiles: ['tools'] },
    });
    await writeFile(join(folder, '.env'), 'COMPOSE_FILE=base.yml:more.yml\nCOMPOSE_PROFILES=nightly\n');
    await startAll(file);
    expect(await find(file, 'worker')).toMatchObject({ state: 'running' });
    expect(await find(file, 'nightly')).toMatchObject({ state: 'running' });
    expect(await find(file, 'tools')).toMatchObject({ state: 'absent', leftAlone: true });
  });

  it('are those that its containers were made of, whatever lies beside', async () => {
    const file = await put('compose.yml', { web: service('worker', 'base') });
    await put('compose.override.yml', { web: { environment: { MODE: 'development' } } });
    await put('prod.yml', {
      web: { environment: { MODE: 'production' } },
      worker: service('worker', 'writer'),
    });
    await up('compose.yml', 'prod.yml');
    expect(await find(file, 'worker')).toMatchObject({ outside: expect.stringContaining('prod.yml') });
    expect(open(file).describe('start', [])).toMatch(/--file \S+\/compose.yml --file \S+\/prod.yml up/);
    await open(file).stop({ names: ['web', 'worker'], onLine: () => undefined });
    await docker.docker('rm', await containerOf('web', '{{.Id}}'));
    await startAll(file);
    expect(await modeOf('web')).toContain('MODE=production');
  });

  it('are those that a runbook joins with a colon, and then nothing stands outside', async () => {
    const base = await put('base.yml', { web: service('worker', 'base') });
    const more = await put('more.yml', { worker: service('worker', 'writer') });
    await startAll(`${base}:${more}`);
    const worker = await find(`${base}:${more}`, 'worker');
    expect(worker?.state).toBe('running');
    expect(worker?.outside).toBeUndefined();
  });
});

describe('Containers of a project', () => {
  it('that no file names any more are named, stopped, and started again', async () => {
    const file = await put('prod.yml', {
      web: service('worker', 'base'),
      worker: service('worker', 'writer'),
    });
    await up('prod.yml');
    await put('prod.yml', { web: service('worker', 'base') });
    const orphan = await find(file, 'worker');
    expect(orphan).toMatchObject({ state: 'running', leftAlone: true });
    expect(orphan?.outside).toMatch(/no file of the project.*worker-1.*thaw-crm/);
    const onLine = () => undefined;
    expect(await open(file).stop({ names: ['worker', 'web'], onLine })).toMatchObject({ ok: true });
    expect(await find(file, 'worker')).toMatchObject({ state: 'finished' });
    expect(await open(file).start({ names: ['worker'], onLine })).toMatchObject({ ok: true });
    expect(await find(file, 'worker')).toMatchObject({ state: 'running' });
  });

  it('that run and differ from the files are left as they run, and it is said', async () => {
    const db = service('worker', 'old');
    const file = await put('prod.yml', { db, web: { ...service('worker', 'old'), depends_on: ['db'] } });
    await up('prod.yml');
    await open(file).stop({ names: ['web'], onLine: () => undefined });
    await put('prod.yml', {
      db: service('worker', 'new'),
      web: { ...service('worker', 'new'), depends_on: ['db'] },
    });
    const before = await containerOf('db', '{{.Id}} {{.State.StartedAt}}');
    const lines = await startAll(file);
    expect(await containerOf('db', '{{.Id}} {{.State.StartedAt}}')).toBe(before);
    expect(await modeOf('web')).toContain('MODE=new');
    expect(lines).toMatch(/db runs .*left as it is/);
    expect(await find(file, 'db')).toMatchObject({ state: 'running', differs: true });
  });
});
