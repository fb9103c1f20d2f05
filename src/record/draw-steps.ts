import type { JournalEntry } from '../journal/entry.ts';
import type { RunState } from '../journal/run-state.ts';
import type { AttemptRecord, StepRecord } from './drill-record.ts';

/** The timeline: every step with every attempt, also those that a crash cut short. */
export function drawSteps(entries: readonly JournalEntry[], state: RunState): readonly StepRecord[] {
  return state.start.steps.map((step, index) => {
    const own = entries.filter((entry) => 'stepId' in entry && entry.stepId === step.id);
    const end = state.steps.get(step.id);
    const base = {
      number: index + 1,
      id: step.id,
      kind: step.kind,
      title: step.title,
      attempts: drawAttempts(own),
    };
    switch (end?.kind) {
      case 'finished':
        return { ...base, outcome: end.verdict };
      case 'failed':
        return { ...base, outcome: 'failed', reason: end.failure.message };
      case 'skipped':
        return {
          ...base,
          outcome: 'skipped',
          reason: end.because === 'mode' ? end.reason : `left out by the operator: ${end.reason}`,
        };
      case 'started':
        return { ...base, outcome: 'interrupted', reason: 'started and never finished' };
      case 'pending':
      case undefined:
        return { ...base, outcome: 'pending' };
    }
  });
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
      default:
        break;
    }
  }
  return attempts;
}

function ending(attempt: AttemptRecord, at: string) {
  return { endedAt: at, durationMs: Date.parse(at) - Date.parse(attempt.startedAt) };
}
