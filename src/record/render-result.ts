import { provenOf, unprovenOf } from '../journal/run-proof.ts';
import type { RunState } from '../journal/run-state.ts';
import type { DrillRecord, StepRecord } from './record-schema.ts';
import { judgedAs } from './result-words.ts';
import { sayDuration } from './say-duration.ts';

type Result = DrillRecord['result'];
type Criterion = DrillRecord['criteria'][number];

export function renderResult(state: RunState, steps: readonly StepRecord[]): Result {
  const verdict = state.ended?.verdict ?? 'could-not-verify';
  // Nobody goes on with a run that was rolled back, however it had ended before.
  const stopped = state.stopped !== undefined || state.rolledBack;
  const restoreStatus = restored(state, steps);
  const validationStatus = validated(state, steps);
  return {
    state: state.ended !== undefined ? 'finished' : stopped ? 'stopped' : 'open',
    verdict,
    rolledBack: state.rolledBack,
    ...proofFields(state, steps),
    ...(state.stopped === undefined ? {} : { reason: state.stopped }),
    restoreStatus,
    validationStatus,
    justification: justify(state, steps),
  };
}

function proofFields(
  state: RunState,
  steps: readonly StepRecord[],
): Pick<Result, 'proof' | 'proven' | 'notChecked'> {
  const { proof, mode } = state.start;
  if (proof === undefined || mode === 'tabletop') return {};
  const open = [
    ...lastChecks(steps).filter(({ verdict }) => verdict === 'not-checked'),
    ...(state.ended === undefined ? [] : unprovenOf(state)),
  ];
  const notChecked = open.map(({ text, remedy = '' }) => ({ text, remedy }));
  return { proof, proven: [...provenOf(state)], notChecked };
}

/** A step that acted and whose look afterwards failed has acted; that the restore is complete is said only where the checks say so. */
function restored(state: RunState, steps: readonly StepRecord[]): Result['restoreStatus'] {
  if (state.start.mode === 'tabletop') return 'not-attempted';
  const acting = steps.filter(({ outcome }) => outcome !== 'skipped');
  if (acting.every(({ attempts }) => attempts.length === 0)) return 'not-attempted';
  const leftOut = [...state.steps.values()].some(
    (step) => step.kind === 'skipped' && step.because === 'operator',
  );
  const done = acting.every(
    ({ outcome, attempts }) =>
      outcome === 'passed' ||
      outcome === 'could-not-verify' ||
      (outcome === 'failed' && attempts.at(-1)?.failure?.code === 'not-verified'),
  );
  if (!done || leftOut) return 'incomplete';
  return state.ended?.verdict === 'passed' ? 'completed' : 'not-verified';
}

function validated(state: RunState, steps: readonly StepRecord[]): Result['validationStatus'] {
  if (state.start.mode === 'tabletop') return 'not-attempted';
  const checks = lastChecks(steps);
  if (checks.length === 0) return 'not-attempted';
  if (checks.some(({ verdict }) => verdict === 'failed')) return 'failed';
  const whole = state.ended !== undefined && checks.every(({ verdict }) => verdict !== 'could-not-verify');
  return whole ? 'successful' : 'incomplete';
}

export function lastChecks(steps: readonly StepRecord[]) {
  return steps.flatMap(({ id, attempts }) =>
    (attempts.at(-1)?.checks ?? []).map((check) => ({ ...check, stepId: id })),
  );
}

function justify(state: RunState, steps: readonly StepRecord[]): string {
  if (state.start.mode === 'tabletop') {
    const discussed = steps.filter(({ outcome }) => outcome === 'discussed').length;
    return `${discussed} of ${steps.length} steps were discussed. Nothing was executed, so nothing is proven.`;
  }
  const checks = lastChecks(steps);
  const count = (verdict: string) => checks.filter((check) => check.verdict === verdict).length;
  const undone = steps.filter(({ outcome }) => outcome === 'pending' || outcome === 'interrupted').length;
  return [
    `${count('passed')} of ${checks.length} checks passed`,
    `${count('failed')} failed`,
    `${count('could-not-verify')} could not be verified`,
    `${steps.filter(({ outcome }) => outcome === 'skipped').length} of ${steps.length} steps were not executed`,
    ...(undone === 0 ? [] : [`${undone} never came to their end`]),
  ]
    .join(', ')
    .concat('.');
}

/** What is always judged, then what the runbook asks for. */
export function judgeCriteria(
  state: RunState,
  parts: Pick<DrillRecord, 'rto' | 'rpo' | 'steps' | 'cleanUp' | 'notes'>,
): Criterion[] {
  const own = state.start.exercise?.criteria ?? [];
  const always = [
    {
      text:
        state.start.mode === 'drill'
          ? 'The drill is through and verified within the RTO'
          : 'The system is back within the RTO',
      judgedBy: 'rto' as const,
    },
    { text: 'No more is lost than the RPO allows', judgedBy: 'rpo' as const },
    { text: 'Everything that was restored was verified', judgedBy: 'result' as const },
    { text: 'Nothing of the run is left behind', judgedBy: 'clean-up' as const },
  ];
  return [
    ...always.map(({ text, judgedBy }) => ({ text, ...judgeBy(judgedBy, { state, parts }) })),
    ...own.map(({ text, judgedBy, step }, index) => {
      if (judgedBy !== undefined) return { text, ...judgeBy(judgedBy, { state, parts }) };
      if (step !== undefined) return { text, ...judgeStep({ state, steps: parts.steps }, step) };
      return { text, ...judgeByNote(parts.notes, index + 1) };
    }),
  ];
}

