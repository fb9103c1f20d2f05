import { formatBytes, formatCount, formatDuration } from '../base/units.ts';
import type { Progress } from '../kinds/kind.ts';
import type { OutputLine, ProgressView } from './view.ts';

/** What is shown and forgotten: the last lines and the measures of one step. Facts are in the journal, not here. */
export type StepFeed = {
  addLine(line: OutputLine): void;
  addProgress(progress: Progress, nowMs: number): void;
  /** A new attempt measures anew. */
  clearProgress(): void;
  lines(): readonly OutputLine[];
  progress(nowMs: number): readonly ProgressView[];
};

const mostLines = 2000;
/** Nothing moved for that long: said, with the time since. */
const silentAfterMs = 10_000;
/** A rate over less than this is noise. */
const shortestMeasureMs = 2000;

type Measure = {
  readonly first: Progress;
  readonly last: Progress;
  readonly firstMs: number;
  readonly lastMs: number;
};

export function createStepFeed(): StepFeed {
  let lines: readonly OutputLine[] = [];
  const measures = new Map<string, Measure>();
  return {
    addLine(line) {
      lines = lines.length < mostLines ? [...lines, line] : [...lines.slice(1 - mostLines), line];
    },
    addProgress(progress, nowMs) {
      const known = measures.get(progress.label);
      const moved = known === undefined || known.last.done !== progress.done;
      measures.set(progress.label, {
        first: known?.first ?? progress,
        firstMs: known?.firstMs ?? nowMs,
        last: progress,
        lastMs: moved ? nowMs : known.lastMs,
      });
    },
    clearProgress: () => measures.clear(),
    lines: () => lines,
    progress: (nowMs) => [...measures.values()].map((measure) => toView(measure, nowMs)),
  };
}

function toView({ first, last, firstMs, lastMs }: Measure, nowMs: number): ProgressView {
  const { label, total, unit } = last;
  // pg_restore may report an entry more than it listed; more than everything is never true.
  const done = total === undefined ? last.done : Math.min(last.done, total);
  const say = unit === 'bytes' ? formatBytes : formatCount;
  const complete = total !== undefined && done >= total;
  const spentMs = lastMs - firstMs;
  const perMs = spentMs >= shortestMeasureMs ? (done - first.done) / spentMs : 0;
  const words = [total === undefined ? say(done) : `${say(done)} of ${say(total)}`];
  if (perMs > 0) words.push(`${say(perMs * 1000)}/s`);
  if (perMs > 0 && total !== undefined && !complete)
    words.push(`about ${formatDuration((total - done) / perMs)} left`);
  const silentMs = nowMs - lastMs;
  return {
    label,
    text: words.join(' · '),
    ...(total === undefined || total === 0 ? {} : { fraction: Math.min(1, done / total) }),
    ...(silentMs < silentAfterMs || complete
      ? {}
      : { stalled: `nothing has moved for ${formatDuration(silentMs)}` }),
  };
}
