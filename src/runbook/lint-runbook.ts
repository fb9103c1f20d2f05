import { parseLayout } from '../backups/layout.ts';
import { findMalformedReferences, findReferences } from '../kinds/references.ts';
import type { Step, StepKind } from '../kinds/step-schema.ts';
import { findStoppedDatabase } from './database-container.ts';
import { lintExercise } from './lint-exercise.ts';
import { lintOpenSecrets } from './lint-open-secrets.ts';
import { type Runbook, undeclared } from './schema.ts';

/** What a schema cannot say. Each finding is a whole sentence; none means the runbook holds together. */
export function lintRunbook(runbook: Runbook): readonly string[] {
  return [
    ...lintReferences(runbook),
    ...lintIds(runbook),
    ...lintOrder(runbook),
    ...lintTargets(runbook),
    ...lintOpenSecrets(runbook),
    ...lintExercise(runbook),
  ];
}

function lintReferences(runbook: Runbook): readonly string[] {
  const { inputs, ...rest } = runbook;
  const used = findReferences(rest);
  const undeclared = used.filter((name) => inputs[name] === undefined);
  const unused = Object.keys(inputs).filter((name) => !used.includes(name));
  return [
    ...findMalformedReferences(rest).map(
      (text) => `${text} is no placeholder; write \${NAME}, in upper case.`,
    ),
    ...undeclared.map((name) => `\${${name}} is used but not declared under inputs.`),
    ...unused.map((name) => `Input ${name} is declared but nothing uses it.`),
  ];
}

/** What these kinds leave for later steps has one name in the journal: a second one would take the first one's for its own. */
const onlyOnce: readonly StepKind[] = [
  'choose-snapshot',
  'fetch',
  'decrypt',
  'restore-database',
  'mirror-objects',
  'recover-cluster',
];

function lintIds(runbook: Runbook): readonly string[] {
  const findings: string[] = [];
  const { steps } = runbook;
  for (const stepId of repeated(steps.map((step) => step.id ?? step.kind))) {
    findings.push(`Two steps have the id ${stepId}; give one of them another id.`);
  }
  for (const kind of repeated(steps.map((step) => step.kind))) {
    if (onlyOnce.includes(kind)) findings.push(`Two steps are of the kind ${kind}; a runbook may have one.`);
  }
  // A person's answer is kept under the item's id, whichever list it stands in.
  const items = steps.flatMap((step) =>
    step.kind === 'smoke-checklist' ? step.items.map(({ id }) => id) : [],
  );
  for (const id of repeated(items)) findings.push(`Two checklist items have the id ${id}.`);
  return findings;
}

function repeated<T>(values: readonly T[]): readonly T[] {
  return [...new Set(values.filter((value, index) => values.indexOf(value) !== index))];
}

/** Each kind stands on what an earlier one leaves behind. */
const needsBefore: Partial<Record<StepKind, readonly StepKind[]>> = {
  'stop-writers': ['choose-snapshot'],
  fetch: ['choose-snapshot'],
  decrypt: ['fetch'],
  'restore-database': ['decrypt', 'stop-writers'],
  'start-services': ['restore-database'],
  'restore-roles': ['choose-snapshot'],
  'export-query': ['restore-database'],
};

function lintOrder(runbook: Runbook): readonly string[] {
  const findings: string[] = [];
  let done: readonly StepKind[] = [];
  let beside: readonly StepKind[] = [];
  for (const step of runbook.steps) {
    // Steps beside each other run at the same time: none of them may wait for another.
    if (!step.alongside) [done, beside] = [[...done, ...beside], []];
    for (const needed of needsOf(step, runbook).map((kind) => orRecovery(kind, { step, runbook }))) {
      if (!done.includes(needed))
        findings.push(mustComeAfter({ step, needed, beside: beside.includes(needed) }));
    }
    beside = [...beside, step.kind];
  }
  if (runbook.steps[0]?.alongside) findings.push('The first step cannot run alongside the step before it.');
  return findings;
}

function needsOf(step: Step, runbook: Runbook): readonly StepKind[] {
  // On new machines nothing writes yet; a runbook that names no services has nothing to stop.
  const always = (needsBefore[step.kind] ?? []).filter(
    (kind) => kind !== 'stop-writers' || runbook.production.services !== undefined,
  );
  if (step.kind === 'restore-files') return standsAlone(step) ? [] : [...always, 'choose-snapshot'];
  // Which archive belongs to the dump is told by the dump's name.
  if (step.kind === 'bring-objects' && step.from.kind === 'archive') return [...always, 'choose-snapshot'];
  const looksIntoDatabase =
    (step.kind === 'verify-secrets' && step.probes.length > 0) ||
    (step.kind === 'smoke-checklist' && step.items.some(({ kind }) => kind !== 'http' && kind !== 'attest'));
  return looksIntoDatabase ? [...always, 'restore-database'] : always;
}

