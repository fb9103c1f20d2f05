import type { Evidence, JournalEntry } from '../journal/entry.ts';
import type { RunState } from '../journal/run-state.ts';
import { entriesOfKind, isoTime } from './entries-of-kind.ts';
import type { DrillRecord, QuestionRecord, StepRecord } from './record-schema.ts';
import { recorded } from './recorded.ts';
import { waitedWithin } from './render-questions.ts';

type Clock = {
  readonly lostAtMs: number;
  readonly lostAtGiven: boolean;
  readonly detectedAtMs: number | undefined;
  readonly declaredAtMs: number | undefined;
  readonly begunAtMs: number | undefined;
  readonly dataAtMs: number | undefined;
  /** The last step that acts has ended; what follows only looks. */
  readonly upAtMs: number | undefined;
  readonly servicesUpAtMs: number | undefined;
  readonly endedAtMs: number | undefined;
  readonly recoveryDeclaredAtMs: number | undefined;
  /** When the run came to its last fact, verified or not. */
  readonly lastAtMs: number;
};

const clockWentBack =
  'it could not be measured: between two processes of the run the machine was started anew and its clock went back';

const declareQuestion = 'declare-recovery';

export function readClock(request: {
  readonly entries: readonly JournalEntry[];
  readonly state: RunState;
  readonly steps: readonly StepRecord[];
}): Clock {
  const { entries, state, steps } = request;
  const { marks, lostAtMs } = state.start;
  const begun = entriesOfKind(entries, 'step-started')[0];
  const declared = entriesOfKind(entries, 'question-answered').findLast(
    ({ questionId, value }) => questionId === declareQuestion && value === 'yes',
  );
  const measured = state.start.mode !== 'tabletop';
  const plans = new Map(state.start.steps.map((plan) => [plan.id, plan.fills ?? []]));
  const fills = (what: Evidence) => (step: StepRecord) => plans.get(step.id)?.includes(what) ?? false;
  const onlyLooks = fills('proof');
  return {
    lostAtMs,
    lostAtGiven: marks?.lostAtGiven ?? false,
    detectedAtMs: marks?.detectedAtMs,
    declaredAtMs: marks?.declaredAtMs,
    begunAtMs: begun === undefined || !measured ? undefined : Date.parse(begun.at),
    dataAtMs: measured ? lastEnd(steps, fills('data')) : undefined,
    upAtMs: measured ? lastEnd(steps, (step) => !onlyLooks(step)) : undefined,
    servicesUpAtMs: measured ? lastEnd(steps, fills('services')) : undefined,
    endedAtMs: measured ? state.ended?.atMs : undefined,
    recoveryDeclaredAtMs: declared === undefined ? undefined : Date.parse(declared.at),
    lastAtMs: state.ended?.atMs ?? Date.parse(lastOfRun(entries)?.at ?? isoTime(state.start.atMs)),
  };
}

/** What people add or do afterwards. */
const notOfTheRun = [
  ...['note-added', 'signed-off', 'clock-changed', 'cleaned-up'],
  ...['way-back-ending', 'way-back-ended'],
];

/** What people add afterwards is not part of the run. */
function lastOfRun(entries: readonly JournalEntry[]): JournalEntry | undefined {
  return entries.findLast(({ kind }) => !notOfTheRun.includes(kind));
}

/** Why the system is not back, as far as this run can say; undefined where it was proven that it is. */
export function whyNotBack(state: RunState): string | undefined {
  if (state.rolledBack) return 'the run was rolled back';
  if (state.discarded) return 'the run was discarded';
  if (state.ended === undefined) return 'the run did not finish';
  if (state.ended.verdict === 'passed') return undefined;
  return state.ended.verdict === 'failed' ? 'the run failed' : 'not everything could be verified';
}

/** undefined while any of them is open: what is half done is not up. */
function lastEnd(steps: readonly StepRecord[], fits: (step: StepRecord) => boolean): number | undefined {
  const fitting = steps.filter((step) => fits(step) && step.outcome !== 'skipped');
  if (
    fitting.some(({ outcome }) => outcome === 'pending' || outcome === 'interrupted' || outcome === 'failed')
  )
    return undefined;
  const ends = fitting.flatMap(({ attempts }) => attempts.at(-1)?.endedAt ?? []).map((at) => Date.parse(at));
  return ends.length === 0 ? undefined : Math.max(...ends);
}