type Judged = Pick<Criterion, 'verdict' | 'because'>;
type Known = {
  readonly state: RunState;
  readonly parts: Pick<DrillRecord, 'rto' | 'rpo' | 'steps' | 'cleanUp' | 'notes'>;
};

function judgeBy(what: 'rto' | 'rpo' | 'result' | 'clean-up', { state, parts }: Known): Judged {
  switch (what) {
    case 'rto':
      return judgeTime(state, parts.rto);
    case 'rpo': {
      const { actualMs, met, targetMs } = parts.rpo;
      if (actualMs === undefined) return { verdict: 'NOT JUDGED', because: 'it was not measured' };
      const because = `${sayDuration(actualMs)} of ${sayDuration(targetMs)}`;
      if (met === undefined)
        return { verdict: 'NOT JUDGED', because: `${because}, and what was restored is not verified` };
      return { verdict: met ? 'PASS' : 'FAIL', because };
    }
    case 'result': {
      if (state.start.mode === 'tabletop') return { verdict: 'NOT JUDGED', because: 'nothing was executed' };
      const verdict = judgedAs(state.ended?.verdict ?? 'could-not-verify');
      return { verdict, because: justify(state, parts.steps) };
    }
    case 'clean-up': {
      const bad = parts.cleanUp.filter(({ verdict }) => verdict !== 'passed');
      if (parts.cleanUp.length === 0) return { verdict: 'NOT JUDGED', because: 'nothing was cleaned up' };
      if (bad.length === 0)
        return {
          verdict: 'PASS',
          because: `${parts.cleanUp.length} of ${parts.cleanUp.length} places are clean`,
        };
      return { verdict: 'FAIL', because: bad.map(({ text }) => text).join('; ') };
    }
  }
}

/** A run that is not verified reached nothing; where nothing failed in time, that is all that is known. */
function judgeTime(
  state: RunState,
  { actualMs, met, targetMs, notMeasured, notReached }: DrillRecord['rto'],
): Judged {
  if (notReached !== undefined) {
    const { spentMs, because } = notReached;
    const words = `not reached after ${sayDuration(spentMs)} of ${sayDuration(targetMs)}: ${because}`;
    const isOpen = state.ended?.verdict === 'could-not-verify' && spentMs <= targetMs && !state.rolledBack;
    return { verdict: isOpen ? 'PARTIAL' : 'FAIL', because: words };
  }
  if (actualMs === undefined) return { verdict: 'NOT JUDGED', because: notMeasured ?? 'it was not measured' };
  return {
    verdict: met === true ? 'PASS' : 'FAIL',
    because: `${sayDuration(actualMs)} of ${sayDuration(targetMs)}`,
  };
}

/** Never better than the worst check on which it rests; what a person left out was promised and is not there. */
function judgeStep(
  known: Pick<Known, 'state'> & { readonly steps: readonly StepRecord[] },
  stepId: string,
): Judged {
  const step = known.steps.find(({ id }) => id === stepId);
  const outcome = step?.outcome;
  const because = `step ${stepId}: ${outcome ?? 'is not in the runbook'}`;
  const checks = step?.attempts.at(-1)?.checks ?? [];
  const left = checks.filter(({ verdict }) => verdict === 'skipped').length;
  const end = known.state.steps.get(stepId);
  if (end?.kind === 'skipped' && end.because === 'operator')
    return { verdict: 'FAIL', because: `step ${stepId}: left out by the operator` };
  if (outcome === 'passed' && left > 0)
    return {
      verdict: 'PARTIAL',
      because: `${because}, but ${left} of its ${checks.length} checks were not made`,
    };
  if (outcome === 'passed') return { verdict: 'PASS', because };
  if (outcome === 'could-not-verify') return { verdict: 'PARTIAL', because };
  if (outcome === 'failed' || outcome === 'interrupted') return { verdict: 'FAIL', because };
  return { verdict: 'NOT JUDGED', because };
}

/** `criterion 2: pass, the audit log showed it` judges the second criterion of the runbook. */
function judgeByNote(notes: DrillRecord['notes'], number: number): Judged {
  for (const { text } of notes.toReversed()) {
    const [, which, word = '', why = ''] =
      /^\s*criterion\s+(\d+):\s*(pass|fail|partial)\b[\s,:;]*(.*)$/is.exec(text) ?? [];
    if (Number(which) !== number) continue;
    const verdict = word.toUpperCase() as 'PASS' | 'FAIL' | 'PARTIAL';
    return { verdict, because: why.trim() || 'as noted' };
  }
  return {
    verdict: 'NOT JUDGED',
    because: `only a person can judge it (note "criterion ${number}: pass, why")`,
  };
}
