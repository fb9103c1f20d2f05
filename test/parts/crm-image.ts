import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { copyFile, cp, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import type { RunningDocker } from './docker.ts';
import { onceARun } from './once-a-run.ts';

const run = promisify(execFile);
const repository = fileURLToPath(new URL('../..', import.meta.url));

export const crmImage = 'thaw-crm:test';

/** What stands in the image: the small CRM of the sandbox, and a stand-in that needs no database. */
export const crmProgram = '/app/dist/sandbox/crm/main.js';
export const standInProgram = '/app/stand-in-service.js';
export const standInFile = join(repository, 'test/parts/stand-in-service.js');

/**
 * An image out of what is on this machine, since none can be pulled: Node, the shared libraries it names, the
 * compiled CRM and the packages it imports.
 * @returns the image's name.
 */
export async function buildCrmImage(docker: RunningDocker): Promise<string> {
  return (await onceARun('crm-image', () => makeImage(docker))) ?? makeImage(docker);
}

async function makeImage(docker: RunningDocker): Promise<string> {
  const root = await mkdtemp(join(tmpdir(), 'thaw-image-'));
  try {
    await putNode(root);
    await putApplication(join(root, 'app'));
    await importFolder(root, docker);
    return crmImage;
  } finally {
    await rm(root, { recursive: true, force: true });
  }
}

async function putNode(root: string): Promise<void> {
  const packaged = join(repository, `node_modules/node-linux-${process.arch}/bin/node`);
  const node = existsSync(packaged) ? packaged : process.execPath;
  await putFile(node, join(root, 'usr/local/bin/node'));
  // `name => /path (address)` for a library, `/path (address)` for the loader itself.
  const { stdout } = await run('ldd', [node]);
  for (const [, path] of stdout.matchAll(/(?:=>\s+|^\s+)(\/\S+)\s+\(0x/gm)) {
    if (path !== undefined) await putFile(path, join(root, path));
  }
  await mkdir(join(root, 'etc'), { recursive: true });
  await mkdir(join(root, 'tmp'), { recursive: true });
  await writeFile(join(root, 'etc/passwd'), 'root:x:0:0:root:/root:/usr/local/bin/node\n');
  await writeFile(join(root, 'etc/group'), 'root:x:0:\n');
}

async function putApplication(app: string): Promise<void> {
  await mkdir(app, { recursive: true });
  await copyFile(join(repository, 'package.json'), join(app, 'package.json'));
  await copyFile(standInFile, join(app, 'stand-in-service.js'));
  const built = join(repository, 'dist/sandbox/crm');
  if (!existsSync(built)) throw new Error('The image needs the compiled CRM: run npm run build first.');
  await cp(built, join(app, 'dist/sandbox/crm'), { recursive: true });
  for (const name of await packagesOf('pg')) {
    await cp(join(repository, 'node_modules', name), join(app, 'node_modules', name), {
      recursive: true,
      dereference: true,
    });
  }
}

/** The package and everything it depends on, as npm laid them out: flat. */
async function packagesOf(name: string, found = new Set<string>()): Promise<ReadonlySet<string>> {
  const manifest = join(repository, 'node_modules', name, 'package.json');
  if (found.has(name) || !existsSync(manifest)) return found;
  found.add(name);
  const { dependencies = {} }: { dependencies?: Record<string, string> } = JSON.parse(
    await readFile(manifest, 'utf8'),
  );
  for (const dependency of Object.keys(dependencies)) await packagesOf(dependency, found);
  return found;
}

async function importFolder(root: string, docker: RunningDocker): Promise<void> {
  const environment = { ...process.env, DOCKER_HOST: docker.DOCKER_HOST };
  const tar = spawn('tar', ['--create', '--file=-', '--directory', root, '.'], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const change = 'ENV PATH=/usr/local/bin';
  const load = spawn('docker', ['import', '--change', change, '-', crmImage], {
    env: environment,
    stdio: ['pipe', 'ignore', 'inherit'],
  });
  tar.stdout.pipe(load.stdin);
  const [[tarStatus], [loadStatus]] = await Promise.all([once(tar, 'exit'), once(load, 'exit')]);
  if (tarStatus !== 0 || loadStatus !== 0) {
    throw new Error(`docker import fails: tar ends with ${tarStatus}, docker with ${loadStatus}`);
  }
}

async function putFile(from: string, to: string): Promise<void> {
  await mkdir(dirname(to), { recursive: true });
  await copyFile(from, to);
}
