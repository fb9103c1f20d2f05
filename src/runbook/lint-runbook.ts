import { parseLayout } from '../backups/layout.ts';
import { findReferences } from './references.ts';
import type { Runbook } from './schema.ts';
import type { StepKind } from './step-schema.ts';

/** What a schema cannot say. Each finding is a whole sentence; none means the runbook holds together. */
export function lintRunbook(runbook: Runbook): readonly string[] {
  return [...lintReferences(runbook), ...lintIds(runbook), ...lintOrder(runbook), ...lintTargets(runbook)];
}

function lintReferences(runbook: Runbook): readonly string[] {
  const { inputs, ...rest } = runbook;
  const used = findReferences(rest);
  const undeclared = used.filter((name) => inputs[name] === undefined);
  const unused = Object.keys(inputs).filter((name) => !used.includes(name));
  return [
    ...undeclared.map((name) => `\${${name}} is used but not declared under inputs.`),
    ...unused.map((name) => `Input ${name} is declared but nothing uses it.`),
  ];
}

function lintIds(runbook: Runbook): readonly string[] {
  const seen = new Set<string>();
  const findings: string[] = [];
  for (const step of runbook.steps) {
    const stepId = step.id ?? step.kind;
    if (seen.has(stepId)) findings.push(`Two steps have the id ${stepId}; give one of them another id.`);
    seen.add(stepId);
    if (step.kind !== 'smoke-checklist') continue;
    const items = new Set<string>();
    for (const item of step.items) {
      if (items.has(item.id)) findings.push(`Two checklist items have the id ${item.id}.`);
      items.add(item.id);
    }
  }
  return findings;
}

/** Each kind stands on what an earlier one leaves behind. */
const needsBefore: Partial<Record<StepKind, readonly StepKind[]>> = {
  'stop-writers': ['choose-snapshot'],
  fetch: ['choose-snapshot'],
  decrypt: ['fetch'],
  'restore-database': ['decrypt', 'stop-writers'],
  'start-services': ['restore-database'],
};

function lintOrder(runbook: Runbook): readonly string[] {
  const kinds = runbook.steps.map((step) => step.kind);
  const findings: string[] = [];
  runbook.steps.forEach((step, index) => {
    for (const needed of needsBefore[step.kind] ?? []) {
      if (!kinds.slice(0, index).includes(needed)) {
        findings.push(
          needed === 'choose-snapshot' && step.kind === 'stop-writers'
            ? 'stop-writers must come after choose-snapshot: nothing is stopped for a backup that cannot be opened.'
            : `${step.kind} must come after ${needed}.`,
        );
      }
    }
  });
  if (runbook.steps[0]?.alongside) findings.push('The first step cannot run alongside the step before it.');
  return findings;
}

function lintTargets(runbook: Runbook): readonly string[] {
  const kinds = new Set(runbook.steps.map((step) => step.kind));
  const findings: string[] = [];
  const layout = parseLayout(runbook.backups.dumps.layout);
  if ('fault' in layout) findings.push(`backups.dumps.layout: ${layout.fault}`);
  const usesServices = kinds.has('stop-writers') || kinds.has('start-services');
  if (usesServices && runbook.production.services === undefined) {
    findings.push('Steps stop or start services, but production.services is not declared.');
  }
  if (kinds.has('verify-secrets') && runbook.production.envFile === undefined) {
    findings.push('verify-secrets needs production.envFile.');
  }
  if (kinds.has('mirror-objects')) {
    if (runbook.backups.objects === undefined) findings.push('mirror-objects needs backups.objects.');
    if (runbook.production.objects === undefined) findings.push('mirror-objects needs production.objects.');
    if (runbook.drill !== undefined && runbook.drill.objects === undefined) {
      findings.push('mirror-objects in a drill needs drill.objects.');
    }
  }
  return findings;
}
