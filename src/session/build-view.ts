import type { Mode } from '../base/mode.ts';
import { formatDuration } from '../base/units.ts';
import type { JournalEntry } from '../journal/entry.ts';
import { isFarBeyond } from '../journal/far-beyond.ts';
import type { RunState, StepState } from '../journal/run-state.ts';
import { readLoosely } from '../kinds/fact.ts';
import { snapshotFact } from '../kinds/facts.ts';
import type { Question } from '../ports/operator.ts';
import type { StepFeed } from './step-feed.ts';
import type { AnsweredRow, CheckRow, StepDetail, StepRow, StepStatus, View } from './view.ts';

/** What the journal says beyond the state of a run: kept while folding, since the state keeps only what decides. */
export type RunViews = {
  readonly steps: ReadonlyMap<string, StepViews>;
  readonly answered: readonly AnsweredRow[];
  /** Titles of the questions asked so far, by id. */
  readonly titles: ReadonlyMap<string, string>;
};

type StepViews = { readonly sentences: readonly string[]; readonly commands: readonly string[] };

export const noViews: RunViews = { steps: new Map(), answered: [], titles: new Map() };

export function collectViews(views: RunViews, entry: JournalEntry): RunViews {
  switch (entry.kind) {
    case 'step-started': {
      const { stepId, sentences } = entry;
      return { ...views, steps: new Map(views.steps).set(stepId, { sentences, commands: [] }) };
    }
    case 'command-run': {
      const known = views.steps.get(entry.stepId) ?? { sentences: [], commands: [] };
      const commands = [...known.commands, entry.command];
      return { ...views, steps: new Map(views.steps).set(entry.stepId, { ...known, commands }) };
    }
    case 'question-asked':
      return { ...views, titles: new Map(views.titles).set(entry.questionId, entry.title) };
    case 'question-answered': {
      const { questionId, value, by, note } = entry;
      const title = views.titles.get(questionId) ?? questionId;
      const row = { questionId, title, value, by, ...(note === undefined ? {} : { note }) };
      return { ...views, answered: [...views.answered, row] };
    }
    default:
      return views;
  }
}

export type ViewParts = {
  readonly mode: Mode;
  readonly title: string;
  readonly runId: string;
  readonly target: string;
  readonly state: RunState;
  readonly views: RunViews;
  readonly feeds: ReadonlyMap<string, StepFeed>;
  /** Steps this process has begun: a started step that is not among them was interrupted. */
  readonly begunHere: ReadonlySet<string>;
  readonly question: Question | undefined;
  readonly summary: readonly string[];
  readonly recordPath: string | undefined;
  readonly outputPath: (stepId: string) => string;
  readonly ended: boolean;
  readonly nowMs: number;
};

export function buildView(parts: ViewParts): View {
  const { state } = parts;
  const rows = state.start.steps.map((step, index) => toRow(parts, { ...step, number: index + 1 }));
  const inHand = rows.filter((row) => row.status === 'running').map((row) => row.id);
  const lastTouched = rows.findLast((row) => row.status !== 'pending')?.id;
  const snapshot = readLoosely(snapshotFact, state.facts);
  const walking = rows.some((row) => row.status !== 'pending');
  return {
    mode: parts.mode,
    title: parts.title,
    runId: parts.runId,
    target: parts.target,
    phase: parts.ended
      ? state.ended === undefined
        ? 'stopped'
        : 'finished'
      : walking
        ? 'walking'
        : 'checking',
    startedAtMs: state.start.atMs,
    nowMs: state.ended?.atMs ?? parts.nowMs,
    // Nothing of a tabletop is held against an objective.
    ...(parts.mode === 'tabletop' ? {} : state.start.objectives),
    ...(snapshot?.takenAtMs === undefined
      ? {}
      : { lossMs: Math.max(0, state.start.lostAtMs - snapshot.takenAtMs) }),
    steps: rows,
    inHand: inHand.length > 0 || lastTouched === undefined ? inHand : [lastTouched],
    details: Object.fromEntries(rows.map((row) => [row.id, toDetail(parts, row.id)])),
    checks: state.preflight,
    ...(parts.question === undefined ? {} : { question: parts.question }),
    notes: state.notes,
    answered: parts.views.answered,
    summary: parts.summary,
    ...(parts.recordPath === undefined ? {} : { recordPath: parts.recordPath }),
  };
}

function toRow(
  parts: ViewParts,
  step: { readonly id: string; readonly title: string; readonly number: number; readonly budgetMs?: number },
): StepRow {
  const state = parts.state.steps.get(step.id) ?? { kind: 'pending', attempt: 0 };
  const { id, title, number, budgetMs } = step;
  const usualMs = parts.state.start.history?.steps[id]?.medianMs;
  const base = {
    id,
    title,
    number,
    attempt: state.attempt,
    status: statusOf(state, parts.begunHere.has(step.id)),
    ...expectedOf({ budgetMs, usualMs }),
  };
  switch (state.kind) {
    case 'started':
      return { ...base, startedAtMs: state.startedAtMs, durationMs: parts.nowMs - state.startedAtMs };
    case 'finished':
    case 'failed':
      return { ...base, startedAtMs: state.startedAtMs, durationMs: state.endedAtMs - state.startedAtMs };
    case 'pending':
    case 'skipped':
      return base;
  }
}

function expectedOf(known: {
  readonly budgetMs: number | undefined;
  readonly usualMs: number | undefined;
}): Pick<StepRow, 'expected'> {
  if (known.budgetMs !== undefined) return { expected: { durationMs: known.budgetMs, by: 'budget' } };
  return known.usualMs === undefined ? {} : { expected: { durationMs: known.usualMs, by: 'habit' } };
}

function statusOf(state: StepState, begunHere: boolean): StepStatus {
  switch (state.kind) {
    case 'started':
      return begunHere ? 'running' : 'interrupted';
    case 'finished':
      return state.verdict;
    case 'pending':
    case 'failed':
    case 'skipped':
      return state.kind;
  }
}

function toDetail(parts: ViewParts, id: string): StepDetail {
  const state = parts.state.steps.get(id);
  const feed = parts.feeds.get(id);
  const views = parts.views.steps.get(id);
  const checks: readonly CheckRow[] =
    state?.kind === 'finished' || state?.kind === 'failed' ? state.checks : [];
  const skippedFor = state?.kind === 'skipped' ? [`Not executed: ${state.reason}.`] : [];
  return {
    id,
    sentences: [...(views?.sentences ?? []), ...pace(parts, id), ...skippedFor],
    commands: views?.commands ?? [],
    progress: state?.kind === 'started' ? (feed?.progress(parts.nowMs) ?? []) : [],
    output: feed?.lines() ?? [],
    outputPath: parts.outputPath(id),
    checks,
    ...(state?.kind === 'failed' ? { failure: state.failure } : {}),
  };
}

/** Only worth a sentence where the step takes far longer than ever before. While it waits for a person it takes no time. */
function pace(parts: ViewParts, id: string): readonly string[] {
  const state = parts.state.steps.get(id);
  const past = parts.state.start.history?.steps[id];
  if (state?.kind !== 'started' || past === undefined || parts.question?.stepId === id) return [];
  const elapsedMs = parts.nowMs - state.startedAtMs;
  if (!isFarBeyond(elapsedMs, past)) return [];
  return [
    `It has taken ${formatDuration(elapsedMs)}, far longer than ever before: usually ${formatDuration(past.medianMs)}, at most ${formatDuration(past.longestMs)} in ${past.runs} earlier runs.`,
  ];
}
