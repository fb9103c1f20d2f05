import type { Failure, Outcome } from '../base/failure.ts';
import { type Check, failed, notVerified, worstVerdict } from '../base/verdict.ts';
import { weighChecks } from '../journal/run-proof.ts';
import type { KnownFact } from '../kinds/fact.ts';
import { stepsGiving } from '../kinds/handlers.ts';
import { type AnyStepContext, type StepEnd, stepId } from '../kinds/kind.ts';
import { decideAfterFailure, type StepInHand, settleInterrupted } from './ask-what-now.ts';
import { discussStep } from './discuss-step.ts';
import type { Engine } from './engine.ts';
import type { StepResult } from './step-result.ts';

/** One step until it is finished, left out with a reason, sent back to an earlier step, or stopped. */
export async function performStep(inHand: StepInHand): Promise<StepResult> {
  const { engine, step, handler } = inHand;
  if (engine.discussion !== undefined) return discussStep(inHand);
  const interrupted = await settleInterrupted(inHand);
  if (interrupted.kind !== 'go-on') return interrupted;
  for (;;) {
    const failure = await attemptStep(inHand);
    // Open again, behind the step that brings what it lacks.
    if (failure === undefined || failure === 'lacks') return { kind: 'closed' };
    const decision = await decideAfterFailure(inHand, failure);
    switch (decision.kind) {
      case 'retry':
        continue;
      case 'skip': {
        const leaveOut = handler.leaveOut?.(step, engine.context(step, inHand.signal));
        if (leaveOut !== undefined) {
          await leaveOut.accept(decision.reason);
          continue;
        }
        await engine.journal.append({
          kind: 'step-skipped',
          stepId: stepId(step),
          reason: decision.reason,
          because: 'operator',
        });
        return { kind: 'closed' };
      }
      case 'back':
        return { kind: 'reopened', fromStepId: decision.toStepId };
      case 'stop':
        return { kind: 'stopped', decision };
    }
  }
}

/** Write before you act: the start is durable before the first side effect, the end only after the look. */
async function attemptStep(inHand: StepInHand): Promise<Failure | 'lacks' | undefined> {
  const { engine, step, handler } = inHand;
  const { journal } = engine;
  const id = stepId(step);
  const attempt = (journal.state()?.steps.get(id)?.attempt ?? 0) + 1;
  const preview = await handler.preview(step, engine.previewContext);
  await journal.append({
    kind: 'step-started',
    stepId: id,
    attempt,
    sentences: [...preview.sentences],
    commands: [...preview.commands],
  });
  const result = await runAndVerify(inHand);
  switch (result.kind) {
    case 'not-executed':
      await journal.append({ kind: 'step-skipped', stepId: id, reason: result.reason, because: 'mode' });
      return undefined;
    case 'failed':
    case 'lacks': {
      const { failure, checks } = result;
      await journal.append({ kind: 'step-failed', stepId: id, attempt, failure, checks: [...checks] });
      if (result.kind === 'failed' || !mayBringAgain(engine, id)) return failure;
      return (await openGivers(engine, result)) ? 'lacks' : failure;
    }
    case 'verified': {
      const verdict = worstVerdict(result.checks.map((check) => check.verdict));
      await journal.append({
        kind: 'step-finished',
        stepId: id,
        attempt,
        verdict,
        checks: [...result.checks],
      });
      return undefined;
    }
  }
}

const mostBroughtAgain = 3;
const broughtAgain = new WeakMap<Engine, Map<string, number>>();

/** Something that is gone each time it was brought would be brought for ever: after a few times somebody is asked, and then it counts anew. */
function mayBringAgain(engine: Engine, id: string): boolean {
  const counts = broughtAgain.get(engine) ?? new Map<string, number>();
  broughtAgain.set(engine, counts);
  const count = (counts.get(id) ?? 0) + 1;
  counts.set(id, count > mostBroughtAgain ? 0 : count);
  return count <= mostBroughtAgain;
}

/** @returns whether there is a step that had brought it: that one is open now. */
async function openGivers(engine: Engine, lack: { readonly fact: KnownFact; readonly failure: Failure }) {
  const givers = stepsGiving(lack.fact, engine).flatMap((step) => {
    const state = engine.journal.state()?.steps.get(stepId(step));
    return state?.kind === 'finished' ? [{ step, attempt: state.attempt }] : [];
  });
  for (const { step, attempt } of givers) {
    const checks = [failed(lack.failure.message, 'Nothing: it is done again.')];
    await engine.journal.append({ kind: 'looked-again', stepId: stepId(step), attempt, checks });
  }
  return givers.length > 0;
}

type Attempt =
  | {
      readonly kind: 'lacks';
      readonly fact: KnownFact;
      readonly failure: Failure;
      readonly checks: readonly Check[];
    }
  | { readonly kind: 'not-executed'; readonly reason: string }
  | { readonly kind: 'failed'; readonly failure: Failure; readonly checks: readonly Check[] }
  | { readonly kind: 'verified'; readonly checks: readonly Check[] };

async function runAndVerify(inHand: StepInHand): Promise<Attempt> {
  const { engine, step, handler, signal } = inHand;
  const context = engine.context(step, signal);
  const ran = await runInTurn(inHand, context);
  if (!ran.ok) return { kind: 'failed', failure: ran.failure, checks: [] };
  if (ran.value.kind === 'not-executed') return ran.value;
  if (ran.value.kind === 'waits')
    return { kind: 'failed', failure: waitedInVain(ran.value.reason), checks: [] };
  if (ran.value.kind === 'lacks') {
    const { fact, reason } = ran.value;
    return { kind: 'lacks', fact, failure: gone(reason), checks: [] };
  }
  const verified = await handler.verify(step, context);
  if (!verified.ok) return { kind: 'failed', failure: verified.failure, checks: [] };
  const checks = weighChecks(verified.value, engine.journal.state()?.start.proof);
  if (checks.some((check) => check.verdict === 'failed'))
    return { kind: 'failed', failure: notVerified(checks), checks };
  return { kind: 'verified', checks };
}

/** What has to wait for the step beside it is done when that one has ended. */
async function runInTurn(
  { step, handler, signal, besideEnded }: StepInHand,
  context: AnyStepContext,
): Promise<Outcome<StepEnd>> {
  const ran = await handler.run(step, context);
  if (!ran.ok || ran.value.kind !== 'waits') return ran;
  context.output(ran.value.reason);
  await besideEnded;
  return signal.aborted ? ran : handler.run(step, context);
}

/** The step beside it did not bring what was waited for; why not, that one tells. */
function waitedInVain(reason: string): Failure {
  return {
    code: 'cancelled',
    message: `It waited in vain: ${reason}.`,
    remedy: 'Go on with `thaw resume`; what was done stays.',
    retry: 'safe',
  };
}

/** Where no step of the walk can bring it again. */
function gone(reason: string): Failure {
  return {
    code: 'not-found',
    message: reason,
    remedy: 'Look why it went away, then retry.',
    retry: 'safe',
  };
}
