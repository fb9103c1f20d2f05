import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { createProcessRunner } from '../../src/adapters/process/execa-process-runner.ts';
import type { Services } from '../../src/ports/services.ts';
import { crmProgram, crmServices } from '../../src/sandbox/company-files.ts';
import { openComposeServices } from '../../src/services/compose/compose-services.ts';
import { openSupervisedServices } from '../../src/services/supervisor/supervised-services.ts';
import { writeComposeFile } from './compose-file.ts';
import { buildCrmImage } from './crm-image.ts';
import type { RunningDocker } from './docker.ts';

/** web, worker and scheduler of the small CRM, running. */
export type Writers = {
  readonly composeFile?: string;
  /** A text that changes whenever one of them was stopped, started or restarted. */
  lifeline(): Promise<string>;
  start(): Promise<void>;
  stop(): Promise<void>;
  remove(): Promise<void>;
};

type WriterEnvironment = {
  readonly DATABASE_URL: string;
  readonly ENCRYPTION_KEY: string;
  readonly PORT: string;
};

type Request = { readonly folder: string; readonly environment: WriterEnvironment };

/** In containers on the host's network, by a docker-compose.prod.yml in a folder of its own. */
export async function startComposeWriters(
  request: Request & { readonly docker: RunningDocker },
): Promise<Writers> {
  const { docker, environment } = request;
  const folder = join(request.folder, 'compose');
  await mkdir(folder, { recursive: true });
  const image = await buildCrmImage(docker);
  const composeFile = await writeComposeFile({ folder, image, environment: { ...environment } });
  // One daemon may serve several towns: each has a project of its own, named in its file.
  const project = basename(request.folder).toLowerCase();
  await nameProject(composeFile, project);
  const services = openComposeServices({
    config: { kind: 'compose', file: composeFile },
    processes: createProcessRunner(),
    environment: { DOCKER_HOST: docker.DOCKER_HOST },
  });
  const ids = async () => {
    const label = `label=com.docker.compose.project=${project}`;
    const found = await docker.docker('ps', '--all', '--quiet', '--no-trunc', '--filter', label);
    return found.split('\n').filter((id) => id !== '');
  };
  const writers = {
    composeFile,
    ...drive(services),
    async lifeline() {
      const format = '{{.Name}} {{.State.Status}} {{.State.Pid}} {{.State.StartedAt}} {{.RestartCount}}';
      const found = await ids();
      return found.length === 0 ? '' : docker.docker('inspect', '--format', format, ...found);
    },
    async remove() {
      const found = await ids();
      if (found.length > 0) await docker.docker('rm', '--force', ...found);
    },
  };
  await writers.start();
  return writers;
}

async function nameProject(file: string, name: string): Promise<void> {
  const content = JSON.parse(await readFile(file, 'utf8'));
  await writeFile(file, `${JSON.stringify({ name, ...content }, undefined, 2)}\n`);
}

/** As plain processes under the supervisor of the rehearsal. */
export async function startProcessWriters(request: Request): Promise<Writers> {
  const folder = join(request.folder, 'services');
  await mkdir(folder, { recursive: true });
  const controlFile = join(request.folder, 'services.json');
  const services = crmServices.map((name) => ({
    name,
    command: crmProgram.command,
    args: [...crmProgram.args, name],
    env: { ...crmProgram.env, ...request.environment },
    cwd: request.folder,
    logFile: join(folder, `${name}.log`),
    pidFile: join(folder, `${name}.pid`),
    // Up is not yet listening: on a busy machine the smoke check would come first.
    ...(name === 'web' ? { healthUrl: `http://127.0.0.1:${request.environment.PORT}/health` } : {}),
  }));
  await writeFile(controlFile, JSON.stringify({ services }), { mode: 0o600 });
  const supervised = openSupervisedServices({ controlFile });
  const writers = {
    ...drive(supervised),
    lifeline: async () => JSON.stringify(await supervised.status()),
    remove: () => writers.stop(),
  };
  await writers.start();
  return writers;
}

function drive(services: Services) {
  const act = async (action: 'start' | 'stop') => {
    const done = await services[action]({ names: [...crmServices], onLine: () => undefined });
    if (!done.ok) throw new Error(`${done.failure.message} ${done.failure.detail ?? ''}`);
  };
  return { start: () => act('start'), stop: () => act('stop') };
}
