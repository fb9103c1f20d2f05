import { readdir, readFile, realpath, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseJson } from '../base/parse-json.ts';
import { isAlive, type ProcessIdentity, processIdentity } from '../platform/process-identity.ts';
import { endGpgAgent } from './gpg-key.ts';
import { stopPostgresCluster } from './postgres-cluster.ts';
import { endProcesses, findProcesses } from './proc.ts';
import { layOut, sandboxPrefix } from './sandbox-layout.ts';

/** In the command line of every service, whether it runs from source or from a build. */
const crmCommand = '/sandbox/crm/main.';

/**
 * Ends everything that runs in a sandbox and removes its folder. It goes by what it finds, not by what a process
 * remembers, so it works after a crash, twice, and when a restore has restarted the services meanwhile.
 */
export async function destroySandbox(path: string): Promise<void> {
  // Without our mark the folder is somebody else's, or already gone.
  if ((await readOwner(path)) === undefined) return;
  // The kernel reports working folders with every link resolved.
  const folder = await realpath(path);
  const services = await findProcesses({ folder, commandHolds: crmCommand });
  await endProcesses({ processes: services, politely: 'SIGTERM', patienceMs: 2000 });
  const layout = layOut(folder);
  await Promise.all(
    [layout.productionCluster, layout.drillCluster].map((cluster) =>
      stopPostgresCluster({ folder: cluster }),
    ),
  );
  await endGpgAgent(layout.gnupgHome);
  await rm(folder, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 });
}

/** Removes the sandboxes of rehearsals that died. Returns their folders. */
export async function sweepSandboxes(parent: string = tmpdir()): Promise<readonly string[]> {
  const swept: string[] = [];
  for (const name of await readdir(parent)) {
    const folder = join(parent, name);
    if (!name.startsWith(sandboxPrefix) || !(await isAbandoned(folder))) continue;
    await destroySandbox(folder);
    swept.push(folder);
  }
  return swept;
}

/** A sandbox whose owner is gone. */
export async function isAbandoned(folder: string): Promise<boolean> {
  const owner = await readOwner(folder);
  return owner !== undefined && !(await isAlive(owner));
}

async function readOwner(folder: string): Promise<ProcessIdentity | undefined> {
  const text = await readFile(layOut(folder).marker, 'utf8').catch(() => undefined);
  return text === undefined ? undefined : parseOwner(text);
}

/** A marker cut short by a crash still marks the folder as ours; its owner cannot be alive. */
function parseOwner(text: string): ProcessIdentity {
  return processIdentity.safeParse(parseJson(text)).data ?? { pid: 0, startTicks: '' };
}
