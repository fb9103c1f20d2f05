import type { Failure } from '../base/failure.ts';
import type { Verdict } from '../base/verdict.ts';
import type { RunEnd } from '../engine/run-end.ts';

/** Stable: scripts and cron lines depend on these. */
export const exitStatus = {
  verified: 0,
  failed: 1,
  usage: 2,
  blocked: 3,
  answerMissing: 4,
  stopped: 5,
  damaged: 6,
  unproven: 7,
  left: 8,
  bug: 70,
  interrupted: 130,
} as const;

export type StatusName = keyof typeof exitStatus;

/** What each means, whichever command ends with it. */
export const statusWords: Readonly<Record<StatusName, string>> = {
  verified: 'done, and all that was asked for is proven',
  failed: 'something failed',
  usage: 'wrong usage or an invalid runbook; nothing was done',
  blocked: 'something stands in the way; nothing was touched',
  answerMissing: 'an answer or a value is missing, and nobody is there to give it',
  stopped: 'stopped before its end; `thaw resume` goes on',
  damaged: 'a record or a journal is damaged or was changed',
  unproven: 'nothing failed, but something that was asked for could not be verified',
  left: 'the terminal was left; the run goes on by itself',
  bug: 'a bug of ours',
  interrupted: 'interrupted by Ctrl+C',
};

/** What a walk comes to, in any mode. */
export const walkStatuses = {
  failed: 'something failed',
  blocked: 'there are blockers, or another run holds the target; nothing was touched',
  answerMissing: 'a value or an answer is missing and nobody is there to give it; `thaw resume` goes on',
  stopped: 'stopped by the operator, or its process was ended; `thaw resume` goes on',
  damaged: 'the journal or the record cannot be vouched for',
  unproven:
    'walked to its end, nothing failed, but something that `proof:` or a step asks for could not be verified',
  left: 'the terminal was left; the run goes on, and `thaw resume` comes back to it',
  interrupted: 'stopped by Ctrl+C; `thaw resume` goes on',
} as const;

export function statusOfEnd(end: RunEnd): number {
  switch (end.kind) {
    case 'finished':
      if (end.unrecorded !== undefined && end.verdict !== 'failed')
        return end.unrecorded.code === 'journal-damaged' ? exitStatus.damaged : exitStatus.failed;
      // A tabletop promises to verify nothing; that it was talked through to its end is all it can do.
      return statusOfVerdict(end.verdict);
    case 'blocked':
      return exitStatus.blocked;
    case 'stopped':
      if (end.because === 'operator') return exitStatus.stopped;
      return end.because === 'answer-missing' ? exitStatus.answerMissing : statusOfFailure(end.failure);
  }
}

/** Of whatever looks: a pass never hides what could not be verified. What nobody asked for, or skipped on purpose, spoils nothing. */
export function statusOfVerdict(verdict: Verdict): number {
  if (verdict === 'failed') return exitStatus.failed;
  return verdict === 'could-not-verify' ? exitStatus.unproven : exitStatus.verified;
}

/** A command that ended before it began: somebody else holds the run or its target, or the usage is wrong. */
export function statusBeforeRun(failure: Failure): number {
  return failure.code === 'conflict' ? exitStatus.blocked : statusOfFailure(failure);
}

function statusOfFailure(failure: Failure): number {
  switch (failure.code) {
    case 'runbook-invalid':
    case 'invalid-input':
      return exitStatus.usage;
    case 'answer-missing':
      return exitStatus.answerMissing;
    case 'journal-damaged':
      return exitStatus.damaged;
    case 'cancelled':
      return exitStatus.stopped;
    default:
      return exitStatus.failed;
  }
}
