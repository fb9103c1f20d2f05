import { type Outcome, succeed } from '../../base/failure.ts';
import { lintProducer } from '../../runbook/lint-producer.ts';
import { remarkRunbook } from '../../runbook/remark-runbook.ts';
import { exitStatus } from '../exit-status.ts';
import { loadRunbook } from '../load-runbook.ts';
import { printLine, type Surroundings } from '../surroundings.ts';

export async function lint(name: string, surroundings: Surroundings): Promise<Outcome<number>> {
  const loaded = await loadRunbook(name, surroundings.folder);
  if (!loaded.ok) return loaded;
  const { runbook, path } = loaded.value;
  const findings = lintProducer(runbook);
  const steps = `${runbook.steps.length} steps, ${Object.keys(runbook.inputs).length} inputs`;
  printLine(
    surroundings,
    `${path}: ${steps}, ${findings.length === 0 ? 'no finding' : 'fit for a restore'}.`,
  );
  for (const remark of remarkRunbook(runbook)) printLine(surroundings, remark);
  for (const finding of findings) printLine(surroundings, `No backup can be made: ${finding}`);
  return succeed(findings.length === 0 ? exitStatus.verified : exitStatus.usage);
}
