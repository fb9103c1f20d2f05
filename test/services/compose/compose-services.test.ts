import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { createProcessRunner } from '../../../src/adapters/process/execa-process-runner.ts';
import { succeed } from '../../../src/base/failure.ts';
import type { ProcessResult } from '../../../src/ports/process-runner.ts';
import type { Services } from '../../../src/ports/services.ts';
import { openComposeServices } from '../../../src/services/compose/compose-services.ts';
import { type ServicesUnderTest, servicesContract } from '../../contracts/services.contract.ts';
import { writeComposeFile } from '../../parts/compose-file.ts';
import { buildCrmImage, standInProgram } from '../../parts/crm-image.ts';
import { ensureDocker, type RunningDocker } from '../../parts/docker.ts';
import { findFreePort } from '../../parts/free-port.ts';

type Composed = ServicesUnderTest & { readonly file: string; readonly project: string };
type More = Parameters<typeof writeComposeFile>[0]['more'];

/** Compose refuses the file while COLOUR is not set. */
const wanted = ['$', '{COLOUR:?no colour is set}'].join('');

const processes = createProcessRunner();
let docker: RunningDocker;
let image: string;

beforeAll(async () => {
  docker = await ensureDocker();
  image = await buildCrmImage(docker);
});
afterAll(async () => {
  await docker?.stop();
});

function open(file: string, environment: Readonly<Record<string, string>> = {}): Services {
  return openComposeServices({
    config: { kind: 'compose', file },
    processes,
    environment: { DOCKER_HOST: docker.DOCKER_HOST, ...environment },
  });
}

/** With somebody who hears of each program before it runs, and may answer in its place. */
function watched(
  file: string,
  hear: (args: readonly string[]) => Promise<ProcessResult | undefined>,
): Services {
  return openComposeServices({
    config: { kind: 'compose', file },
    processes: {
      async run(request) {
        const answer = await hear(request.args);
        return answer ? succeed(answer) : processes.run(request);
      },
    },
    environment: { DOCKER_HOST: docker.DOCKER_HOST },
  });
}

async function makeComposed(more?: More): Promise<Composed> {
  const folder = await mkdtemp(join(tmpdir(), 'thaw-compose-'));
  const port = await findFreePort();
  const environment = { PORT: String(port), SECRET_WITH_DOLLAR: 'canary$HOME' };
  const extra = more === undefined ? {} : { more };
  const file = await writeComposeFile({ folder, image, environment, program: standInProgram, ...extra });
  // What Compose makes of the folder's name: mkdtemp gives capitals.
  const project = basename(folder).toLowerCase();
  return {
    services: open(file),
    port,
    file,
    project,
    async dispose() {
      const mine = await docker.docker(
        'ps',
        '-aq',
        '--filter',
        `label=com.docker.compose.project=${project}`,
      );
      const ids = mine.split('\n').filter((id) => id !== '');
      if (ids.length > 0) await docker.docker('rm', '--force', ...ids);
      await rm(folder, { recursive: true, force: true });
    },
  };
}

servicesContract({ name: 'Docker Compose', make: makeComposed });

