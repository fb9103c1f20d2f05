import type { Mode } from '../base/mode.ts';
import { formatDuration, formatSpan } from '../base/units.ts';
import { type Tone, toneOf, verdictWord } from '../base/verdict.ts';
import type { AnsweredRow, CheckRow, StepRow, StepStatus, View } from './view.ts';

/** What is said about a run. Both faces take their words from here, so that screen and lines never call one thing by two names. */

export function modeWord(mode: Mode): string {
  return mode.toUpperCase();
}

export const modePromises: Readonly<Record<Mode, string>> = {
  live: 'this run touches the production targets.',
  drill: 'this run touches a throwaway copy only.',
  tabletop: 'this run touches nothing.',
};

export const statusWords: Readonly<Record<StepStatus, string>> = {
  pending: 'to do',
  running: 'now',
  interrupted: 'interrupted',
  passed: 'done',
  'could-not-verify': 'unverified',
  failed: 'failed',
  'not-checked': 'not checked',
  skipped: 'skipped',
};

/** `now` is what is in hand. */
export function statusTone(status: StepStatus): Tone | 'now' {
  switch (status) {
    case 'running':
      return 'now';
    case 'pending':
      return 'quiet';
    case 'interrupted':
      return 'unsure';
    default:
      return toneOf(status);
  }
}

/** Empty for the first one. */
export function attemptWords({ attempt }: Pick<StepRow, 'attempt'>): string {
  return attempt > 1 ? `, attempt ${attempt}` : '';
}

/** 71 % of 8:00 budget, or 71 % of the usual 8:00; what is over says so. undefined where nothing is expected. */
export function expectedWords({
  expected,
  durationMs,
}: StepRow): { readonly words: string; readonly isOver: boolean } | undefined {
  if (expected === undefined) return undefined;
  const time = formatDuration(expected.durationMs);
  const planned = expected.by === 'budget' ? `${time} budget` : `the usual ${time}`;
  if (durationMs === undefined) return { words: planned, isOver: false };
  const overMs = durationMs - expected.durationMs;
  if (overMs > 0) return { words: `over ${planned} by ${formatDuration(overMs)}`, isOver: true };
  const share = Math.floor((durationMs / Math.max(1, expected.durationMs)) * 100);
  return { words: `${share} % of ${planned}`, isOver: false };
}

export function checkWord(verdict: CheckRow['verdict']): string {
  return verdict === 'running' ? 'checking' : verdictWord(verdict);
}

/** What has to be done comes first; the order within a verdict is the order in which the checks were made. */
export function orderChecks(checks: readonly CheckRow[]): readonly CheckRow[] {
  return urgency.flatMap((verdict) => checks.filter((check) => check.verdict === verdict));
}

const urgency = ['failed', 'could-not-verify', 'running', 'not-checked', 'passed', 'skipped'] as const;

/** Passed, it has nothing to be done about. */
export function remedyOf({ verdict, remedy }: CheckRow): string | undefined {
  return verdict === 'passed' ? undefined : remedy;
}

/** 14 checks: 1 failed, 2 could not verify */
export function countChecks(checks: readonly CheckRow[]): string {
  const parts = urgency
    .map((verdict) => ({ verdict, number: count(checks, verdict) }))
    .filter(({ number }) => number > 0)
    .map(({ verdict, number }) => `${number} ${checkWord(verdict)}`);
  return `${checks.length} checks${parts.length > 0 ? `: ${parts.join(', ')}` : ''}`;
}

/** What stands in the way before the walk. Nothing looked at yet is not the same as nothing in the way. */
export function preflightWords(checks: readonly CheckRow[]): string {
  if (checks.length === 0) return 'Before anything is touched: checking';
  const blockers = count(checks, 'failed');
  const unverified = count(checks, 'could-not-verify');
  const running = count(checks, 'running');
  const parts = [
    blockers === 0 ? 'no blocker' : blockers === 1 ? '1 blocker' : `${blockers} blockers`,
    ...(unverified > 0 ? [`${unverified} not verified`] : []),
    ...(running > 0 ? [`${running} checking`] : []),
  ];
  return `Before anything is touched: ${parts.join(', ')}`;
}

function count(checks: readonly CheckRow[], verdict: CheckRow['verdict']): number {
  return checks.filter((check) => check.verdict === verdict).length;
}

/** A measure against what was promised: how much, of how much, and by how much it is over. */
type Against = { readonly spent: string; readonly promised?: string; readonly over?: string };

export function timeWords(view: View): Against {
  const elapsedMs = view.nowMs - view.startedAtMs;
  const spent = formatDuration(elapsedMs);
  if (view.rtoMs === undefined) return { spent };
  const over = elapsedMs > view.rtoMs ? { over: `, over by ${formatDuration(elapsedMs - view.rtoMs)}` } : {};
  return { spent, promised: ` of ${formatDuration(view.rtoMs)} RTO`, ...over };
}

/** undefined: `spent` is not known before a snapshot is chosen. */
export function lossWords(view: View): Omit<Against, 'spent'> & Partial<Against> {
  const promised = view.rpoMs === undefined ? {} : { promised: ` of ${formatSpan(view.rpoMs)} RPO` };
  if (view.lossMs === undefined) return promised;
  const isOver = view.rpoMs !== undefined && view.lossMs > view.rpoMs;
  return { spent: formatSpan(view.lossMs), ...promised, ...(isOver ? { over: ', over' } : {}) };
}

/** Nobody may take a record for a run that waits for keys. */
export function recordWords({ isRecord }: View): string | undefined {
  return isRecord ? 'RECORD, read only' : undefined;
}

export function resultTitle({ isRecord }: View): string {
  return isRecord ? 'What came of it' : 'Result';
}

export function endWords(phase: View['phase']): string {
  return phase === 'finished' ? 'The walk is over' : 'Stopped at a safe point';
}

/** Where there is room for few words. */
export function goesOnWords({ question }: View): string {
  return question === undefined ? 'The run goes on.' : 'The run goes on; a question waits.';
}

/** What a run does that nobody looks at, said before one leaves and after. Behind "the run"; `where` is the process it is in. */
export function aloneWords({ question, whenAlone }: View, where = ''): string {
  const waits = whenAlone !== 'stops';
  if (question === undefined)
    return `goes on${where} to its next question, and ${waits ? 'waits' : 'stops'} there.`;
  return waits
    ? `waits${where}: it cannot go on without an answer.`
    : `stops${where}: nobody is left to answer its question.`;
}

/** What goes on while the operator looks elsewhere. */
export function meanwhileWords(view: View): string {
  if (view.question !== undefined) return 'The question waits.';
  const running = view.steps.filter(({ status }) => status === 'running').map(({ title }) => title);
  return running.length > 0 ? `Meanwhile this goes on: ${running.join(', ')}.` : 'The run goes on.';
}

export const stopAskedWords = 'A stop is asked for: the run ends at its next safe point.';

const givers = { operator: 'the operator', option: 'an option', rehearsal: 'the rehearsal' } as const;

/** yes: the pager is silent (by an option) */
export function answerWords({ value, note, by }: AnsweredRow): string {
  return `${value}${note === undefined ? '' : `: ${note}`} (by ${givers[by]})`;
}
