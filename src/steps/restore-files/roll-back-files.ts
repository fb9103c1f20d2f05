import { type Outcome, succeed } from '../../base/failure.ts';
import { readFacts } from '../../kinds/fact.ts';
import { type Swap, swappingFilesFact } from '../../kinds/facts.ts';
import { rollBackQuestion } from '../../operations/roll-back-objects.ts';
import type { FileTrees } from '../../ports/file-trees.ts';
import type { Guard } from '../../ports/guard.ts';

/** The folders that this run replaced, and that were there before. */
export function replacedFolders(facts: ReadonlyMap<string, unknown>): readonly Swap[] {
  return readFacts(swappingFilesFact, facts).flatMap(({ value }) => (value.hadTarget ? [value] : []));
}

/** The swap the other way round, folder after folder; what was done by an earlier attempt is left as it is. */
export async function rollBackFiles(
  trees: FileTrees,
  ...[swaps, guard]: [readonly Swap[], Pick<Guard, 'replaceFolder'>]
): Promise<Outcome<readonly string[]>> {
  const said: string[] = [];
  for (const { target, kept: old } of swaps) {
    const undone = old.replace('.before-', '.undone-');
    const [isOld, isUndone] = [await trees.exists(old), await trees.exists(undone)];
    if (!isOld.ok) return isOld;
    if (!isUndone.ok) return isUndone;
    // The run ended before its first rename.
    if (!isOld.value && !isUndone.value) continue;
    const swapping = { target, incoming: old, kept: undone, hadTarget: true };
    const permit = guard.replaceFolder({ swapping, agreedIn: rollBackQuestion });
    const swapped = permit.ok ? await trees.swap(permit.value) : permit;
    if (!swapped.ok) return swapped;
    said.push(`${target} is the old folder again; the restored one is kept as ${undone}`);
  }
  return succeed(said);
}
