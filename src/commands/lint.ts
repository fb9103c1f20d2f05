import { type CommandContext, printLine } from '../app/command-context.ts';
import { exitStatus } from '../app/exit-status.ts';
import { everywhere } from '../app/options.ts';
import { type Outcome, succeed } from '../base/failure.ts';
import { defineCommand, runbookOperand } from './command.ts';

export const lint = defineCommand({
  name: 'lint',
  about: 'what is wrong with a runbook that a schema cannot say',
  more: ['Comments that begin with TO DO: are named as open points; they make nothing wrong.'],
  operands: { runbook: runbookOperand },
  options: everywhere,
  examples: [{ line: 'thaw lint runbooks/crm.yaml', about: 'after every change' }],
  statuses: { verified: 'no finding', usage: 'it does not hold together, or no backup can be made with it' },
  run: (context, { operands }) => look(operands.runbook, context),
});

async function look(
  name: string,
  context: Pick<CommandContext, 'environment' | 'folder' | 'stdout'>,
): Promise<Outcome<number>> {
  const { loadRunbook } = await import('../app/load-runbook.ts');
  const { lintProducer } = await import('../runbook/lint-producer.ts');
  const { sayOpenPoints } = await import('../runbook/open-points.ts');
  const { remarkRunbook } = await import('../runbook/remark-runbook.ts');
  const loaded = await loadRunbook(name, context);
  if (!loaded.ok) return loaded;
  const { runbook, path, openPoints } = loaded.value;
  const findings = lintProducer(runbook);
  const steps = `${runbook.steps.length} steps, ${Object.keys(runbook.inputs).length} inputs`;
  printLine(context, `${path}: ${steps}, ${findings.length === 0 ? 'no finding' : 'fit for a restore'}.`);
  for (const remark of remarkRunbook(runbook)) printLine(context, remark);
  for (const line of sayOpenPoints(openPoints)) printLine(context, line);
  for (const finding of findings) printLine(context, `No backup can be made: ${finding}`);
  return succeed(findings.length === 0 ? exitStatus.verified : exitStatus.usage);
}
