import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Cell, Evidence, Refusal } from '../../scripts/crossings.ts';

const results = join(import.meta.dirname, '../../.thaw/results');
const file = join(results, 'versions.json');

/** For `npm run versions`. A whole run begins without any (scripts/run-tests.ts); what is run again alone (-t) takes the place of its own. */
export async function writeEvidence(found: Evidence): Promise<void> {
  await mkdir(results, { recursive: true });
  const before: Evidence = await readFile(file, 'utf8').then(JSON.parse, () => found);
  const cells = new Map([...before.cells, ...found.cells].map((cell) => [keyOfCell(cell), cell]));
  const refusals = new Map([...before.refusals, ...found.refusals].map((one) => [keyOfRefusal(one), one]));
  const evidence: Evidence = {
    builds: found.builds,
    cells: [...cells.values()],
    refusals: [...refusals.values()].toSorted((a, b) => keyOfRefusal(a).localeCompare(keyOfRefusal(b), 'en')),
  };
  await writeFile(file, JSON.stringify(evidence, undefined, 1));
}

function keyOfCell({ source, dump, restore, target, format }: Cell): string {
  return [source, dump, restore, target, format].join(' ');
}

function keyOfRefusal({ what, newer, older }: Refusal): string {
  return [what, newer, older].join(' ');
}