export function renderMarks(clock: Clock, state: RunState): DrillRecord['marks'] {
  const mark = (
    name: DrillRecord['marks'][number]['name'],
    ...[atMs, source, because]: [number | undefined, string, string]
  ): DrillRecord['marks'][number] => ({
    name,
    at: recorded(atMs === undefined ? undefined : isoTime(atMs), because),
    source: atMs === undefined ? 'none' : source,
  });
  const measuresNothing =
    state.start.mode === 'tabletop' ? 'a tabletop executes nothing' : 'the run never came to it';
  return [
    clock.lostAtGiven
      ? mark('disruption', clock.lostAtMs, '--lost-at', '')
      : mark(
          'disruption',
          undefined,
          '',
          'nobody said when production was lost (--lost-at); the start of the run stands for it',
        ),
    mark('detected', clock.detectedAtMs, '--detected-at', 'nobody said when it was noticed (--detected-at)'),
    mark(
      'declared',
      clock.declaredAtMs,
      '--declared-at',
      'nobody said when a disaster was declared (--declared-at)',
    ),
    mark('run-started', state.start.atMs, 'journal', ''),
    mark('restore-started', clock.begunAtMs, 'journal, start of the first step', measuresNothing),
    mark(
      'data-restored',
      clock.dataAtMs,
      'journal, end of the last step that restores data',
      measuresNothing,
    ),
    mark(
      'service-up',
      clock.servicesUpAtMs,
      'journal, end of the step that starts the services',
      state.start.mode === 'tabletop' ? measuresNothing : 'no service was started in this run',
    ),
    mark(
      'verified',
      whyNotBack(state) === undefined ? clock.endedAtMs : undefined,
      'journal, end of the run',
      state.start.mode === 'tabletop' ? measuresNothing : (whyNotBack(state) ?? measuresNothing),
    ),
    mark(
      'recovery-declared',
      clock.recoveryDeclaredAtMs,
      `question ${declareQuestion}`,
      state.start.people?.commander === undefined
        ? 'nobody was named who could declare it (--commander)'
        : 'not attested: nobody answered, or not with yes',
    ),
  ];
}

/**
 * The clock of the RTO runs from the disruption to recovery declared, or to the end of the checks where nobody declared. A run that
 * proved nothing reached nothing, however quickly it ended.
 */
export function renderRto(request: {
  readonly clock: Clock;
  readonly state: RunState;
  readonly questions: readonly QuestionRecord[];
}): DrillRecord['rto'] {
  const { clock, state, questions } = request;
  const { objectives, runbook, mode } = state.start;
  const whyNot = mode === 'tabletop' ? undefined : whyNotBack(state);
  const endMs = whyNot === undefined ? (clock.recoveryDeclaredAtMs ?? clock.endedAtMs) : clock.endedAtMs;
  const measured =
    mode !== 'tabletop' && clock.endedAtMs !== undefined && endMs !== undefined && !state.unmeasured;
  const notMeasured = state.unmeasured ? clockWentBack : undefined;
  const because =
    mode === 'tabletop'
      ? 'a tabletop executes nothing and measures nothing'
      : (notMeasured ?? 'the run did not finish');
  const span = (fromMs: number | undefined, toMs: number | undefined) =>
    recorded(
      measured && fromMs !== undefined && toMs !== undefined ? Math.max(0, toMs - fromMs) : undefined,
      because,
    );
  const actualMs = measured && whyNot === undefined ? Math.max(0, endMs - clock.lostAtMs) : undefined;
  const spentMs = Math.max(0, clock.lastAtMs - clock.lostAtMs);
  return {
    targetMs: objectives.rtoMs,
    ...(notMeasured === undefined ? {} : { notMeasured }),
    ...(actualMs === undefined ? {} : { actualMs, met: actualMs <= objectives.rtoMs }),
    ...(whyNot === undefined ? {} : { met: false, notReached: { spentMs, because: whyNot } }),
    source: `objectives of runbook ${runbook.name}, SHA-256 ${runbook.fingerprint}`,
    countsFrom: clock.lostAtGiven
      ? 'the disruption'
      : 'the start of the run; nobody said when production was lost',
    phases: {
      detect:
        clock.detectedAtMs === undefined
          ? { notRecorded: 'nobody said when it was noticed (--detected-at); it is inside "decide"' }
          : span(clock.lostAtMs, clock.detectedAtMs),
      decide: span(clock.detectedAtMs ?? clock.lostAtMs, clock.begunAtMs),
      execute: span(clock.begunAtMs, clock.upAtMs ?? endMs),
      verify: span(clock.upAtMs ?? endMs, endMs),
    },
    waitedForOperatorMs:
      endMs === undefined ? 0 : waitedWithin(questions, { fromMs: state.start.atMs, toMs: endMs }),
  };
}
