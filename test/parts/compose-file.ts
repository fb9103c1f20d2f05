import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { crmProgram } from './crm-image.ts';

/**
 * Writes the docker-compose.prod.yml of a small CRM: web, worker and scheduler on the host's network.
 * @param environment of all three; PORT is where web answers /health.
 * @param more further services, as Compose spells them.
 * @returns the file's path. JSON is YAML, so nothing has to be escaped but the dollar sign.
 */
export async function writeComposeFile(request: {
  readonly folder: string;
  readonly image: string;
  readonly environment: Readonly<Record<string, string>> & { readonly PORT: string };
  readonly program?: string;
  readonly more?: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
}): Promise<string> {
  const { folder, image, environment, program = crmProgram, more = {} } = request;
  const service = (role: string) => ({
    image,
    command: ['node', program, role],
    network_mode: 'host',
    restart: 'unless-stopped',
    stop_grace_period: '5s',
    environment: Object.fromEntries(
      Object.entries(environment).map(([name, value]) => [name, value.replaceAll('$', '$$$$')]),
    ),
  });
  const ask = `fetch('http://127.0.0.1:${environment.PORT}/health').then((r) => process.exit(r.ok ? 0 : 1), () => process.exit(1))`;
  const healthcheck = { test: ['CMD', 'node', '-e', ask], interval: '1s', timeout: '3s', retries: 3 };
  const services = {
    web: { ...service('web'), healthcheck },
    worker: service('worker'),
    scheduler: service('scheduler'),
    ...Object.fromEntries(
      Object.entries(more).map(([name, own]) => [name, { ...service(name), ...own }] as const),
    ),
  };
  const file = join(folder, 'docker-compose.prod.yml');
  await writeFile(file, `${JSON.stringify({ services }, undefined, 2)}\n`);
  return file;
}
