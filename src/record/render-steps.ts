import { notVerified } from '../base/verdict.ts';
import type { JournalEntry } from '../journal/entry.ts';
import type { Expectation } from '../journal/exercise.ts';
import { isFarBeyond } from '../journal/far-beyond.ts';
import type { RunState, StepState } from '../journal/run-state.ts';
import type { AttemptRecord, DrillRecord, QuestionRecord, StepRecord } from './record-schema.ts';
import { recorded } from './recorded.ts';
import { waitedWithin } from './render-questions.ts';

/** The timeline: every step with every attempt, also those that a crash cut short. */
export function renderSteps(request: {
  readonly entries: readonly JournalEntry[];
  readonly state: RunState;
  readonly questions: readonly QuestionRecord[];
  readonly outputs: DrillRecord['outputs'];
}): StepRecord[] {
  const { entries, state, questions, outputs } = request;
  return state.start.steps.map(({ id, kind, title, fills = [], ...plan }, index) => {
    const own = entries.filter((entry) => 'stepId' in entry && entry.stepId === id);
    const asked = questions.filter((question) => question.stepId === id);
    const attempts = renderAttempts(own, asked);
    const output = outputs.find(({ name }) => name === `${id}.log`);
    const expectation = state.start.history?.steps[id];
    return {
      number: index + 1,
      id,
      kind,
      title,
      ...plan,
      by: actedBy({ attempts, asked, isAttested: fills.includes('attestation'), mode: state.start.mode }),
      operator: recorded(
        asked.length === 0 ? state.start.people?.operator : operatorOf(state),
        'nobody was named as operator (--operator) and nothing was asked',
      ),
      ...outcomeOf(state.steps.get(id), state.start.mode),
      attempts,
      output: recorded(
        output === undefined ? undefined : { path: `output/${output.name}`, sha256: output.sha256 },
        'the step printed nothing',
      ),
      usually: recorded(expectation, 'there is no earlier finished run of this runbook in this mode'),
      pace: paceOf(attempts.at(-1), expectation),
    };
  });
}

function operatorOf(state: RunState): string {
  return state.start.people?.operator ?? `system user ${state.start.host.user}`;
}

function actedBy(step: {
  readonly attempts: readonly AttemptRecord[];
  readonly asked: readonly QuestionRecord[];
  readonly isAttested: boolean;
  readonly mode: string;
}): StepRecord['by'] {
  if (step.attempts.length === 0) return 'nobody';
  if (step.mode === 'tabletop') return 'discussed';
  if (step.isAttested) return 'attested';
  return step.asked.length > 0 ? 'mixed' : 'automatic';
}

function outcomeOf(end: StepState | undefined, mode: string): Pick<StepRecord, 'outcome' | 'reason'> {
  switch (end?.kind) {
    case 'finished':
      return { outcome: end.verdict };
    case 'failed':
      return { outcome: 'failed', reason: end.failure.message };
    case 'skipped':
      if (mode === 'tabletop') return { outcome: 'discussed', reason: end.reason };
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

function renderAttempts(
  entries: readonly JournalEntry[],
  asked: readonly QuestionRecord[],
): readonly AttemptRecord[] & AttemptRecord[] {
  const attempts: AttemptRecord[] = [];
  const change = (edit: (last: AttemptRecord) => AttemptRecord) => {
    const last = attempts.pop();
    if (last !== undefined) attempts.push(edit(last));
  };
  for (const entry of entries) {
    switch (entry.kind) {
      case 'step-started':
        attempts.push(begin(entry));
        break;
      case 'command-run':
        change((last) => ({ ...last, commands: [...last.commands, entry.command] }));
        break;
      case 'program-ended':
        change((last) => ({ ...last, programs: [...last.programs, renderProgram(entry)] }));
        break;
      case 'step-finished':
        change((last) => ({ ...last, ...ending({ last, at: entry.at, asked }), checks: entry.checks }));
        break;
      case 'looked-again': {
        const { checks } = entry;
        const failed = checks.some(({ verdict }) => verdict === 'failed');
        const { code, message, remedy } = notVerified(checks);
        change((last) => ({
          ...last,
          checks: [...last.checks, ...checks],
          ...(failed ? { failure: { code, message, remedy } } : {}),
        }));
        break;
      }
      case 'step-skipped':
        change((last) =>
          last.endedAt === undefined ? { ...last, ...ending({ last, at: entry.at, asked }) } : last,
        );
        break;
      case 'step-failed': {
        const { code, message, remedy } = entry.failure;
        const failure = { code, message, remedy };
        change((last) => ({
          ...last,
          ...ending({ last, at: entry.at, asked }),
          checks: entry.checks,
          failure,
        }));
        break;
      }
      default:
        break;
    }
  }
  return attempts;
}

function begin(entry: Extract<JournalEntry, { kind: 'step-started' }>): AttemptRecord {
  const { attempt, at: startedAt, sentences: expected, commands: wouldRun } = entry;
  return {
    attempt,
    startedAt,
    waitedForOperatorMs: 0,
    expected,
    wouldRun,
    commands: [],
    programs: [],
    checks: [],
  };
}

function renderProgram(
  entry: Extract<JournalEntry, { kind: 'program-ended' }>,
): AttemptRecord['programs'][number] {
  const { command, exitCode, because, durationMs } = entry;
  return {
    command,
    exitCode: recorded(exitCode, `it came to no exit status: ${because ?? 'unknown'}`),
    durationMs,
  };
}

function ending(request: {
  readonly last: AttemptRecord;
  readonly at: string;
  readonly asked: readonly QuestionRecord[];
}) {
  const span = { fromMs: Date.parse(request.last.startedAt), toMs: Date.parse(request.at) };
  return {
    endedAt: request.at,
    durationMs: span.toMs - span.fromMs,
    waitedForOperatorMs: waitedWithin(request.asked, span),
  };
}

function paceOf(last: AttemptRecord | undefined, expectation: Expectation | undefined): StepRecord['pace'] {
  if (last?.durationMs === undefined) return { notRecorded: 'not measured' };
  if (expectation === undefined) return { notRecorded: 'nothing to compare with' };
  const workedMs = last.durationMs - last.waitedForOperatorMs;
  return { value: { workedMs, isFarBeyond: isFarBeyond(workedMs, expectation) } };
}
