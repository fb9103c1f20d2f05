import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { endRgw, sharedRgw, sharedRgwOwner } from './s3-servers.ts';

/** Before a whole run. The first file that asks for Ceph RGW starts it; nothing is started for a run that needs none. */
export async function setup(): Promise<void> {
  process.env[sharedRgw] = join(await mkdtemp(join(tmpdir(), 'thaw-tests-')), 'rgw.json');
  process.env[sharedRgwOwner] = String(process.pid);
}

export async function teardown(): Promise<void> {
  await endRgw(process.pid);
  await rm(dirname(process.env[sharedRgw] ?? ''), { recursive: true });
}
