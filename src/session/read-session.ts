import type { RunEnd } from '../engine/run-end.ts';
import type { JournalEntry } from '../journal/entry.ts';
import { foldJournal, type RunState } from '../journal/run-state.ts';
import { buildView, collectViews, noViews } from './build-view.ts';
import { createStepFeed, type StepFeed } from './step-feed.ts';
import { summarise } from './summarise.ts';
import type { OutputLine, SeenAs, Session, View } from './view.ts';

/** What a run left on the disk so far, as its reader found it. */
export type RunOnDisk = {
  readonly entries: readonly JournalEntry[];
  readonly headHash: string;
  readonly outputs: ReadonlyMap<string, readonly OutputLine[]>;
};

/** A run seen by somebody who does not drive it: a record that is read again, or a run that another process drives. */
export type ReadSession = Session & {
  /** Shows what the reader found now. An empty journal changes nothing. */
  update(found: RunOnDisk): void;
};

export function createReadSession(request: {
  readonly path: string;
  readonly found: RunOnDisk;
  readonly recordPath: string | undefined;
  /** The process that drives the run; left out for a run that nobody drives. */
  readonly drivenBy?: string;
  readonly now: () => number;
  /** Asks the process that drives it to stop at its next safe point. */
  readonly onStop?: () => void;
}): ReadSession {
  const listeners = new Set<() => void>();
  let view = renderView(request, request.found);
  return {
    view: () => view,
    subscribe(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    // Who only looks writes nothing: the journal belongs to the process that drives the run.
    answer: () => undefined,
    note: () => undefined,
    stop: () => request.onStop?.(),
    update(found) {
      view = renderView(request, found);
      for (const listener of [...listeners]) listener();
    },
  };
}

function renderView(request: Parameters<typeof createReadSession>[0], found: RunOnDisk): View {
  const { entries, outputs, headHash } = found;
  const state = foldJournal(entries);
  if (state === undefined) throw new Error('Broken promise: a run is read only after its start was written');
  const { drivenBy } = request;
  const watched = drivenBy !== undefined;
  const nowMs = watched ? request.now() : lastMoment(entries, state);
  const { recordPath } = request;
  const record = recordPath === undefined ? undefined : { path: recordPath, head: headHash };
  const built = buildView({
    mode: state.start.mode,
    title: state.start.runbook.title,
    runId: state.start.runId,
    target: `host ${state.start.host.name} · ${state.start.targets.database ?? ''}`,
    state,
    views: entries.reduce(collectViews, noViews),
    feeds: toFeeds(state, outputs),
    // What began after the last resume is in the hands of the process that runs now.
    begunHere: new Set(watched ? begunSinceResume(entries) : []),
    question: undefined,
    summary: watched ? [] : summarise({ state, end: endOf(state), nowMs, record }),
    recordPath,
    outputPath: (id) => `${request.path}/output/${id}.log`,
    ended: !watched,
    nowMs,
  });
  const waiting = watched ? openQuestion(entries) : undefined;
  const seenAs: SeenAs =
    drivenBy === undefined
      ? { kind: 'record' }
      : { kind: 'watched', by: drivenBy, ...(waiting === undefined ? {} : { waiting }) };
  return { ...built, seenAs };
}

function lastMoment(entries: readonly JournalEntry[], state: RunState): number {
  const last = entries.at(-1);
  return state.ended?.atMs ?? (last === undefined ? state.start.atMs : Date.parse(last.at));
}

function toFeeds(
  state: RunState,
  outputs: ReadonlyMap<string, readonly OutputLine[]>,
): ReadonlyMap<string, StepFeed> {
  return new Map(
    state.start.steps.map(({ id }) => {
      const feed = createStepFeed();
      for (const line of outputs.get(id) ?? []) feed.addLine(line);
      return [id, feed];
    }),
  );
}

function begunSinceResume(entries: readonly JournalEntry[]): readonly string[] {
  const from = entries.findLastIndex((entry) => entry.kind === 'run-resumed');
  return entries.slice(from + 1).flatMap((entry) => (entry.kind === 'step-started' ? [entry.stepId] : []));
}

/** The question that was asked last and has no answer: only the other terminal can give it. */
function openQuestion(entries: readonly JournalEntry[]): string | undefined {
  const asked = entries.findLast((entry) => entry.kind === 'question-asked');
  if (asked?.kind !== 'question-asked') return undefined;
  const answered = entries.some(
    (entry) =>
      entry.seq > asked.seq && entry.kind === 'question-answered' && entry.questionId === asked.questionId,
  );
  return answered ? undefined : asked.title;
}

function endOf(state: RunState): RunEnd {
  if (state.ended !== undefined) return { kind: 'finished', verdict: state.ended.verdict };
  return {
    kind: 'stopped',
    because: 'operator',
    failure: {
      code: 'cancelled',
      message: state.stopped ?? 'Its process ended before the run did.',
      remedy: 'Go on where it stopped, or look at what it did.',
      retry: 'safe',
    },
  };
}
