import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { removeLeftClusters } from './cluster-folder.ts';
import { endDocker } from './docker.ts';
import { sharedFolder, sharedOwner } from './once-a-run.ts';
import { endRgw } from './s3-servers.ts';

/** Before a whole run. The first file that asks for Ceph RGW or Docker starts it; nothing is started for a run that needs none. */
export async function setup(): Promise<void> {
  await removeLeftClusters();
  process.env[sharedFolder] = await mkdtemp(join(tmpdir(), 'thaw-tests-'));
  process.env[sharedOwner] = String(process.pid);
}

export async function teardown(): Promise<void> {
  await Promise.all([endRgw(process.pid), endDocker(process.pid)]);
  await rm(process.env[sharedFolder] ?? '', { recursive: true });
}
