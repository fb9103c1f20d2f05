import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { createProcessRunner } from '../../../src/adapters/process/execa-process-runner.ts';
import { openComposeServices } from '../../../src/services/compose/compose-services.ts';
import { ensureDocker } from '../../parts/docker.ts';

const folders: string[] = [];
afterEach(async () => {
  for (const folder of folders.splice(0)) await rm(folder, { recursive: true, force: true });
});

/** A project of these files, by their paths; a folder where the content is undefined. */
async function neededOf(files: Readonly<Record<string, string | undefined>>) {
  const folder = await mkdtemp(join(tmpdir(), 'thaw-needed-'));
  folders.push(folder);
  for (const [path, content] of Object.entries(files)) {
    await mkdir(join(folder, content === undefined ? path : join(path, '..')), { recursive: true });
    if (content !== undefined) await writeFile(join(folder, path), content);
  }
  const docker = await ensureDocker();
  try {
    const services = openComposeServices({
      config: { kind: 'compose', file: join(folder, 'compose.yml') },
      processes: createProcessRunner(),
      environment: { DOCKER_HOST: docker.DOCKER_HOST },
    });
    const needed = await services.neededFiles?.();
    if (needed?.ok !== true) throw new Error(JSON.stringify(needed));
    const { value } = needed;
    return {
      ...value,
      files: value.files.map((path) => relative(folder, path)),
      left: Object.fromEntries(value.left.map(({ path, why }) => [relative(folder, path), why])),
    };
  } finally {
    await docker.stop();
  }
}

describe('What a project needs on another host', () => {
  it('is its files, and the small ones that they refer to; secrets and data are named and stay', async () => {
    const needed = await neededOf({
      'compose.yml': JSON.stringify({
        name: 'crm',
        include: ['parts/cache.yml'],
        services: {
          web: {
            image: 'thaw-none:1',
            env_file: ['.env'],
            extends: { file: 'base.yml', service: 'base' },
            volumes: [
              './nginx.conf:/etc/nginx/nginx.conf:ro',
              './data:/data',
              './tls/server.key:/key',
              'named:/var',
              '/var/run/docker.sock:/var/run/docker.sock',
            ],
          },
        },
        volumes: { named: {} },
        secrets: { token: { file: './token.txt' } },
        configs: { app: { file: './app.ini' } },
      }),
      'compose.override.yml': JSON.stringify({ services: { web: { environment: { A: 'b' } } } }),
      'base.yml': JSON.stringify({ services: { base: { image: 'thaw-none:1' } } }),
      'parts/cache.yml': JSON.stringify({ services: { cache: { image: 'thaw-cache:2', build: './cache' } } }),
      'parts/cache': undefined,
      '.env': 'PASSWORD=hush\n',
      'nginx.conf': 'events {}\n',
      data: undefined,
      'tls/server.key': 'hush',
      'token.txt': 'hush',
      'app.ini': '[app]\n',
    });
    expect(needed.files).toEqual([
      ...['app.ini', 'base.yml', 'compose.override.yml', 'compose.yml', 'nginx.conf', 'parts/cache.yml'],
    ]);
    expect(needed.left).toEqual({
      '.env': expect.stringContaining('vault'),
      data: expect.stringContaining('producer.kit.include'),
      'parts/cache': expect.stringContaining('built'),
      'tls/server.key': expect.stringContaining('secrets'),
      'token.txt': expect.stringContaining('secrets'),
    });
    expect(needed.project).toBe('crm');
    expect(needed.images).toEqual([{ name: 'thaw-cache:2' }, { name: 'thaw-none:1' }]);
  });

  it('follows no name that has a variable in it, and nothing outside of its folder', async () => {
    const needed = await neededOf({
      'compose.yml': JSON.stringify({
        services: { web: { image: 'thaw-none:1', volumes: [`\${DATA:-/srv}/x:/x`, '../elsewhere.conf:/y'] } },
      }),
    });
    expect(needed.files).toEqual(['compose.yml']);
    expect(Object.values(needed.left).toSorted()).toEqual([
      'it lies outside the folder of the project',
      'its name has a variable in it',
    ]);
  });
});
