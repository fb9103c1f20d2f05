import { formatDuration } from '../base/units.ts';
import { notVerified } from '../base/verdict.ts';
import type { JournalEntry } from '../journal/entry.ts';
import type { RunState } from '../journal/run-state.ts';
import { entriesOfKind } from './entries-of-kind.ts';
import { readDeviationNotes } from './read-notes.ts';
import type { DrillRecord, QuestionRecord } from './record-schema.ts';
import { type Recorded, recorded } from './recorded.ts';

type Deviation = DrillRecord['deviations'][number];

/** Whatever went otherwise than the runbook says: left out, done again, gone back, answered against its advice, stopped. */
export function renderDeviations(request: {
  readonly entries: readonly JournalEntry[];
  readonly state: RunState;
  readonly questions: readonly QuestionRecord[];
  readonly notes: DrillRecord['notes'];
}): Deviation[] {
  const { entries, state, questions, notes } = request;
  const approvedBy = approver(state);
  const change = recorded<string>(undefined, 'nobody said (note "runbook: …" says what should change)');
  const deviation = (stepId: string, ...[what, why]: [string, string]): Deviation => ({
    stepId,
    what,
    why,
    approvedBy,
    runbookChange: change,
  });
  const found: Deviation[] = [];
  for (const entry of entries) {
    if (entry.kind === 'step-skipped' && entry.because === 'operator')
      found.push(deviation(entry.stepId, 'left out', entry.reason));
    if (entry.kind === 'step-started' && entry.attempt > 1)
      found.push(deviation(entry.stepId, `attempt ${entry.attempt}`, whyAgain(entries, entry)));
    if (entry.kind === 'steps-reopened')
      found.push(deviation(entry.fromStepId, 'gone back to this step', 'the operator chose to'));
    if (entry.kind === 'clock-changed')
      found.push(deviation('run', `the clock of the host was set ${saySetting(entry)}`, whatCounts(entry)));
    if (entry.kind === 'run-stopped') found.push(deviation('run', 'stopped before its end', entry.reason));
    if (entry.kind === 'run-discarded') found.push(deviation('run', 'discarded', 'nobody goes on with it'));
    if (entry.kind === 'way-back-ended')
      found.push(deviation('run', 'the way back was ended', entry.checks.map(({ text }) => text).join('; ')));
    if (entry.kind === 'rolled-back')
      found.push(deviation('run', 'rolled back afterwards', 'the old database was put back'));
  }
  for (const question of questions) {
    const what = againstAdvice(question);
    if (what !== undefined)
      found.push(deviation(question.stepId ?? 'run', what, question.note ?? 'no reason given'));
  }
  for (const { stepId, what, approver: name } of readDeviationNotes(notes)) {
    const own = deviation(stepId, what, 'noted during the run');
    found.push(name === undefined ? own : { ...own, approvedBy: { value: name } });
  }
  return found;
}

type ClockChange = Extract<JournalEntry, { kind: 'clock-changed' }>;

function saySetting({ deviationMs, measured }: ClockChange): string {
  if (!measured) return 'back while the machine was started anew';
  const span = formatDuration(Math.round(Math.abs(deviationMs) / 1000) * 1000);
  return `and is ${span} ${deviationMs < 0 ? 'behind' : 'ahead of'} the times of this run`;
}

const whatCounts = ({ measured }: ClockChange) =>
  measured
    ? 'the times of this run count on as they began, by the time since the machine started'
    : 'the times of this run count on from the last one; how long it took in between nobody can tell';

function approver(state: RunState): Recorded<string> {
  const name = state.start.people?.commander ?? state.start.people?.planApprover;
  return recorded(
    name === undefined ? undefined : `${name}, who commanded; no separate approval was asked`,
    'nobody was named as commander (--commander)',
  );
}

function whyAgain(
  entries: readonly JournalEntry[],
  started: Extract<JournalEntry, { kind: 'step-started' }>,
): string {
  const failed = entriesOfKind(entries, 'step-failed').find(
    ({ stepId, attempt }) => stepId === started.stepId && attempt === started.attempt - 1,
  );
  const seen = entriesOfKind(entries, 'looked-again').find(
    ({ stepId, attempt, checks }) =>
      stepId === started.stepId &&
      attempt === started.attempt - 1 &&
      checks.some(({ verdict }) => verdict === 'failed'),
  );
  return (
    failed?.failure.message ??
    (seen && notVerified(seen.checks).message) ??
    'the attempt before was interrupted, or the step was reopened'
  );
}

/** Answers that put aside what the runbook or a check expected. */
function againstAdvice({ id, answer }: QuestionRecord): string | undefined {
  if (answer === 'disconnect') return 'clients were disconnected by force';
  if (answer === 'accept') return `accepted what a check refused (${id})`;
  if (answer === 'differently') return 'to be done otherwise than written';
  return undefined;
}
