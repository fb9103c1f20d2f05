import { type Failure, fail } from '../base/failure.ts';
import { type Check, notVerified } from '../base/verdict.ts';
import { weighChecks } from '../journal/run-proof.ts';
import { handlerOf, type StepHandlers } from '../kinds/handlers.ts';
import type { Step } from '../kinds/kind.ts';
import { type AnyCheckContext, stepId } from '../kinds/kind.ts';
import { programsOf } from '../kinds/programs.ts';
import type { Engine } from './engine.ts';
import { findMissingPrograms, type MissingPrograms, missingAsCheck } from './missing-programs.ts';

type PreflightCheck = Check & { readonly stepId: string };

type Preflight = {
  /** Missing programs stand first: nearly all else may come of them. */
  readonly checks: readonly PreflightCheck[];
  readonly missing: MissingPrograms | undefined;
};

/** Every step's check, all at once, so that the operator sees all blockers on one screen. Touches nothing. */
export async function runPreflight(request: {
  readonly steps: readonly Step[];
  readonly handlers: StepHandlers;
  readonly context: AnyCheckContext;
}): Promise<Preflight> {
  // Many steps ask for the same listing within seconds. Once something acts, everybody lists for himself.
  const context = { ...request.context, world: request.context.world.look() };
  const perStep = await Promise.all(
    request.steps.map(async (step) => {
      const checks = await handlerOf(request.handlers, step).check(step, context);
      return checks.map((check) => ({ ...check, stepId: stepId(step) }));
    }),
  );
  const checks = perStep.flat();
  const missing = await findMissingPrograms({
    needed: programsOf(request, context),
    found: checks.flatMap(({ lacks }) => lacks ?? []),
    host: context.world.hostPrograms,
  });
  if (missing === undefined) return { checks, missing };
  // Where every check that lacks one could do without, so can the run.
  const sure = missing.lacks.some(({ program }) => {
    const own = checks.filter(({ lacks }) => lacks?.program === program);
    return own.length === 0 || own.some(({ verdict }) => verdict === 'failed');
  });
  const first = missingAsCheck(missing, sure ? 'failed' : 'could-not-verify');
  return { checks: [{ ...first, stepId: 'programs' }, ...checks], missing };
}

/**
 * Checks until nothing blocks or the operator stops. Steps that are done already are not checked again: a resumed run
 * must not be blocked by what it has itself done.
 */
export async function passPreflight(engine: Engine): Promise<Failure | undefined> {
  for (;;) {
    const state = engine.journal.state();
    const open = engine.steps.filter((step) => {
      const kind = state?.steps.get(stepId(step))?.kind;
      return kind !== 'finished' && kind !== 'skipped';
    });
    const seen: (() => Promise<void>)[] = [];
    const { checks: made } = await runPreflight({
      steps: open,
      handlers: engine.handlers,
      context: {
        ...engine.checkContext,
        record: async (fact, value) => void seen.push(() => engine.checkContext.record(fact, value)),
      },
    });
    const checks = [
      ...engine.origins.map((origin) => ({ ...origin, stepId: 'values' })),
      ...weighChecks(made, state?.start.proof).map(({ lacks: _lacks, ...check }) => check),
    ];
    await engine.journal.append({ kind: 'preflight-finished', checks });
    // All at once and after the checks: these answer side by side, in an order that says nothing.
    for (const write of seen) await write();
    const blockers = checks.filter((check) => check.verdict === 'failed');
    if (blockers.length === 0) return undefined;
    const failure = notVerified(blockers);
    const begun = [...(state?.steps.values() ?? [])].some(({ kind }) => kind !== 'pending');
    const asked = await engine.ask({
      kind: 'choose',
      id: 'preflight',
      title: `${blockers.length === 1 ? 'One thing is' : `${blockers.length} things are`} in the way.${begun ? '' : ' Nothing was touched.'}`,
      body: blockers.map((check) => `${check.text} → ${check.remedy ?? ''}`),
      choices: [
        { value: 'again', label: 'check again' },
        { value: 'stop', label: 'stop here' },
      ],
      preferred: 'again',
    });
    if (!asked.ok || asked.value.value !== 'again') return failure;
  }
}

/** Live runs begin only after a person said so, with the result of the checks before their eyes. */
export async function confirmBeginning(engine: Engine) {
  const doubts =
    engine.journal.state()?.preflight.filter((check) => check.verdict === 'could-not-verify') ?? [];
  // A diagnosis has no step that cannot be left out, and replaces nothing.
  const restores = engine.steps.some((step) => handlerOf(engine.handlers, step).essential !== undefined);
  const asked = await engine.ask({
    kind: 'confirm',
    id: 'begin',
    title: `Begin ${restores ? 'the live restore ' : ''}"${engine.title}"?`,
    body: [
      ...(restores
        ? ['Writers will be stopped. Before anything is replaced you will be asked to type its name.']
        : []),
      ...doubts.map((check) => `Could not be checked beforehand: ${check.text}`),
      ...engine.advice,
      ...engine.bring.map((thing) => `At hand: ${thing}`),
    ],
    verb: 'begin',
  });
  if (!asked.ok) return asked;
  if (asked.value.value === 'yes') return asked;
  return fail({
    code: 'cancelled',
    message: 'The run was not begun.',
    remedy: 'Go on with `thaw resume` when you are ready.',
    retry: 'safe',
  });
}
