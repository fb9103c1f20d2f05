import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { homedir, tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { getAsset, getRawAsset, isSea } from 'node:sea';
import { fileURLToPath } from 'node:url';
import { errorCode } from '../base/thrown.ts';

/**
 * What came along with the program: it runs from its sources, compiled, as one bundle, or as one file (scripts/single-file.ts), which
 * holds everything else.
 */

/** The folder that the program came in: these forms lie at different depths. */
function findRoot(): URL {
  for (let folder = new URL('.', import.meta.url); ; folder = new URL('..', folder)) {
    if (existsSync(new URL('package.json', folder))) return folder;
    if (folder.pathname === '/') throw new Error('Broken promise: no package.json above the program.');
  }
}

const isOneFile = isSea();
const runsFromSources = import.meta.url.endsWith('.ts');
/** In the one file: what is there beside the bundle, as a list of paths. */
const listName = 'own-files.json';
let unpacked: string | undefined;

/** @param path of what stands beside `src` and `dist`; for the one file, where it was put. */
export function ownFile(path: string): string {
  if (!isOneFile) return fileURLToPath(new URL(path, findRoot()));
  unpacked ??= unpackOwn();
  return join(unpacked, path);
}

/** The text of a small one, which needs no place on a disk. */
export function ownText(path: string): string {
  return isOneFile ? getAsset(path, 'utf8') : readFileSync(ownFile(path), 'utf8');
}

/** Program and first words that start thaw once more. The dashes keep Node from taking --env-file for its own. */
export function ownCommand(): readonly [string, ...string[]] {
  return isOneFile ? [process.execPath] : [process.execPath, '--', ownFile('bin/thaw.js')];
}

/** The one file itself; undefined where thaw runs otherwise. */
export function ownProgramFile(): string | undefined {
  return isOneFile ? process.execPath : undefined;
}

/** By this name the one file runs another of its programs; nobody else sets it. */
const partVariable = 'THAW_PART';

type OwnProgram = {
  readonly command: string;
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
};

/** @param path without its ending, of a file below `src`: how it is run as a program of its own. */
export function ownProgram(path: string): OwnProgram {
  if (isOneFile) return { command: process.execPath, args: [], env: { [partVariable]: path } };
  const file = runsFromSources ? `src/${path}.ts` : `dist/bundle/${path}.js`;
  return { command: process.execPath, args: [ownFile(file)], env: {} };
}

/** Where a home cannot be written to. */
const noPlace: readonly (string | undefined)[] = ['EACCES', 'EROFS', 'ENOSPC', 'ENOENT', 'ENOTDIR', 'EPERM'];

/**
 * Runbooks are read, listed and completed by shells as files. They go into the user's cache, under the digest of what they hold; without
 * a home, into a folder that goes with this process. What lies there already counts only if it is the same to the byte.
 */
function unpackOwn(): string {
  const files = (JSON.parse(getAsset(listName, 'utf8')) as readonly string[]).map(
    (path) => [path, Buffer.from(getRawAsset(path))] as const,
  );
  const hash = createHash('sha256');
  for (const [path, bytes] of files) hash.update(`${path}\0${bytes.length}\0`).update(bytes);
  const name = hash.digest('hex').slice(0, 16);
  const cache = process.env.XDG_CACHE_HOME || join(homedir(), '.cache');
  try {
    return putAll(join(cache, 'thaw', name), files);
  } catch (error) {
    if (!noPlace.includes(errorCode(error))) throw error;
    const folder = mkdtempSync(join(tmpdir(), 'thaw-own-'));
    process.once('exit', () => rmSync(folder, { recursive: true, force: true }));
    return putAll(folder, files);
  }
}

function putAll(folder: string, files: readonly (readonly [string, Buffer])[]): string {
  for (const [path, bytes] of files) {
    const place = join(folder, path);
    if (isThere(place, bytes)) continue;
    mkdirSync(dirname(place), { recursive: true, mode: 0o700 });
    const half = join(dirname(place), `.${basename(place)}.${process.pid}`);
    writeFileSync(half, bytes, { mode: 0o600 });
    renameSync(half, place);
  }
  return folder;
}

function isThere(place: string, bytes: Buffer): boolean {
  try {
    return readFileSync(place).equals(bytes);
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return false;
    throw error;
  }
}
