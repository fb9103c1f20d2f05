import { mkdtemp, realpath, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll } from 'vitest';
import { buildSandbox, type Sandbox } from '../../../src/sandbox/build-sandbox.ts';
import { loseProduction } from '../../../src/sandbox/disaster.ts';
import { endRuns } from '../../parts/end-runs.ts';
import { writeManifest } from '../../parts/write-manifest.ts';
import { startServices } from '../../sandbox/sandbox-parts.ts';

/**
 * One ruined company for all walks of a file: built before the first, gone after the last. Each walk restores the same
 * backup, so a walk begins with what the one before it left, as on a real host.
 */
export function useSandbox(): () => Sandbox {
  let sandbox: Sandbox | undefined;
  beforeAll(async () => {
    const built = await buildSandbox({ onLine: () => undefined, startServices });
    if (!built.ok) throw new Error(`${built.failure.message} ${built.failure.remedy}`);
    sandbox = built.value;
    await writeManifest(sandbox);
    await loseProduction({ sandbox, onLine: () => undefined });
  });
  afterAll(async () => sandbox?.destroy());
  return () => {
    if (sandbox === undefined) throw new Error('There is no sandbox before the first test.');
    return sandbox;
  };
}

/** A folder to start the program in, for each file; gone after its last test. */
export function useFolder(): (name: string) => Promise<string> {
  const made: string[] = [];
  afterAll(async () => {
    for (const folder of made) {
      await endRuns(folder);
      await rm(folder, { recursive: true, force: true });
    }
  });
  return async (name) => {
    const folder = await realpath(await mkdtemp(join(tmpdir(), `thaw-${name}-`)));
    made.push(folder);
    return folder;
  };
}
