import {
  chmodSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statfsSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { stopPostgresCluster } from '../../src/sandbox/postgres-cluster.ts';
import { isAlive, ownerPid } from './once-a-run.ts';

const inMemory = '/dev/shm';
const prefix = 'thaw-pg-';
const ownerFile = 'owner.pid';
/** A cluster of the tests is 40 to 150 MB, and a dozen of them are there at a time. In a container this is often 64 MB. */
const neededBytes = 4 * 1024 ** 3;

/**
 * A folder for the clusters of a test, in memory where there is room for many: half of what a test cluster costs the processor is
 * making its files and taking them away. The server's own user may pass through it.
 */
export function makeClusterFolder(): string {
  const folder = mkdtempSync(join(hasRoom(inMemory) ? inMemory : tmpdir(), prefix));
  chmodSync(folder, 0o711);
  writeFileSync(join(folder, ownerFile), String(ownerPid()));
  return folder;
}

function hasRoom(path: string): boolean {
  try {
    const { bavail, bsize } = statfsSync(path);
    return bavail * bsize >= neededBytes;
  } catch {
    return false;
  }
}

/** A run that was killed leaves its servers, and their files in memory: the next run takes both away. */
export async function removeLeftClusters(): Promise<void> {
  const names = existsSync(inMemory) ? readdirSync(inMemory) : [];
  for (const name of names.filter((name) => name.startsWith(prefix))) {
    const folder = join(inMemory, name);
    if (isAlive(ownerOf(folder))) continue;
    for (const cluster of readdirSync(folder, { withFileTypes: true }))
      if (cluster.isDirectory()) await stopPostgresCluster({ folder: join(folder, cluster.name) });
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Without a number it is of this moment: its owner is about to write it. */
function ownerOf(folder: string): number {
  try {
    return Number(readFileSync(join(folder, ownerFile), 'utf8')) || process.pid;
  } catch {
    return process.pid;
  }
}
