import { stepId } from '../engine/step-handler.ts';
import type { JournalEntry } from '../journal/entry.ts';
import type { Step } from '../runbook/step-schema.ts';
import { collectPapers, noPapers, type RunPapers } from './build-view.ts';
import { createStepFeed, type StepFeed } from './step-feed.ts';

/** What this process has seen of a run beyond its state: papers of the journal, feeds of the steps, and which it began. */
export type RunKnowledge = {
  readonly feeds: ReadonlyMap<string, StepFeed>;
  /** A started step that is not among them was begun by a process that is gone: it is in doubt. */
  readonly begunHere: ReadonlySet<string>;
  papers(): RunPapers;
  note(entry: JournalEntry): void;
};

export function createRunKnowledge(steps: readonly Step[], entries: readonly JournalEntry[]): RunKnowledge {
  const feeds = new Map(steps.map((step) => [stepId(step), createStepFeed()]));
  const begunHere = new Set<string>();
  let papers = entries.reduce(collectPapers, noPapers);
  return {
    feeds,
    begunHere,
    papers: () => papers,
    note(entry) {
      papers = collectPapers(papers, entry);
      if (entry.kind !== 'step-started') return;
      begunHere.add(entry.stepId);
      feeds.get(entry.stepId)?.clearProgress();
    },
  };
}
