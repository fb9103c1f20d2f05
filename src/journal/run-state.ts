import type { Failure } from '../base/failure.ts';
import { type Check, notVerified, type Verdict, worstVerdict } from '../base/verdict.ts';
import type { BoundPlaces, EntryOf, JournalEntry } from './entry.ts';

/**
 * One type per state a step can be in.
 * pending → started → finished | failed | skipped; failed → started again; any → pending when reopened.
 * A step that is `started` when another process reads the journal was interrupted: nobody knows how far it came.
 */
export type StepState =
  | { readonly kind: 'pending'; readonly attempt: number }
  | { readonly kind: 'started'; readonly attempt: number; readonly startedAtMs: number }
  | {
      readonly kind: 'finished';
      readonly attempt: number;
      readonly startedAtMs: number;
      readonly endedAtMs: number;
      readonly verdict: Verdict;
      readonly checks: readonly Check[];
    }
  | {
      readonly kind: 'failed';
      readonly attempt: number;
      readonly startedAtMs: number;
      readonly endedAtMs: number;
      readonly failure: Failure;
      readonly checks: readonly Check[];
    }
  | {
      readonly kind: 'skipped';
      readonly attempt: number;
      readonly reason: string;
      readonly because: 'mode' | 'operator';
    };

export type RunState = {
  readonly start: EntryOf<'run-started'> & { readonly atMs: number };
  readonly steps: ReadonlyMap<string, StepState>;
  readonly facts: ReadonlyMap<string, unknown>;
  /** Questions for an exact name that was typed; one that is asked again is open again. */
  readonly named: ReadonlySet<string>;
  readonly notes: readonly string[];
  readonly places: BoundPlaces;
  readonly preflight: EntryOf<'preflight-finished'>['checks'];
  /** Of the kit, where the runbook has one and a drill looked at it. */
  readonly kit: readonly Check[];
  readonly cleanUp: readonly Check[];
  /** Between two processes of the run the clock went back over a new start of the machine: how long it took nobody can tell. */
  readonly unmeasured: boolean;
  readonly ended: { readonly kind: 'finished'; readonly verdict: Verdict; readonly atMs: number } | undefined;
  readonly stopped: string | undefined;
  readonly rolledBack: boolean;
  /** What the run kept of before was dropped by somebody who typed its name. */
  readonly wayBackEnded: boolean;
  readonly discarded: boolean;
};

/** Whether somebody may go on with it. */
export function isUnfinished(state: RunState): boolean {
  return state.ended === undefined && !state.rolledBack && !state.discarded;
}

/** It came to its end, and could not take away all that it had made. */
export function leftSomething(state: RunState): boolean {
  return state.ended !== undefined && state.cleanUp.some(({ verdict }) => verdict === 'failed');
}

const discardedReason = 'The run was discarded.';

/** What the facts add up to. The same entries give the same state, always. An empty journal has no state. */
export function foldJournal(entries: readonly JournalEntry[]): RunState | undefined {
  const [first, ...rest] = entries;
  if (first?.kind !== 'run-started') return undefined;
  let state: RunState = {
    start: { ...first, atMs: Date.parse(first.at) },
    steps: new Map(first.steps.map((step) => [step.id, { kind: 'pending', attempt: 0 }])),
    facts: new Map(),
    named: new Set(),
    notes: [],
    places: {},
    preflight: [],
    kit: [],
    cleanUp: [],
    unmeasured: false,
    ended: undefined,
    stopped: undefined,
    rolledBack: false,
    wayBackEnded: false,
    discarded: false,
  };
  for (const entry of rest) state = applyEntry(state, entry);
  return state;
}