/** Files that belong to no dump, from a store of their own. */
function standsAlone(step: Step): boolean {
  return step.kind === 'restore-files' && step.which === 'newest' && step.from.store !== undefined;
}

/** A recovered cluster comes from a chosen backup and holds the database, as much as a restored dump does. */
function orRecovery(
  needed: StepKind,
  { step, runbook }: { readonly step: Step; readonly runbook: Runbook },
): StepKind {
  const kinds = runbook.steps.map(({ kind }) => kind);
  const stands = step.kind === 'stop-writers' || step.kind === 'start-services';
  return stands && !kinds.includes(needed) && kinds.includes('recover-cluster') ? 'recover-cluster' : needed;
}

function mustComeAfter(order: {
  readonly step: Step;
  readonly needed: StepKind;
  readonly beside: boolean;
}): string {
  const { step, needed, beside } = order;
  if (beside) return `${step.kind} needs ${needed} to be done, and cannot run alongside it.`;
  if (step.kind === 'stop-writers' && needed === 'choose-snapshot') {
    return 'stop-writers must come after choose-snapshot: nothing is stopped for a backup that cannot be opened.';
  }
  return `${step.kind} must come after ${needed}.`;
}

const restoring: readonly StepKind[] = [
  ...(['choose-snapshot', 'fetch', 'decrypt', 'restore-database', 'mirror-objects'] as const),
  ...(['restore-files', 'bring-objects', 'recover-cluster', 'restore-roles'] as const),
];

/** What a runbook that restores nothing may leave out, and who would need it. */
function lacking(runbook: Runbook): readonly (readonly [string, readonly StepKind[]])[] {
  const { backups, production } = runbook;
  const noStore = backups.store.kind === 'directory' && backups.store.path === undeclared.store.path;
  const noDatabase = production.database.url === undeclared.database.url;
  return [
    ...(noStore ? [['backups', restoring] as const] : []),
    ...(noDatabase
      ? [['production.database', ['restore-database', 'stop-writers', 'recover-cluster']] as const]
      : []),
  ];
}

function lintTargets(runbook: Runbook): readonly string[] {
  const kinds = new Set(runbook.steps.map((step) => step.kind));
  const findings: string[] = [];
  // A placeholder may stand in a layout; what it will be does not matter to the layout's shape.
  const layout = parseLayout(runbook.backups.dumps.layout.replace(/\$\{[A-Z][A-Z0-9_]*\}/g, 'filled'));
  if ('fault' in layout) findings.push(`backups.dumps.layout: ${layout.fault}`);
  const usesServices = kinds.has('stop-writers') || kinds.has('start-services');
  if (usesServices && runbook.production.services === undefined) {
    findings.push('Steps stop or start services, but production.services is not declared.');
  }
  for (const step of runbook.steps) {
    if (step.kind !== 'stop-writers') continue;
    const { services, database } = runbook.production;
    const stopped = findStoppedDatabase({ services, via: database.via, names: step.services });
    if (stopped !== undefined) {
      findings.push(`stop-writers stops ${stopped}, through whose container the database is reached.`);
    }
  }
  for (const [what, needing] of lacking(runbook)) {
    const users = needing.filter((kind) =>
      runbook.steps.some((step) => step.kind === kind && !standsAlone(step)),
    );
    if (users.length > 0) findings.push(`${users.join(', ')} needs ${what}, which is not declared.`);
  }
  const asksEnvironment = runbook.steps.some(
    (step) => step.kind === 'diagnose' && step.questions.some(({ variable }) => variable !== undefined),
  );
  if (asksEnvironment && runbook.production.envFile === undefined) {
    findings.push('diagnose looks into production.envFile, which is not declared.');
  }
  if (kinds.has('verify-secrets') && runbook.production.envFile === undefined) {
    findings.push('verify-secrets needs production.envFile.');
  }
  if (kinds.has('recover-cluster') && runbook.backups.cluster === undefined) {
    findings.push('recover-cluster needs backups.cluster.');
  }
  if (kinds.has('recover-cluster') && runbook.drill !== undefined && runbook.drill.database === undefined) {
    findings.push(
      'recover-cluster in a drill needs drill.database: the URL of the recovered cluster itself.',
    );
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
