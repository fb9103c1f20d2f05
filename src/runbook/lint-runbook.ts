import { parseLayout } from '../backups/layout.ts';
import { assert } from '../base/assert.ts';
import { isNameOfSecret } from '../base/secret-values.ts';
import type { KnownFact } from '../kinds/fact.ts';
import { handlerOf, type StepHandlers, stepsGiving } from '../kinds/handlers.ts';
import { type Need, type Place, type Plan, type Step, stepId } from '../kinds/kind.ts';
import { findMalformedReferences, findReferences } from '../kinds/references.ts';
import { lintProof } from './proof.ts';
import { type Runbook, undeclared } from './schema.ts';

/**
 * What a schema cannot say. Each finding is a whole sentence; none means the runbook holds together. What a step needs, its kind
 * says; here it is held against the steps before it and the places that are declared.
 */
export function lintRunbook(runbook: Runbook, handlers: StepHandlers): readonly string[] {
  return [
    ...lintReferences(runbook),
    ...lintSecrets(runbook, handlers),
    ...lintIds(runbook, handlers),
    ...lintOrder(runbook, handlers),
    ...lintPlaces(runbook, handlers),
    ...lintKinds(runbook, handlers),
    ...lintExercise(runbook),
    ...lintProof(runbook, handlers),
  ];
}

function lintReferences(runbook: Runbook): readonly string[] {
  const { inputs, ...rest } = runbook;
  const used = findReferences(rest);
  const unknown = used.filter((name) => inputs[name] === undefined);
  const unused = Object.keys(inputs).filter((name) => !used.includes(name));
  return [
    ...findMalformedReferences(rest).map(
      (text) => `${text} is no placeholder; write \${NAME}, in upper case.`,
    ),
    ...unknown.map((name) => `\${${name}} is used but not declared under inputs.`),
    ...unused.map((name) => `Input ${name} is declared but nothing uses it.`),
  ];
}

/** What a name says is a secret is one; and no secret stands where every user of the host can read it. */
function lintSecrets({ inputs, steps }: Runbook, handlers: StepHandlers): readonly string[] {
  const undeclaredSecrets = Object.entries(inputs)
    .filter(([name, { secret }]) => !secret && isNameOfSecret(name))
    .map(
      ([name]) =>
        `Input ${name} is not marked secret, and its name says that it is one: write secret: true, or another name.`,
    );
  const shown = steps.flatMap((step) =>
    findReferences(handlerOf(handlers, step).inArguments?.(step) ?? [])
      .filter((name) => inputs[name]?.secret)
      .map(
        (name) =>
          `${stepId(step)} puts the secret \${${name}} into the arguments of a program, where every user of the host can read it: hand it over under env.`,
      ),
  );
  return [...undeclaredSecrets, ...shown];
}

function lintIds({ steps }: Runbook, handlers: StepHandlers): readonly string[] {
  return [
    ...repeated(steps.map(stepId)).map((id) => `Two steps have the id ${id}; give one of them another id.`),
    ...repeated(steps.filter((step) => handlerOf(handlers, step).once).map(({ kind }) => kind)).map(
      (kind) => `Two steps are of the kind ${kind}; a runbook may have one.`,
    ),
  ];
}

function repeated<T>(values: readonly T[]): readonly T[] {
  return [...new Set(values.filter((value, index) => values.indexOf(value) !== index))];
}

/** Each step stands on the facts that earlier ones leave behind. */
function lintOrder(runbook: Runbook, handlers: StepHandlers): readonly string[] {
  const findings: string[] = [];
  let done: readonly Step[] = [];
  let beside: readonly Step[] = [];
  const plan = planOf(runbook);
  for (const step of runbook.steps) {
    // Steps beside each other run at the same time: none of them may wait for another.
    if (!step.alongside) [done, beside] = [[...done, ...beside], []];
    for (const need of handlerOf(handlers, step).needs?.(step, plan) ?? []) {
      const fact = wanted(need, { steps: runbook.steps, handlers });
      const gives = (one: Step) => handlerOf(handlers, one).gives?.includes(fact);
      if (!done.some(gives))
        findings.push(
          mustComeAfter({ step, need, giver: giverOf(fact, handlers), beside: beside.some(gives) }),
        );
    }
    beside = [...beside, step];
  }
  if (runbook.steps[0]?.alongside) findings.push('The first step cannot run alongside the step before it.');
  return findings;
}

