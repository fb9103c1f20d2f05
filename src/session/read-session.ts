import type { RunEnd } from '../engine/run-end.ts';
import type { JournalEntry } from '../journal/entry.ts';
import { foldJournal, type RunState } from '../journal/run-state.ts';
import { buildView, collectViews, noViews } from './build-view.ts';
import { createStepFeed, type StepFeed } from './step-feed.ts';
import { summarise } from './summarise.ts';
import type { OutputLine, Session, View } from './view.ts';

/** What a run left on the disk so far, as its reader found it. */
export type RunOnDisk = {
  readonly entries: readonly JournalEntry[];
  readonly headHash: string;
  readonly outputs: ReadonlyMap<string, readonly OutputLine[]>;
};

/** A past run, to look around in. Nothing is written: the journal belongs to whoever drives the run. */
export function createReadSession(request: {
  readonly path: string;
  readonly found: RunOnDisk;
  readonly recordPath: string | undefined;
}): Session {
  const view = renderView(request);
  return {
    view: () => view,
    subscribe: () => () => {},
    answer: () => undefined,
    note: () => undefined,
    stop: () => undefined,
  };
}

function renderView({ path, found, recordPath }: Parameters<typeof createReadSession>[0]): View {
  const { entries, outputs, headHash } = found;
  const state = foldJournal(entries);
  if (state === undefined) throw new Error('Broken promise: a run is read only after its start was written');
  const nowMs = lastMoment(entries, state);
  const record = recordPath === undefined ? undefined : { path: recordPath, head: headHash };
  const built = buildView({
    mode: state.start.mode,
    title: state.start.runbook.title,
    runId: state.start.runId,
    target: `host ${state.start.host.name} · ${state.start.targets.database ?? ''}`,
    state,
    views: entries.reduce(collectViews, noViews),
    feeds: toFeeds(state, outputs),
    begunHere: new Set(),
    question: undefined,
    summary: summarise({ state, end: endOf(state), nowMs, record }),
    recordPath,
    outputPath: (id) => `${path}/output/${id}.log`,
    ended: true,
    nowMs,
  });
  return { ...built, isRecord: true };
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
