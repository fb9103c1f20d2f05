import { escapeHtml } from './escape-html.ts';
import type { DrillRecord, StepRecord } from './record-schema.ts';
import { sayDuration } from './say-duration.ts';

const rowHeight = 34;
const barHeight = 12;
const markHeight = 17;
const axisHeight = 22;
/** Thinner than this a bar would not be seen. */
const thinnestPercent = 0.6;

type Scale = { readonly percent: (timeMs: number) => number; readonly fromMs: number; readonly toMs: number };

/**
 * Bars over time, as an SVG whose widths are percentages: it fits a telephone and a desk, and its letters keep their size
 * on both. Every number in it stands in a table too.
 */
export function renderTimeline(record: DrillRecord): string {
  const steps = record.steps.filter(({ attempts }) => attempts.length > 0);
  if (steps.length === 0) return '';
  const scale = scaleOf(record);
  const marks = record.marks.flatMap(({ name, at }) =>
    name !== 'run-started' && 'value' in at && inside(scale, Date.parse(at.value))
      ? [{ name, atMs: Date.parse(at.value) }]
      : [],
  );
  const marksTop = axisHeight + steps.length * rowHeight + 8;
  const height = marksTop + marks.length * markHeight + 4;
  return [
    `<svg class="timeline" role="img" aria-label="Timeline of ${steps.length} steps in ${sayDuration(scale.toMs - scale.fromMs)}" width="100%" height="${height}" xmlns="http://www.w3.org/2000/svg">`,
    ...axis(scale, marksTop),
    // Marks first: the names of the steps stand over their lines.
    ...marks.map((mark, index) => renderMark({ mark, scale, top: marksTop + index * markHeight })),
    ...steps.map((step, index) => renderStep({ step, scale, top: axisHeight + index * rowHeight, record })),
    '</svg>',
  ].join('\n');
}

function scaleOf(record: DrillRecord): Scale {
  const fromMs = Date.parse(record.window.startedAt);
  const toMs = Math.max(Date.parse(record.window.endedAt), fromMs + 1000);
  return { fromMs, toMs, percent: (timeMs) => (100 * (timeMs - fromMs)) / (toMs - fromMs) };
}

function inside(scale: Scale, timeMs: number): boolean {
  return timeMs >= scale.fromMs && timeMs <= scale.toMs;
}

function axis(scale: Scale, bottom: number): readonly string[] {
  const quarters = [0, 0.25, 0.5, 0.75, 1];
  return quarters.flatMap((part) => {
    const anchor = part === 0 ? 'start' : part === 1 ? 'end' : 'middle';
    const words = sayDuration(part * (scale.toMs - scale.fromMs));
    const narrow = part === 0.25 || part === 0.75 ? ' class="wide-only"' : '';
    return [
      `<line class="grid" x1="${part * 100}%" x2="${part * 100}%" y1="${axisHeight - 4}" y2="${bottom}"/>`,
      `<text${narrow} x="${part * 100}%" y="12" text-anchor="${anchor}">${words}</text>`,
    ];
  });
}

function renderStep(request: {
  readonly step: StepRecord;
  readonly scale: Scale;
  readonly top: number;
  readonly record: DrillRecord;
}): string {
  const { step, scale, top, record } = request;
  const bars = step.attempts.map((attempt, index) => {
    const endMs = attempt.endedAt === undefined ? scale.toMs : Date.parse(attempt.endedAt);
    const last = index === step.attempts.length - 1;
    const tone = last ? step.outcome : 'failed';
    return bar({ fromMs: Date.parse(attempt.startedAt), toMs: endMs, scale, top: top + 16, kind: tone });
  });
  const waits = record.questions
    .filter(({ stepId, answeredAt }) => stepId === step.id && answeredAt !== undefined)
    .map(({ askedAt, answeredAt }) =>
      bar({
        fromMs: Date.parse(askedAt),
        toMs: Date.parse(answeredAt ?? askedAt),
        scale,
        top: top + 16,
        kind: 'wait',
      }),
    );
  const tookMs = step.attempts.reduce((sum, { durationMs }) => sum + (durationMs ?? 0), 0);
  return [
    `<text class="label" x="0" y="${top + 11}">${escapeHtml(`${step.number} ${step.title}`)} <tspan class="soft">${sayDuration(tookMs)}</tspan></text>`,
    `<rect class="track" x="0" y="${top + 16}" width="100%" height="${barHeight}" rx="3"/>`,
    ...bars,
    ...waits,
  ].join('\n');
}

function bar(request: {
  readonly fromMs: number;
  readonly toMs: number;
  readonly scale: Scale;
  readonly top: number;
  readonly kind: string;
}): string {
  const { scale, top, kind } = request;
  const width = Math.max(thinnestPercent, scale.percent(request.toMs) - scale.percent(request.fromMs));
  // At the very end a bar is pushed back into the chart.
  const x = Math.min(100 - thinnestPercent, Math.max(0, scale.percent(request.fromMs)));
  return `<rect class="bar ${kind}" x="${x.toFixed(2)}%" y="${top}" width="${Math.min(width, 100 - x).toFixed(2)}%" height="${barHeight}" rx="3"/>`;
}

function renderMark(request: {
  readonly mark: { readonly name: string; readonly atMs: number };
  readonly scale: Scale;
  readonly top: number;
}): string {
  const { mark, scale, top } = request;
  const at = scale.percent(mark.atMs);
  const late = at > 50;
  const words = `${mark.name.replaceAll('-', ' ')} ${sayDuration(mark.atMs - scale.fromMs)}`;
  return [
    `<line class="mark" x1="${at.toFixed(2)}%" x2="${at.toFixed(2)}%" y1="${axisHeight - 4}" y2="${top + 12}"/>`,
    `<text class="mark-name" x="${at.toFixed(2)}%" dx="${late ? -5 : 5}" y="${top + 12}" text-anchor="${late ? 'end' : 'start'}">${words}</text>`,
  ].join('\n');
}