describe('Docker Compose', () => {
  let made: Composed | undefined;
  const lines: string[] = [];
  const onLine = (line: string) => void lines.push(line);
  afterEach(async () => {
    await made?.dispose();
    made = undefined;
  });

  const find = async (name: string) => {
    const status = await made?.services.status();
    if (status?.ok !== true) throw new Error(`No status: ${JSON.stringify(status)}`);
    return status.value.find((service) => service.name === name);
  };

  it('tells its version and each restart policy', async () => {
    made = await makeComposed();
    const probe = await made.services.probe();
    expect(probe.ok && probe.value.version).toMatch(/^Docker Compose \d+\.\d+\.\d+/);
    expect(await find('web')).toMatchObject({ restartPolicy: 'unless-stopped' });
  });

  it('calls a one-shot service that ended well finished', async () => {
    made = await makeComposed({ once: { restart: 'no' } });
    await made.services.start({ names: ['once'], onLine });
    while ((await find('once'))?.state === 'running')
      await new Promise((resolve) => setTimeout(resolve, 100));
    expect(await find('once')).toEqual({ name: 'once', state: 'finished', exitCode: 0, restartPolicy: 'no' });
  });

  it('lists and stops a service of a profile that is not active', async () => {
    made = await makeComposed({ tools: { profiles: ['maintenance'] } });
    await made.services.start({ names: ['tools'], onLine });
    expect((await find('tools'))?.state).toBe('running');
    await made.services.stop({ names: [], onLine });
    expect((await find('tools'))?.state).toBe('stopped');
  });

  it('does not start a profile that nobody named', async () => {
    made = await makeComposed({ tools: { profiles: ['maintenance'] } });
    await made.services.start({ names: [], onLine });
    expect((await find('tools'))?.state).toBe('absent');
    expect((await find('worker'))?.state).toBe('running');
  });

  it('names containers of `compose run`, which stopping the service leaves alive', async () => {
    made = await makeComposed();
    const name = `${made.project}-console`;
    const compose = ['compose', '--file', made.file];
    await docker.docker(...compose, 'run', '--detach', '--name', name, 'worker');
    expect(await find('worker')).toMatchObject({ state: 'absent', strays: [name] });
    await made.services.stop({ names: ['worker'], onLine });
    expect(await find('worker')).toMatchObject({ strays: [name] });
  });

  it('is not led astray by COMPOSE_ variables and application settings of our own environment', async () => {
    made = await makeComposed();
    const misled = open(made.file, {
      COMPOSE_PROJECT_NAME: 'elsewhere',
      COMPOSE_FILE: '/no/such/file.yml',
      COMPOSE_PROFILES: 'maintenance',
    });
    await misled.start({ names: ['worker'], onLine });
    expect((await find('worker'))?.state).toBe('running');
  });

  it('uses the project and the environment file it is given', async () => {
    made = await makeComposed({ tools: { environment: { COLOUR: wanted } } });
    const envFile = join(made.file, '..', 'colours.env');
    await writeFile(envFile, 'COLOUR=green\n');
    const config = { kind: 'compose', file: made.file, project: `${made.project}-two`, envFile } as const;
    const environment = { DOCKER_HOST: docker.DOCKER_HOST };
    const services = openComposeServices({ config, processes, environment });
    expect(await services.probe()).toMatchObject({ ok: true });
    expect(services.describe('start', ['tools'])).toContain(`--project-name ${made.project}-two --env-file`);
  });

  it('reads the files once while somebody waits, anew after an act or a change, and asks Compose for no container', async () => {
    made = await makeComposed();
    const asked: string[] = [];
    const services = watched(made.file, async (args) => {
      asked.push(
        args[0] === 'compose'
          ? `compose ${/ (config|ps|ls|up|stop)\b/.exec(args.join(' '))?.[1]}`
          : `${args[0]}`,
      );
      return undefined;
    });
    expect(await services.start({ names: ['worker'], onLine })).toMatchObject({ ok: true });
    asked.length = 0;
    const names = async () => {
      const status = await services.status();
      return status.ok ? status.value.map(({ name, state }) => `${name} ${state}`) : status.failure;
    };
    for (let turn = 0; turn < 3; turn += 1)
      expect(await names()).toEqual(['scheduler absent', 'web absent', 'worker running']);
    expect(asked.filter((what) => what.startsWith('compose'))).toEqual(['compose config']);
    expect(asked.length).toBeLessThanOrEqual(10);
    const declared = JSON.parse(await readFile(made.file, 'utf8'));
    declared.services.late = declared.services.worker;
    await writeFile(made.file, JSON.stringify(declared));
    expect(await names()).toContain('late absent');
    await services.stop({ names: ['worker'], onLine });
    asked.length = 0;
    expect(await names()).toContain('worker stopped');
    expect(asked.filter((what) => what.startsWith('compose'))).toEqual(['compose config']);
  });

  it('takes a container that cannot be looked at for no absent one, unless it is gone', async () => {
    made = await makeComposed();
    await made.services.start({ names: ['worker'], onLine });
    const blind = watched(made.file, async ([verb]) =>
      verb === 'inspect' ? { exitCode: 1, stdout: '', stderr: 'Error: no answer' } : undefined,
    );
    expect(await blind.status()).toMatchObject({ ok: false, failure: { code: 'command-failed' } });
    const removing = watched(made.file, async ([verb, ...args]) => {
      if (verb === 'inspect') await docker.docker('rm', '--force', args.at(-1) ?? '');
      return undefined;
    });
    const status = await removing.status();
    expect(status.ok && status.value.map(({ state }) => state)).toEqual(['absent', 'absent', 'absent']);
  });

  it('hands on what Compose says of a file it cannot use', async () => {
    made = await makeComposed({ tools: { environment: { COLOUR: wanted } } });
    const probe = await made.services.probe();
    expect(probe).toMatchObject({ ok: false, failure: { code: 'command-failed', retry: 'after-fix' } });
    expect(probe.ok ? '' : probe.failure.detail).toContain('no colour is set');
    expect(probe.ok ? '' : probe.failure.message).toMatch(/^docker compose .* ends with exit status \d+\.$/);
  });
});
