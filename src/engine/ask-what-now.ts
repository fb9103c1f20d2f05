import type { Failure, Outcome } from '../base/failure.ts';
import { factOf, holds } from '../kinds/fact.ts';
import { handlerOf } from '../kinds/handlers.ts';
import { type Step, type StepHandler, stepId } from '../kinds/kind.ts';
import type { Answer, Choice, Question } from '../ports/operator.ts';
import type { Engine } from './engine.ts';
import type { StopReason } from './run-end.ts';

/** What a person decided after a failure. */
type Decision =
  | { readonly kind: 'retry' }
  | { readonly kind: 'skip'; readonly reason: string }
  | { readonly kind: 'back'; readonly toStepId: string }
  | Stop;

export type Stop = { readonly kind: 'stop'; readonly because: StopReason; readonly failure: Failure };

/** One step of a run, with everything a move of it needs. */
export type StepInHand = {
  readonly engine: Engine;
  readonly step: Step;
  readonly handler: StepHandler;
  /** Aborted when the operator stops, or when a step beside this one ended the group. */
  readonly signal: AbortSignal;
  /** Resolves when the step that this one runs beside has ended; at once where it runs beside none. */
  readonly besideEnded: Promise<void>;
};

export async function decideAfterFailure(inHand: StepInHand, failure: Failure): Promise<Decision> {
  const { engine, step, handler, signal, besideEnded } = inHand;
  // Whoever answers "stop" to the smaller step would end the larger one, half done, with it.
  await besideEnded;
  const stop: Stop = { kind: 'stop', because: 'operator', failure };
  if (signal.aborted) return stop;
  const choices = choicesAfterFailure(inHand);
  const asked = await engine.ask(
    {
      kind: 'failure',
      id: `${stepId(step)}.failure`,
      stepId: stepId(step),
      title: `${step.title ?? handler.title} failed.`,
      body: [failure.message],
      remedy: failure.remedy,
      lastLines: failure.detail?.split('\n').slice(-8) ?? [],
      choices,
    },
    signal,
  );
  // Nobody can be asked: the failure itself is what is reported, and the run stays resumable.
  if (!asked.ok) return asked.failure.code === 'cancelled' ? stop : { ...stop, because: 'failure' };
  const { value, note } = asked.value;
  // A choice that was shown as closed, or never shown, stops: nothing else is safe to assume.
  if (!choices.some((choice) => choice.value === value && choice.disabledBecause === undefined)) return stop;
  if (value === 'retry') return { kind: 'retry' };
  if (value === 'skip') return { kind: 'skip', reason: note ?? 'no reason given' };
  if (value.startsWith('back:')) return { kind: 'back', toStepId: value.slice('back:'.length) };
  return stop;
}

function choicesAfterFailure({ engine, step, handler, signal }: StepInHand): readonly Choice[] {
  const leaveOut = handler.leaveOut?.(step, engine.context(step, signal));
  const position = engine.steps.indexOf(step);
  const goBackTo = (earlier: Step) => handlerOf(engine.handlers, earlier).goBackTo;
  const chooser = engine.steps.slice(0, position).find((earlier) => goBackTo(earlier) !== undefined);
  const closed = whyNotBack(engine);
  return [
    { value: 'retry', label: 'retry' },
    ...(chooser === undefined
      ? []
      : [
          {
            value: `back:${stepId(chooser)}`,
            label: goBackTo(chooser) ?? '',
            ...(closed === undefined ? {} : { disabledBecause: closed }),
          },
        ]),
    {
      value: 'skip',
      label: leaveOut?.label ?? 'go on without it',
      needsReason: true,
      ...(handler.essential === undefined || leaveOut !== undefined
        ? {}
        : { disabledBecause: handler.essential }),
    },
    { value: 'stop', label: 'stop here' },
  ];
}

/** Once something is half done or in place, going back would do it over. What closes the way, the kinds of the walk say. */
function whyNotBack(engine: Engine): string | undefined {
  const facts = engine.journal.state()?.facts ?? new Map<string, unknown>();
  const closing = engine.steps.flatMap((step) => {
    const { closesWayBack = [] } = handlerOf(engine.handlers, step);
    return closesWayBack.map((one) => ({ ...one, fact: factOf(one.while, stepId(step)) }));
  });
  return closing.find(({ fact }) => holds(fact, facts))?.because;
}

type Interrupted =
  | { readonly kind: 'go-on' }
  | { readonly kind: 'closed' }
  | { readonly kind: 'stopped'; readonly decision: Stop };

/**
 * A step that was begun in an earlier process: it never finished, or it failed and the run was stopped there. Only a kind
 * that says `ask` needs a person; every other kind knows how to begin again.
 */
export async function settleInterrupted(inHand: StepInHand): Promise<Interrupted> {
  const { engine, step, handler, signal } = inHand;
  const state = engine.journal.state()?.steps.get(stepId(step));
  if (handler.afterCrash !== 'ask' || (state?.kind !== 'started' && state?.kind !== 'failed')) {
    return { kind: 'go-on' };
  }
  const how = state.kind === 'started' ? 'was started and never finished' : 'failed, and the run was stopped';
  const title = `"${step.title ?? handler.title}" ${how}.`;
  const asked = await engine.ask(interruptedQuestion(stepId(step), title), signal);
  if (!asked.ok || asked.value.value === 'stop')
    return stopInterrupted({ stepId: stepId(step), title, asked });
  if (asked.value.value === 'run-again') return { kind: 'go-on' };
  const text = `a person says it was done before the interruption: ${asked.value.note ?? 'no reason given'}`;
  await engine.journal.append({
    kind: 'step-finished',
    stepId: stepId(step),
    attempt: state.attempt,
    verdict: 'could-not-verify',
    checks: [{ verdict: 'could-not-verify', text, remedy: 'Look at what it should have done.' }],
  });
  return { kind: 'closed' };
}

function interruptedQuestion(id: string, title: string): Question {
  return {
    kind: 'choose',
    id: `${id}.interrupted`,
    stepId: id,
    title: `${title} What is true?`,
    body: ['Nobody knows how far it came. Look before you decide: running it twice may do harm.'],
    choices: [
      { value: 'run-again', label: 'it did nothing, or may run again' },
      { value: 'skip', label: 'it is done; go on', needsReason: true },
      { value: 'stop', label: 'stop here' },
    ],
  };
}

function stopInterrupted(found: {
  readonly stepId: string;
  readonly title: string;
  readonly asked: Outcome<Answer>;
}): Interrupted {
  const { stepId: id, title, asked } = found;
  const byOperator = asked.ok || asked.failure.code === 'cancelled';
  const failure: Failure = {
    code: byOperator ? 'cancelled' : 'answer-missing',
    message: `${title} Nobody said how far it came.`,
    remedy: `Look, then answer with --answer ${id}.interrupted=run-again, or --answer ${id}.interrupted=skip:REASON.`,
    retry: 'after-fix',
  };
  return {
    kind: 'stopped',
    decision: { kind: 'stop', because: byOperator ? 'operator' : 'answer-missing', failure },
  };
}