/** Of several facts the one that this runbook makes; the first, where it makes none. */
function wanted(
  { oneOf }: Need,
  walk: { readonly steps: readonly Step[]; readonly handlers: StepHandlers },
): KnownFact {
  const isMade = (fact: KnownFact) => stepsGiving(fact, walk).length > 0;
  const found = oneOf.find(isMade) ?? oneOf[0];
  assert(found !== undefined, 'a need names at least one fact');
  return found;
}

function giverOf(fact: KnownFact, handlers: StepHandlers): string {
  const giver = Object.values(handlers).find(({ gives }) => gives?.includes(fact));
  assert(giver !== undefined, 'what a kind needs, another kind gives');
  return giver.kind;
}

function mustComeAfter(order: {
  readonly step: Step;
  readonly need: Need;
  readonly giver: string;
  readonly beside: boolean;
}): string {
  const { step, need, giver, beside } = order;
  if (beside) return `${step.kind} needs ${giver} to be done, and cannot run alongside it.`;
  const because = need.because === undefined ? '' : `: ${need.because}`;
  return `${step.kind} must come after ${giver}${because}.`;
}

function planOf(runbook: Runbook): Plan {
  const { steps, production, backups } = runbook;
  return { steps, production, backups, declares: (place) => isDeclared(place, runbook) };
}

const isThere: Readonly<Record<Place, (runbook: Runbook) => boolean>> = {
  backups: ({ backups: { store } }) =>
    store.kind !== undeclared.store.kind || store.path !== undeclared.store.path,
  'backups.objects': ({ backups }) => backups.objects !== undefined,
  'backups.cluster': ({ backups }) => backups.cluster !== undefined,
  'production.database': ({ production }) => production.database.url !== undeclared.database.url,
  'production.objects': ({ production }) => production.objects !== undefined,
  'production.services': ({ production }) => production.services !== undefined,
  'production.envFile': ({ production }) => production.envFile !== undefined,
  'drill.database': ({ drill }) => drill?.database !== undefined,
  'drill.objects': ({ drill }) => drill?.objects !== undefined,
};

function isDeclared(place: Place, runbook: Runbook): boolean {
  return isThere[place](runbook);
}

function lintPlaces(runbook: Runbook, handlers: StepHandlers): readonly string[] {
  const users = new Map<Place, string[]>();
  for (const step of runbook.steps) {
    for (const place of handlerOf(handlers, step).places?.(step) ?? []) {
      // Without a section for drills there is no drill of it.
      if (isDeclared(place, runbook) || (place.startsWith('drill.') && runbook.drill === undefined)) continue;
      const known = users.get(place) ?? [];
      if (!known.includes(step.kind)) users.set(place, [...known, step.kind]);
    }
  }
  return [...users].map(([place, kinds]) => {
    const where = place.startsWith('drill.') ? ' in a drill' : '';
    return `${kinds.join(', ')}${where} needs ${place}, which is not declared.`;
  });
}

function lintKinds(runbook: Runbook, handlers: StepHandlers): readonly string[] {
  const plan = planOf(runbook);
  // A placeholder may stand in a layout; what it will be does not matter to the layout's shape.
  const layout = parseLayout(runbook.backups.dumps.layout.replace(/\$\{[A-Z][A-Z0-9_]*\}/g, 'filled'));
  return [
    ...('fault' in layout ? [`backups.dumps.layout: ${layout.fault}`] : []),
    ...runbook.steps.flatMap((step) => handlerOf(handlers, step).lint?.(step, plan) ?? []),
  ];
}

/** Injects and criteria speak of steps; a step that is not there would never be asked about. */
function lintExercise({ steps, exercise, tabletop }: Runbook): readonly string[] {
  const known = new Set(steps.map(stepId));
  const wanted = [
    ...(tabletop?.injects ?? []).map(({ before }) => ({ step: before, where: 'tabletop.injects' })),
    ...(exercise?.criteria ?? []).flatMap((criterion) =>
      typeof criterion === 'string' || criterion.step === undefined
        ? []
        : [{ step: criterion.step, where: 'exercise.criteria' }],
    ),
  ];
  return wanted
    .filter(({ step }) => !known.has(step))
    .map(({ step, where }) => `${where} speaks of step ${step}, which is not in this runbook.`);
}
