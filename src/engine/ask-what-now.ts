import type { Failure } from '../base/failure.ts';
import type { Choice } from '../ports/operator.ts';
import type { Step } from '../runbook/step-schema.ts';
import type { Engine } from './engine.ts';
import type { StopReason } from './run-end.ts';
import { type StepHandler, stepId } from './step-handler.ts';

/** What a person decided after a failure. */
export type Decision =
  | { readonly kind: 'retry' }
  | { readonly kind: 'skip'; readonly reason: string }
  | { readonly kind: 'back'; readonly toStepId: string }
  | { readonly kind: 'stop'; readonly because: StopReason; readonly failure: Failure };

export async function decideAfterFailure(request: {
  readonly engine: Engine;
  readonly step: Step;
  readonly handler: StepHandler;
  readonly failure: Failure;
  readonly stopping: boolean;
}): Promise<Decision> {
  const { engine, step, handler, failure } = request;
  if (request.stopping) return { kind: 'stop', because: 'operator', failure };
  const asked = await engine.ask({
    kind: 'failure',
    id: `${stepId(step)}.failure`,
    stepId: stepId(step),
    title: `${step.title ?? handler.title} failed.`,
    body: [failure.message],
    remedy: failure.remedy,
    lastLines: failure.detail?.split('\n').slice(-8) ?? [],
    choices: choicesAfterFailure(engine, step, handler),
  });
  if (!asked.ok) {
    // Nobody can be asked: the failure itself is what is reported, and the run stays resumable.
    const because = asked.failure.code === 'cancelled' ? 'operator' : 'failure';
    return { kind: 'stop', because, failure };
  }
  const { value, note } = asked.value;
  if (value === 'retry') return { kind: 'retry' };
  if (value === 'skip') return { kind: 'skip', reason: note ?? 'no reason given' };
  if (value.startsWith('back:')) return { kind: 'back', toStepId: value.slice('back:'.length) };
  return { kind: 'stop', because: 'operator', failure };
}

function choicesAfterFailure(engine: Engine, step: Step, handler: StepHandler): readonly Choice[] {
  const position = engine.steps.indexOf(step);
  const chooser = engine.steps.slice(0, position).find((earlier) => earlier.kind === 'choose-snapshot');
  const swapped = engine.journal.state()?.facts.has('swapped') ?? false;
  return [
    { value: 'retry', label: 'retry' },
    ...(chooser === undefined
      ? []
      : [
          {
            value: `back:${stepId(chooser)}`,
            label: 'choose another snapshot',
            ...(swapped
              ? { disabledBecause: 'the database is already in place; use `thaw rollback` first' }
              : {}),
          },
        ]),
    {
      value: 'skip',
      label: 'go on without it',
      needsReason: true,
      ...(handler.essential === undefined ? {} : { disabledBecause: handler.essential }),
    },
    { value: 'stop', label: 'stop here' },
  ];
}

/** A step that was started and never finished. Only a kind that says `ask` needs a person. */
export async function settleDoubt(
  engine: Engine,
  step: Step,
  handler: StepHandler,
): Promise<
  | { readonly kind: 'go-on' }
  | { readonly kind: 'closed' }
  | { readonly kind: 'stopped'; readonly decision: Extract<Decision, { kind: 'stop' }> }
> {
  const state = engine.journal.state()?.steps.get(stepId(step));
  if (state?.kind !== 'started' || handler.afterCrash !== 'ask') return { kind: 'go-on' };
  const asked = await engine.ask({
    kind: 'choose',
    id: `${stepId(step)}.doubt`,
    stepId: stepId(step),
    title: `"${step.title ?? handler.title}" was started and never finished. What is true?`,
    body: ['Nobody knows how far it came. Look before you decide: running it twice may do harm.'],
    choices: [
      { value: 'run-again', label: 'it did nothing, or may run again' },
      { value: 'skip', label: 'it is done; go on', needsReason: true },
      { value: 'stop', label: 'stop here' },
    ],
  });
  const failure: Failure = {
    code: 'answer-missing',
    message: `"${step.title ?? handler.title}" was started and never finished, and nobody said how far it came.`,
    remedy: `Look, then answer with --answer ${stepId(step)}.doubt=run-again, or =skip.`,
    retry: 'after-fix',
  };
  if (!asked.ok) return { kind: 'stopped', decision: { kind: 'stop', because: 'answer-missing', failure } };
  if (asked.value.value === 'run-again') return { kind: 'go-on' };
  if (asked.value.value === 'skip') {
    const reason = asked.value.note ?? 'done before the interruption';
    await engine.journal.append({ kind: 'step-skipped', stepId: stepId(step), reason, because: 'operator' });
    return { kind: 'closed' };
  }
  return { kind: 'stopped', decision: { kind: 'stop', because: 'operator', failure } };
}
