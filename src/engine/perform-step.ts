import type { Failure, Outcome } from '../base/failure.ts';
import { type Check, notVerified, worstVerdict } from '../base/verdict.ts';
import { type AnyStepContext, type StepEnd, stepId } from '../kinds/kind.ts';
import { decideAfterFailure, type StepInHand, settleInterrupted } from './ask-what-now.ts';
import { discussStep } from './discuss-step.ts';
import type { StepResult } from './step-result.ts';

/** One step until it is finished, left out with a reason, sent back to an earlier step, or stopped. */
export async function performStep(inHand: StepInHand): Promise<StepResult> {
  const { engine, step, handler } = inHand;
  if (engine.discussion !== undefined) return discussStep(inHand);
  const interrupted = await settleInterrupted(inHand);
  if (interrupted.kind !== 'go-on') return interrupted;
  for (;;) {
    const failed = await attemptStep(inHand);
    if (failed === undefined) return { kind: 'closed' };
    const decision = await decideAfterFailure(inHand, failed);
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
async function attemptStep(inHand: StepInHand): Promise<Failure | undefined> {
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
      await journal.append({
        kind: 'step-failed',
        stepId: id,
        attempt,
        failure: result.failure,
        checks: [...result.checks],
      });
      return result.failure;
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

type Attempt =
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
  const verified = await handler.verify(step, context);
  if (!verified.ok) return { kind: 'failed', failure: verified.failure, checks: [] };
  const checks = verified.value;
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
