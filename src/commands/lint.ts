import { type CommandContext, printLine } from '../app/command-context.ts';
import { exitStatus } from '../app/exit-status.ts';
import { loadRunbook } from '../app/load-runbook.ts';
import { type Outcome, succeed } from '../base/failure.ts';
import { lintProducer } from '../runbook/lint-producer.ts';
import { remarkRunbook } from '../runbook/remark-runbook.ts';

export async function lint(name: string, context: CommandContext): Promise<Outcome<number>> {
  const loaded = await loadRunbook(name, context.folder);
  if (!loaded.ok) return loaded;
  const { runbook, path } = loaded.value;
  const findings = lintProducer(runbook);
  const steps = `${runbook.steps.length} steps, ${Object.keys(runbook.inputs).length} inputs`;
  printLine(context, `${path}: ${steps}, ${findings.length === 0 ? 'no finding' : 'fit for a restore'}.`);
  for (const remark of remarkRunbook(runbook)) printLine(context, remark);
  for (const finding of findings) printLine(context, `No backup can be made: ${finding}`);
  return succeed(findings.length === 0 ? exitStatus.verified : exitStatus.usage);
}
