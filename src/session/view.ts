import type { FailureCode } from '../base/failure.ts';
import type { Mode } from '../base/mode.ts';
import type { Verdict } from '../base/verdict.ts';
import type { Answer, Question } from '../ports/operator.ts';

/**
 * What an operator sees, as data. Every word on the screen, in the plain output and in the JSON lines comes from
 * here, so that they cannot disagree. Values are ready to print: units, times and counts are already words.
 */
export type View = {
  readonly mode: Mode;
  readonly title: string;
  readonly runId: string;
  /** host crm-01 · postgres 10.0.0.5:5432 #7412…3391 */
  readonly target: string;
  readonly phase: 'checking' | 'walking' | 'finished' | 'stopped';
  readonly startedAtMs: number;
  readonly nowMs: number;
  readonly rtoMs?: number;
  /** Known once a snapshot is chosen. */
  readonly lossMs?: number;
  readonly rpoMs?: number;
  readonly steps: readonly StepRow[];
  /** The step in hand, or the last one finished. Several when steps run side by side. */
  readonly inHand: readonly string[];
  readonly details: Readonly<Record<string, StepDetail>>;
  /** Preflight: shown as one list until the first step starts. */
  readonly checks: readonly CheckRow[];
  readonly question?: Question;
  readonly notes: readonly string[];
  /** What was asked and answered so far, oldest first. */
  readonly answered?: readonly AnsweredRow[];
  /** Lines left in the scrollback when the walk is over. Empty until then. */
  readonly summary: readonly string[];
  readonly recordPath?: string;
  /** What the operator should know about this terminal before anything goes wrong with it. */
  readonly advice?: readonly string[];
  /** What becomes of a question while no terminal is attached; absent where nobody drives the run. */
  readonly whenAlone?: 'waits' | 'stops';
  /** A past run, to look around in. */
  readonly isRecord?: true;
};

export type StepStatus =
  | 'pending'
  | 'running'
  | 'interrupted'
  | 'passed'
  | 'could-not-verify'
  | 'failed'
  | 'not-checked'
  | 'skipped';

export type StepRow = {
  readonly id: string;
  /** From 1. */
  readonly number: number;
  readonly title: string;
  readonly status: StepStatus;
  readonly attempt: number;
  readonly startedAtMs?: number;
  /** Of the last attempt; grows while running (nowMs minus startedAtMs). */
  readonly durationMs?: number;
  /** How long it should take: by the runbook's budget, or, where it gives none, by what it usually took. */
  readonly expected?: { readonly durationMs: number; readonly by: 'budget' | 'habit' };
};

export type StepDetail = {
  readonly id: string;
  /** What this step will do, is doing, or did; whole sentences. */
  readonly sentences: readonly string[];
  /** The exact commands, masked. */
  readonly commands: readonly string[];
  readonly progress: readonly ProgressView[];
  /** The last 2,000 lines at most; the file has them all. */
  readonly output: readonly OutputLine[];
  readonly outputPath: string;
  readonly checks: readonly CheckRow[];
  /** The code is what `thaw explain` says more about. */
  readonly failure?: {
    readonly message: string;
    readonly remedy: string;
    readonly detail?: string;
    readonly code?: FailureCode;
  };
};

export type AnsweredRow = {
  readonly questionId: string;
  readonly title: string;
  readonly value: string;
  readonly note?: string;
  readonly by: Answer['by'];
};

export type OutputLine = { readonly atMs: number; readonly text: string };

export type ProgressView = {
  /** entries, objects, bytes. */
  readonly label: string;
  /** 0 to 1; undefined when the total is not known. */
  readonly fraction?: number;
  /** 128 of 201 · 41 MB/s · about 2:50 left. */
  readonly text: string;
  /** Nothing has moved for a while: since when, in words. */
  readonly stalled?: string;
};

export type CheckRow = {
  readonly verdict: Verdict | 'running';
  /** 61 of 61 tables equal to the manifest. */
  readonly text: string;
  readonly remedy?: string;
};

/** One run seen from outside. The screen and the plain output both live on this, and on nothing else. */
export type Session = {
  /** The same object until something changes: fit for useSyncExternalStore. */
  view(): View;
  /** Called after each change, at most every 100 ms for output and progress. Returns the way to stop listening. */
  subscribe(listener: () => void): () => void;
  /** Ignored when that question is no longer open. */
  answer(questionId: string, answer: Answer): void;
  /** Writes a note into the journal, at any time. */
  note(text: string): void;
  /** Ends the run at the next safe point, resumable. */
  stop(): void;
};
