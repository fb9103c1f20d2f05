import { formatCount, formatDuration, formatSpan } from '../base/units.ts';
import { resultWord, type Verdict, verdictWord } from '../base/verdict.ts';
import type { RunEnd } from '../engine/run-end.ts';
import { provenOf, unprovenOf } from '../journal/run-proof.ts';
import type { RunState } from '../journal/run-state.ts';
import { holds, readFactsLoosely, readLoosely } from '../kinds/fact.ts';
import {
  snapshotFact,
  swappedFact,
  swappingFact,
  swappingFilesFact,
  writersDownFact,
} from '../kinds/facts.ts';
import { modeWord } from './words.ts';

/** What stays in the scrollback: few lines, each of them true on its own. */
export function summarise(request: {
  readonly state: RunState;
  readonly end: RunEnd;
  readonly nowMs: number;
  readonly record: { readonly path: string; readonly head: string } | undefined;
  /** Nothing more could be written down, and so nothing more was done. */
  readonly journalLost?: boolean;
}): readonly string[] {
  const { state, end, record } = request;
  const elapsed = `${state.unmeasured ? 'at least ' : ''}${formatDuration((state.ended?.atMs ?? request.nowMs) - state.start.atMs)}`;
  const isReached = end.kind !== 'finished' || end.verdict === 'passed';
  const target = `${formatDuration(state.start.objectives.rtoMs)} RTO`;
  const rto =
    state.start.mode !== 'live' ? '' : isReached ? ` of ${target}` : ` spent, ${target} not reached`;
  const word = end.kind === 'finished' ? resultWord(end.verdict, provenOf(state)) : 'STOPPED';
  return [
    `thaw  ${modeWord(state.start.mode)}  ${state.start.runbook.title}   ${word}   ${elapsed}${rto}${lossWords(state)}`,
    stepWords(state),
    ...openPoints(state),
    ...(end.kind === 'finished'
      ? failures(state)
      : [
          end.failure.message,
          `→ ${end.failure.remedy}`,
          ...(request.journalLost ? whatStands(state) : []),
          // The words of a lost journal say what has to be done before that.
          ...(request.journalLost ? [] : [`Go on with: thaw resume ${state.start.runId}`]),
        ]),
    ...swapWords(state),
    ...(record === undefined ? [] : [`record  ${record.path}   head ${record.head.slice(0, 8)}…`]),
  ];
}

function lossWords(state: RunState): string {
  const snapshot = readLoosely(snapshotFact, state.facts);
  if (snapshot === undefined) return '';
  const lossMs = Math.max(0, state.start.lostAtMs - snapshot.takenAtMs);
  return `, loss ${formatSpan(lossMs)} of ${formatSpan(state.start.objectives.rpoMs)} RPO`;
}

function stepWords(state: RunState): string {
  const steps = [...state.steps.values()];
  const count = (kind: Verdict | 'skipped-by-operator' | 'not-executed') =>
    steps.filter((step) => {
      if (step.kind === 'finished') return step.verdict === kind;
      return (
        step.kind === 'skipped' && kind === (step.because === 'mode' ? 'not-executed' : 'skipped-by-operator')
      );
    }).length;
  if (state.start.mode === 'tabletop')
    return `${count('not-executed')} of ${formatCount(steps.length)} steps discussed; nothing was executed, nothing is proven`;
  const words = [`${count('passed')} of ${formatCount(steps.length)} steps passed`];
  const unverified = count('could-not-verify');
  if (unverified > 0) words.push(`${unverified} could not be verified`);
  if (count('skipped-by-operator') > 0)
    words.push(`${count('skipped-by-operator')} left out by the operator`);
  if (count('not-executed') > 0) words.push(`${count('not-executed')} not executed in this mode`);
  return words.join(' · ');
}

function openPoints(state: RunState): readonly string[] {
  const lines: string[] = [];
  for (const step of state.steps.values()) {
    if (step.kind !== 'finished') continue;
    for (const { verdict, text, remedy } of step.checks) {
      if (verdict !== 'could-not-verify' && verdict !== 'not-checked') continue;
      const what = verdict === 'not-checked' ? 'not checked' : 'could not verify';
      lines.push(`${what}: ${text}`, ...(remedy === undefined ? [] : [`→ ${remedy}`]));
    }
  }
  for (const { text, remedy } of state.ended === undefined ? [] : unprovenOf(state))
    lines.push(`could not verify: ${text}`, `→ ${remedy ?? ''}`);
  for (const { verdict, text, remedy } of state.kit) {
    if (verdict === 'passed') continue;
    lines.push(`${verdictWord(verdict)}: ${text}`, `→ ${remedy ?? ''}`);
  }
  for (const { verdict, text, remedy } of state.cleanUp) {
    if (verdict === 'passed') continue;
    lines.push(`clean-up: ${text}`, ...(remedy === undefined ? [] : [`→ ${remedy}`]));
  }
  return lines;
}

/** A drill may end with a step that failed; a live run stops there instead. */
function failures(state: RunState): readonly string[] {
  return [...state.steps.values()].flatMap((step) =>
    step.kind === 'failed' ? [`failed: ${step.failure.message}`, `→ ${step.failure.remedy}`] : [],
  );
}

/** Where nothing can be looked up any more: what of production was replaced, and what may be half done. */
function whatStands({ start, facts }: RunState): readonly string[] {
  if (start.mode !== 'live') return [];
  const swapping = readLoosely(swappingFact, facts);
  const isSwapped = holds(swappedFact, facts);
  const folders = readFactsLoosely(swappingFilesFact, facts).map(({ id }) => id);
  return [
    ...(isSwapped
      ? []
      : swapping
        ? [
            `The swap of the databases had begun and may be half done: look which of ${swapping.target}, ${swapping.incoming} and ${swapping.kept} are there.`,
          ]
        : ['No database was replaced.']),
    ...folders.map((folder) => `The folders of ${folder} were being swapped, or are.`),
    ...(readFactsLoosely(writersDownFact, facts).length > 0
      ? ['Services that were stopped stay stopped.']
      : []),
  ];
}

function swapWords(state: RunState): readonly string[] {
  const swapped = readLoosely(swappedFact, state.facts);
  if (swapped?.hadTarget !== true || state.rolledBack || state.wayBackEnded) return [];
  const { runId } = state.start;
  return [
    `the old database is kept as ${swapped.kept}; thaw rollback ${runId} puts it back, thaw finish ${runId} drops it`,
  ];
}
