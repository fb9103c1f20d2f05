import type { JournalEntry } from '../journal/entry.ts';
import type { Step } from '../kinds/kind.ts';
import { stepId } from '../kinds/kind.ts';
import { collectViews, noViews, type RunViews } from './build-view.ts';
import { createStepFeed, type StepFeed } from './step-feed.ts';

/** What this process has seen of a run beyond its state: views of the journal, feeds of the steps, and which it began. */
export type RunKnowledge = {
  readonly feeds: ReadonlyMap<string, StepFeed>;
  /** A started step that is not among them was begun by a process that is gone: it was interrupted. */
  readonly begunHere: ReadonlySet<string>;
  views(): RunViews;
  note(entry: JournalEntry): void;
};

export function createRunKnowledge(steps: readonly Step[], entries: readonly JournalEntry[]): RunKnowledge {
  const feeds = new Map(steps.map((step) => [stepId(step), createStepFeed()]));
  const begunHere = new Set<string>();
  let views = entries.reduce(collectViews, noViews);
  return {
    feeds,
    begunHere,
    views: () => views,
    note(entry) {
      views = collectViews(views, entry);
      if (entry.kind !== 'step-started') return;
      begunHere.add(entry.stepId);
      feeds.get(entry.stepId)?.clearProgress();
    },
  };
}
