import type { Failure } from '../base/failure.ts';
import type { Verdict } from '../base/verdict.ts';
import { unprovenOf } from '../journal/run-proof.ts';
import type { RunState } from '../journal/run-state.ts';

/** How a call of `driveRun` ended. Only `finished` ends the run itself; all others can be resumed. */
export type RunEnd =
  | {
      readonly kind: 'finished';
      readonly verdict: Verdict;
      /** The facts are there, and the record of them could not be written. */
      readonly unrecorded?: Failure;
    }
  | { readonly kind: 'blocked'; readonly failure: Failure }
  | { readonly kind: 'stopped'; readonly because: StopReason; readonly failure: Failure };

export type StopReason = 'operator' | 'failure' | 'answer-missing';

/**
 * The verdict of a whole run: the worst of its steps. What the mode never executes is listed, not judged. What a person
 * left out counts as failed: it was promised and is not there. What the runbook asks to be proven has to be.
 */
export function judgeRun(state: RunState): Verdict {
  // Talked through from the first step to the last, and nothing of it was to be verified.
  if (state.start.mode === 'tabletop') return 'skipped';
  const verdicts: Verdict[] = [];
  for (const step of state.steps.values()) {
    if (step.kind === 'finished') verdicts.push(step.verdict);
    else if (step.kind === 'skipped') verdicts.push(step.because === 'mode' ? 'skipped' : 'failed');
    else verdicts.push(step.kind === 'failed' ? 'failed' : 'could-not-verify');
  }
  // Having tidied up proves nothing about the restore; not having tidied up spoils it.
  // As little does a kit; one that is not whole is no way back.
  for (const { verdict } of state.kit)
    if (verdict === 'failed' || verdict === 'could-not-verify') verdicts.push(verdict);
  for (const check of state.cleanUp) if (check.verdict !== 'passed') verdicts.push(check.verdict);
  verdicts.push(...unprovenOf(state).map(({ verdict }) => verdict));
  if (verdicts.includes('failed')) return 'failed';
  if (verdicts.includes('could-not-verify')) return 'could-not-verify';
  return verdicts.includes('passed') ? 'passed' : 'could-not-verify';
}
