import { execFileSync } from 'node:child_process';
import { chmod, copyFile, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/**
 * One file with runtime, program and runbooks inside, as Node makes it (single executable applications): what is built lies in it as a
 * list of named assets, in a section of the runtime's own ELF file.
 *
 *   node scripts/single-file.ts RUNTIME FILE      RUNTIME is the node of the machine the file is for
 */
const root = join(import.meta.dirname, '..');
/** What is there beside the bundle, by the paths that src/platform/own-files.ts asks for. */
const folders = ['runbooks', 'schema'];
const files = ['package.json', 'LICENSE'];

const [runtime, target] = process.argv.slice(2);
if (runtime === undefined || target === undefined) throw new Error('Give the runtime, and the file to make.');

const work = await mkdtemp(join(tmpdir(), 'thaw-one-file-'));
try {
  const own = [...files, ...(await Promise.all(folders.map(filesBelow))).flat()].sort();
  const list = join(work, 'own-files.json');
  await writeFile(list, JSON.stringify(own));
  const bundle = (await filesBelow('dist/bundle')).filter((path) => path.endsWith('.js'));
  const assets = {
    'own-files.json': list,
    ...Object.fromEntries(own.map((path) => [path, join(root, path)])),
    ...Object.fromEntries(bundle.map((path) => [path.slice('dist/'.length), join(root, path)])),
  };
  const blob = join(work, 'thaw.blob');
  const config = join(work, 'config.json');
  await writeFile(
    config,
    JSON.stringify({
      main: join(import.meta.dirname, 'single-file-main.cjs'),
      output: blob,
      disableExperimentalSEAWarning: true,
      // Compiled code belongs to one processor's runtime; the blob is the same for all.
      useCodeCache: false,
      assets,
    }),
  );
  run(process.execPath, '--experimental-sea-config', config);
  await copyFile(runtime, target);
  await chmod(target, 0o755);
  const postject = join(root, 'node_modules/postject/dist/cli.js');
  const fuse = 'NODE_SEA_FUSE_fce680ab2cc467b6e072b8b5df1996b2';
  run(process.execPath, postject, target, 'NODE_SEA_BLOB', blob, '--sentinel-fuse', fuse);
} finally {
  await rm(work, { recursive: true, force: true });
}

/** What they say goes into the error, if there is one: they warn of what is well. */
function run(program: string, ...args: readonly string[]): void {
  execFileSync(program, args, { stdio: ['ignore', 'ignore', 'pipe'] });
}

async function filesBelow(folder: string): Promise<readonly string[]> {
  const found = await readdir(join(root, folder), { recursive: true, withFileTypes: true });
  return found
    .filter((entry) => entry.isFile())
    .map(({ parentPath, name }) => join(parentPath, name).slice(root.length + 1));
}
