import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { copyFile, cp, mkdir, mkdtemp, realpath, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { findPostgresFolder } from '../../src/sandbox/postgres-install.ts';
import { standInFile, standInProgram } from './crm-image.ts';
import type { RunningDocker } from './docker.ts';
import { onceARun } from './once-a-run.ts';

const run = promisify(execFile);

export const postgresImage = 'thaw-postgres:test';

/** Where the server keeps its data in the image, and the folder of its socket. */
export const dataFolder = '/var/lib/postgresql/data';

/** Starts as the official image does: makes the cluster when there is none, lets everybody in from inside. */
const entrypoint = `#!/bin/sh
set -e
if [ ! -s ${dataFolder}/PG_VERSION ]; then
  initdb --pgdata=${dataFolder} --username="\${POSTGRES_USER:-postgres}" --auth=trust --encoding=UTF8 --locale=C.UTF-8 --no-sync >/dev/null
  postgres --single -D ${dataFolder} postgres >/dev/null <<SQL
CREATE DATABASE "\${POSTGRES_DB:-app}"
SQL
fi
exec postgres -D ${dataFolder} -c fsync=off -c listen_addresses=127.0.0.1 -c unix_socket_directories=/tmp "$@"
`;

const shellPrograms = [
  'df',
  'sh',
  'bash',
  'cat',
  'head',
  'wc',
  'mktemp',
  'rm',
  'sleep',
  'date',
  'sed',
  'mkdir',
  'ls',
  'chmod',
  'base64',
  'true',
  'ps',
  'tar',
];

/**
 * A PostgreSQL image out of what is on this machine, since none can be pulled: the server, its programs, a shell and what
 * these load. It runs as a user of its own, since PostgreSQL refuses root.
 */
export async function buildPostgresImage(docker: RunningDocker): Promise<string> {
  await onceARun('postgres-image', () => makeImage(docker));
  return makeImage(docker);
}

async function makeImage(docker: RunningDocker): Promise<string> {
  if ((await docker.docker('images', '--quiet', postgresImage)) !== '') return postgresImage;
  const root = await mkdtemp(join(tmpdir(), 'thaw-image-'));
  try {
    const binFolder = await findPostgresFolder();
    const names = ['postgres', 'initdb', 'psql', 'pg_dump', 'pg_dumpall', 'pg_restore', 'pg_isready'];
    await putPrograms(root, [
      ...names.map((name) => join(binFolder, name)),
      ...(await whereAre(shellPrograms)),
    ]);
    await putServerFiles(root, binFolder);
    const node = join(import.meta.dirname, `../../node_modules/node-linux-${process.arch}/bin/node`);
    await putPrograms(root, [existsSync(node) ? node : process.execPath]);
    await writeFile(join(root, 'usr/local/bin/start-postgres'), entrypoint, { mode: 0o755 });
    await mkdir(join(root, 'app'), { recursive: true });
    await copyFile(standInFile, join(root, standInProgram));
    const path = `${binFolder}:/usr/local/bin:/usr/bin:/bin`;
    // An import that ends well was once seen to leave no image of that name, beside another one.
    for (let attempt = 0; attempt < 3; attempt += 1) {
      await importFolder({ root, docker, image: postgresImage, path });
      if ((await docker.docker('images', '--quiet', postgresImage)) !== '') return postgresImage;
    }
    throw new Error(`docker import made no ${postgresImage}.`);
  } finally {
    await rm(root, { recursive: true, force: true });
  }
}

async function whereAre(names: readonly string[]): Promise<readonly string[]> {
  const found = await Promise.all(names.map(async (name) => (await run('which', [name])).stdout.trim()));
  return found.filter((path) => path !== '');
}

async function putServerFiles(root: string, binFolder: string): Promise<void> {
  const config = async (flag: string) =>
    (await run(join(binFolder, 'pg_config'), [flag]).catch(() => ({ stdout: '' }))).stdout.trim();
  const version = basename(dirname(binFolder));
  const share = (await config('--sharedir')) || `/usr/share/postgresql/${version}`;
  const library = (await config('--pkglibdir')) || `/usr/lib/postgresql/${version}/lib`;
  for (const folder of [share, library, '/usr/share/zoneinfo', '/usr/lib/locale/C.utf8']) {
    if (existsSync(folder)) await cp(folder, join(root, folder), { recursive: true, dereference: true });
  }
  const modules = ['plpgsql', 'pgcrypto', 'cube', 'earthdistance', 'pg_trgm', 'unaccent', 'uuid-ossp']
    .map((name) => join(library, `${name}.so`))
    .filter((path) => existsSync(path));
  await putPrograms(root, modules);
  for (const folder of ['tmp', 'etc', 'run', dataFolder])
    await mkdir(join(root, folder), { recursive: true });
  await writeFile(
    join(root, 'etc/passwd'),
    'root:x:0:0:root:/root:/bin/sh\npostgres:x:999:999::/tmp:/bin/sh\n',
  );
  await writeFile(join(root, 'etc/group'), 'root:x:0:\npostgres:x:999:\n');
  // A fresh volume takes the owner of the folder it covers.
  await mkdir(join(root, 'sockets'));
  await run('chown', ['-R', '999:999', join(root, dataFolder), join(root, 'sockets')]);
  await run('chmod', ['700', join(root, dataFolder)]);
  await run('chmod', ['1777', join(root, 'tmp')]);
}

/** Programs or modules with every library they name, at the places they have here. */
async function putPrograms(root: string, paths: readonly string[]): Promise<void> {
  for (const path of paths) {
    await put(root, path);
    const { stdout } = await run('ldd', [path]);
    // `name => /path (address)` for a library, `/path (address)` for the loader itself.
    for (const [, library] of stdout.matchAll(/(?:=>\s+|^\s+)(\/\S+)\s+\(0x/gm))
      if (library !== undefined) await put(root, library);
  }
}

async function put(root: string, path: string): Promise<void> {
  const name = basename(path) === 'node' ? '/usr/local/bin/node' : path;
  const to = join(root, name);
  if (existsSync(to)) return;
  await mkdir(dirname(to), { recursive: true });
  await copyFile(await realpath(path), to);
  // Debian 12 has /bin and /lib as links into /usr; here both are real, so what is called by either name must be there.
  if (name.startsWith('/usr/bin/')) await linkTo(root, name.replace('/usr/bin/', '/bin/'), name);
}

async function linkTo(root: string, ...[name, target]: [string, string]): Promise<void> {
  const at = join(root, name);
  if (existsSync(at)) return;
  await mkdir(dirname(at), { recursive: true });
  await symlink(target, at).catch(() => {});
}

async function importFolder(request: {
  readonly root: string;
  readonly docker: RunningDocker;
  readonly image: string;
  readonly path: string;
}): Promise<void> {
  const { root, docker, image, path } = request;
  const environment = { ...process.env, DOCKER_HOST: docker.DOCKER_HOST };
  const tar = spawn('tar', ['--create', '--file=-', '--directory', root, '.'], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const changes = ['--change', `ENV PATH=${path}`, '--change', 'USER 999'];
  const load = spawn('docker', ['import', ...changes, '-', image], {
    env: environment,
    stdio: ['pipe', 'ignore', 'inherit'],
  });
  tar.stdout.pipe(load.stdin);
  const [[tarStatus], [loadStatus]] = await Promise.all([once(tar, 'exit'), once(load, 'exit')]);
  if (tarStatus !== 0 || loadStatus !== 0)
    throw new Error(`docker import fails: ${tarStatus}, ${loadStatus}`);
}
