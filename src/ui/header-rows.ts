import { formatDuration, formatSpan } from '../base/units.ts';
import type { View } from '../session/view.ts';
import { barSpans } from './progress-rows.ts';
import { cutSpan, endsRow, type Row, rowWidth, type Span, span } from './row.ts';
import { modeSigns } from './theme.ts';

/** Which mode, which system, where; then time and loss against what was promised. One look tells all of it. */
export function headerRows(request: { readonly view: View; readonly width: number }): readonly Row[] {
  return [identityRow(request), timeRow(request)];
}

function identityRow({ view, width }: { readonly view: View; readonly width: number }): Row {
  const mode = modeSigns[view.mode];
  const left: Row = [
    span(` ${mode.word} `, mode.badge),
    span(' '),
    span(view.title, 'strong'),
    ...seenAsSpans(view),
  ];
  const room = Math.max(0, width - rowWidth(left) - 4);
  return endsRow({ left, right: [cutSpan(view.target, { width: room, tone: 'quiet' }), span(' ')], width });
}

/** Nobody may take a record, or a run in other hands, for one that waits for keys. */
function seenAsSpans({ seenAs }: View): readonly Span[] {
  if (seenAs === undefined) return [];
  const words = seenAs.kind === 'record' ? 'RECORD, read only' : `WATCHED, driven by ${seenAs.by}`;
  return [span('  '), span(words, 'unsure')];
}

function timeRow({ view, width }: { readonly view: View; readonly width: number }): Row {
  const left = timeSpans(view);
  const right = lossSpans(view);
  const free = width - rowWidth(left) - rowWidth(right) - 5;
  if (view.rtoMs === undefined || free < 8) return endsRow({ left, right, width });
  const fraction = (view.nowMs - view.startedAtMs) / view.rtoMs;
  const bar = barSpans(fraction, Math.min(free, 30));
  return endsRow({ left: [...left, span('  '), ...bar], right, width });
}

function timeSpans(view: View): readonly Span[] {
  const elapsedMs = view.nowMs - view.startedAtMs;
  const elapsed = formatDuration(elapsedMs);
  if (view.rtoMs === undefined) return [span(' elapsed ', 'quiet'), span(elapsed, 'strong')];
  const over = elapsedMs - view.rtoMs;
  return [
    span(' elapsed ', 'quiet'),
    span(elapsed, over > 0 ? 'bad' : 'strong'),
    span(` of ${formatDuration(view.rtoMs)} RTO`, 'quiet'),
    ...(over > 0 ? [span(`, over by ${formatDuration(over)}`, 'bad')] : []),
  ];
}

function lossSpans(view: View): readonly Span[] {
  const promised = view.rpoMs === undefined ? '' : ` of ${formatSpan(view.rpoMs)} RPO`;
  if (view.lossMs === undefined) return [span(`loss not known yet${promised} `, 'quiet')];
  const over = view.rpoMs !== undefined && view.lossMs > view.rpoMs;
  return [
    span('loss ', 'quiet'),
    span(formatSpan(view.lossMs), over ? 'bad' : 'strong'),
    span(promised, 'quiet'),
    ...(over ? [span(', over', 'bad')] : []),
    span(' '),
  ];
}
