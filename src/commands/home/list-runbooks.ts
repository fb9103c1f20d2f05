import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The runbooks that come with thaw, beside dist/. */
const ownFolder = fileURLToPath(new URL('../../../runbooks/', import.meta.url));

/** The rehearsal's own runbook is walked by `thaw rehearse`, which builds what it restores. */
const notByHand = ['rehearsal.yaml'];

/** Paths of the runbooks at hand: those of the folder one stands in first, then those that come along. */
export async function listRunbooks(folder: string): Promise<readonly string[]> {
  const own = await listYaml(join(folder, 'runbooks'));
  const along = await listYaml(ownFolder);
  return [...new Set([...own, ...along])];
}

async function listYaml(folder: string): Promise<readonly string[]> {
  const names = await readdir(folder).catch(() => []);
  return names
    .filter((name) => name.endsWith('.yaml') && !notByHand.includes(name))
    .sort()
    .map((name) => join(folder, name));
}
