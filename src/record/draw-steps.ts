import type { JournalEntry } from '../journal/entry.ts';
import type { RunState, StepState } from '../journal/run-state.ts';
import type { AttemptRecord, StepRecord } from './drill-record.ts';

/** The timeline: every step with every attempt, also those that a crash cut short. */
export function drawSteps(entries: readonly JournalEntry[], state: RunState): readonly StepRecord[] {
  return state.start.steps.map((step, index) => {
    const own = entries.filter((entry) => 'stepId' in entry && entry.stepId === step.id);
    const attempts = drawAttempts(own);
    return { number: index + 1, ...step, attempts, ...outcomeOf(state.steps.get(step.id)) };
  });
}

function outcomeOf(end: StepState | undefined): Pick<StepRecord, 'outcome' | 'reason'> {
  switch (end?.kind) {
    case 'finished':
      return { outcome: end.verdict };
    case 'failed':
      return { outcome: 'failed', reason: end.failure.message };
    case 'skipped':
      return {
        outcome: 'skipped',
        reason: `${end.because === 'mode' ? '' : 'left out by the operator: '}${end.reason}`,
      };
    case 'started':
      return { outcome: 'interrupted', reason: 'started and never finished' };
    case 'pending':
    case undefined:
      return { outcome: 'pending' };
  }
}

function drawAttempts(entries: readonly JournalEntry[]): readonly AttemptRecord[] {
  const attempts: AttemptRecord[] = [];
  const change = (edit: (last: AttemptRecord) => AttemptRecord) => {
    const last = attempts.pop();
    if (last !== undefined) attempts.push(edit(last));
  };
  for (const entry of entries) {
    switch (entry.kind) {
      case 'step-started':
        attempts.push({ attempt: entry.attempt, startedAt: entry.at, commands: [], checks: [] });
        break;
      case 'command-run':
        change((last) => ({ ...last, commands: [...last.commands, entry.command] }));
        break;
      case 'step-finished':
        change((last) => ({ ...last, ...ending(last, entry.at), checks: entry.checks }));
        break;
      case 'step-failed': {
        const { code, message, remedy } = entry.failure;
        change((last) => ({
          ...last,
          ...ending(last, entry.at),
          checks: entry.checks,
          failure: { code, message, remedy },
        }));
        break;
      }
      case 'step-skipped':
        // A step this mode does not run says so and ends there; one that a person left out had ended, or never did.
        if (entry.because === 'mode') change((last) => ({ ...last, ...ending(last, entry.at) }));
        break;
      default:
        break;
    }
  }
  return attempts;
}

function ending(attempt: AttemptRecord, at: string) {
  return { endedAt: at, durationMs: Date.parse(at) - Date.parse(attempt.startedAt) };
}
