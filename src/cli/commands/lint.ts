import { type Outcome, succeed } from '../../base/failure.ts';
import { remarkRunbook } from '../../runbook/remark-runbook.ts';
import { loadRunbook } from '../load-runbook.ts';
import { printLine, type Surroundings } from '../surroundings.ts';

export async function lint(name: string, surroundings: Surroundings): Promise<Outcome<number>> {
  const loaded = await loadRunbook(name, surroundings.folder);
  if (!loaded.ok) return loaded;
  const { runbook, path } = loaded.value;
  printLine(
    surroundings,
    `${path}: ${runbook.steps.length} steps, ${Object.keys(runbook.inputs).length} inputs, no finding.`,
  );
  for (const remark of remarkRunbook(runbook)) printLine(surroundings, remark);
  return succeed(0);
}
