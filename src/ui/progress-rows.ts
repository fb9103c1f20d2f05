import type { ProgressView } from '../session/view.ts';
import { cellWidth, cutText, padText } from './cells.ts';
import { paragraph, type Row, type Span, span } from './row.ts';

/** A bar of this many cells; one cell is only filled when it is wholly done, so that 99 % never looks like 100 %. */
export function barSpans(fraction: number, width: number): readonly Span[] {
  const filled = Math.floor(Math.min(1, Math.max(0, fraction)) * width + 1e-9);
  return [span('█'.repeat(filled), 'bar'), span('░'.repeat(Math.max(0, width - filled)), 'quiet')];
}

const narrowestBar = 10;
const widestBar = 40;

/**
 * entries  ███████████████░░░░░░░░░  128 of 201 · about 2:50 left
 * All labels of one list take the same column; the words go under the bar where both do not fit beside each other.
 */
export function progressRows(request: {
  readonly progress: readonly ProgressView[];
  readonly width: number;
}): readonly Row[] {
  const label = Math.min(14, Math.max(0, ...request.progress.map((bar) => cellWidth(bar.label))));
  const longest = Math.max(0, ...request.progress.map((bar) => cellWidth(bar.text)));
  const beside = request.width - label - 2 - longest - 2;
  return request.progress.flatMap((bar) => {
    const name = span(`${padText(bar.label, label)}  `, 'quiet');
    const under = span(' '.repeat(label + 2));
    const rows = renderBar({ bar, name, under, room: request.width - label - 2, beside });
    if (bar.stalled === undefined) return rows;
    const sign: Row = [under, span('? ', 'unsure')];
    return [...rows, ...paragraph({ text: bar.stalled, width: request.width, prefix: sign, tone: 'unsure' })];
  });
}

function renderBar(request: {
  readonly bar: ProgressView;
  readonly name: Span;
  readonly under: Span;
  readonly room: number;
  readonly beside: number;
}): readonly Row[] {
  const { bar, name, under, room } = request;
  if (bar.fraction === undefined) return [[name, span(cutText(bar.text, room))]];
  if (request.beside >= narrowestBar) {
    return [[name, ...barSpans(bar.fraction, Math.min(request.beside, widestBar)), span(`  ${bar.text}`)]];
  }
  const percent = `${Math.floor(bar.fraction * 100 + 1e-9)} %`.padStart(5);
  return [
    [name, ...barSpans(bar.fraction, Math.min(room - 6, widestBar)), span(` ${percent}`)],
    [under, span(cutText(bar.text, room))],
  ];
}