/** One fact more. */
export function applyEntry(state: RunState, entry: JournalEntry): RunState {
  const atMs = Date.parse(entry.at);
  switch (entry.kind) {
    case 'step-started':
    case 'step-finished':
    case 'step-failed':
    case 'step-skipped':
      return withStep(state, { stepId: entry.stepId, step: stepAfter(state, entry) });
    case 'looked-again':
      return withStep(state, { stepId: entry.stepId, step: stepSeenAgain(state, entry) });
    case 'steps-reopened':
      return reopen(state, entry.fromStepId);
    case 'fact-recorded':
      return { ...state, facts: new Map(state.facts).set(entry.name, entry.value) };
    case 'note-added':
      return { ...state, notes: [...state.notes, entry.text] };
    case 'places-bound':
      // What was seen first stays.
      return { ...state, places: { ...entry.places, ...state.places } };
    case 'preflight-finished':
      return { ...state, preflight: entry.checks };
    case 'kit-proven':
      return { ...state, kit: entry.checks };
    case 'cleaned-up':
      return { ...state, cleanUp: entry.checks };
    case 'run-finished':
      return { ...state, ended: { kind: 'finished', verdict: entry.verdict, atMs } };
    case 'clock-changed':
      return { ...state, unmeasured: state.unmeasured || (!entry.measured && state.ended === undefined) };
    case 'run-stopped':
      return { ...state, stopped: entry.reason };
    case 'run-resumed':
      return { ...state, stopped: undefined };
    case 'rolled-back':
      return { ...state, rolledBack: true };
    case 'way-back-ended':
      return { ...state, wayBackEnded: true };
    case 'run-discarded':
      return { ...state, discarded: true, stopped: discardedReason, cleanUp: entry.checks };
    case 'question-asked':
      return { ...state, named: new Set([...state.named].filter((id) => id !== entry.questionId)) };
    case 'question-answered':
      return entry.named === true ? { ...state, named: new Set([...state.named, entry.questionId]) } : state;
    case 'run-started':
    case 'command-run':
    case 'program-ended':
    case 'way-back-ending':
    case 'signed-off':
      return state;
  }
}

type StepEntry = EntryOf<'step-started' | 'step-finished' | 'step-failed' | 'step-skipped'>;

function stepAfter(state: RunState, entry: StepEntry & Pick<JournalEntry, 'at'>): StepState {
  const atMs = Date.parse(entry.at);
  const startedAtMs = startOf(state, { stepId: entry.stepId, otherwiseMs: atMs });
  switch (entry.kind) {
    case 'step-started':
      return { kind: 'started', attempt: entry.attempt, startedAtMs: atMs };
    case 'step-finished': {
      const { attempt, verdict, checks } = entry;
      return { kind: 'finished', attempt, startedAtMs, endedAtMs: atMs, verdict, checks };
    }
    case 'step-failed': {
      const { attempt, failure, checks } = entry;
      return { kind: 'failed', attempt, startedAtMs, endedAtMs: atMs, failure, checks };
    }
    case 'step-skipped': {
      const attempt = state.steps.get(entry.stepId)?.attempt ?? 0;
      return { kind: 'skipped', attempt, reason: entry.reason, because: entry.because };
    }
  }
}

/** What it says now stands for what the same look said before. */
function stepSeenAgain(
  state: RunState,
  entry: EntryOf<'looked-again'> & Pick<JournalEntry, 'at'>,
): StepState {
  const step = state.steps.get(entry.stepId);
  if (step?.kind !== 'finished') return step ?? { kind: 'pending', attempt: entry.attempt };
  const { attempt, startedAtMs, endedAtMs } = step;
  const texts = new Set(entry.checks.map(({ text }) => text));
  const checks = [...step.checks.filter(({ text }) => !texts.has(text)), ...entry.checks];
  const verdict = worstVerdict(checks.map((check) => check.verdict));
  if (verdict !== 'failed') return { ...step, verdict, checks };
  const failure = notVerified(entry.checks);
  return { kind: 'failed', attempt, startedAtMs, endedAtMs, failure, checks };
}

function withStep(state: RunState, of: { readonly stepId: string; readonly step: StepState }): RunState {
  return { ...state, steps: new Map(state.steps).set(of.stepId, of.step) };
}

/** A step that failed and was stopped there has no start of its own any more when a person closes it later. */
function startOf(state: RunState, of: { readonly stepId: string; readonly otherwiseMs: number }): number {
  const step = state.steps.get(of.stepId);
  return step?.kind === 'started' ? step.startedAtMs : of.otherwiseMs;
}

function reopen(state: RunState, fromStepId: string): RunState {
  const steps = new Map(state.steps);
  let reached = false;
  for (const [stepId, step] of steps) {
    reached ||= stepId === fromStepId;
    if (reached) steps.set(stepId, { kind: 'pending', attempt: step.attempt });
  }
  return { ...state, steps };
}
