import type { View } from '../session/view.ts';
import { lossWords, recordWords, timeWords } from '../session/words.ts';
import { barSpans } from './progress-rows.ts';
import { cutSpan, endsRow, type Row, rowWidth, type Span, span } from './row.ts';
import { modeSigns } from './theme.ts';

/** Which mode, which system, where; then time and loss against what was promised. One look tells all of it. */
export function headerRows(request: { readonly view: View; readonly width: number }): readonly Row[] {
  return [identityRow(request), timeRow(request)];
}

function identityRow({ view, width }: { readonly view: View; readonly width: number }): Row {
  const mode = modeSigns[view.mode];
  const record = recordWords(view);
  const left: Row = [
    span(` ${mode.word} `, mode.badge),
    span(' '),
    span(view.title, 'strong'),
    ...(record === undefined ? [] : [span('  '), span(record, 'unsure')]),
  ];
  const room = Math.max(0, width - rowWidth(left) - 4);
  return endsRow({ left, right: [cutSpan(view.target, { width: room, tone: 'quiet' }), span(' ')], width });
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
  const { spent, promised, over } = timeWords(view);
  return [
    span(' elapsed ', 'quiet'),
    span(spent, over === undefined ? 'strong' : 'bad'),
    ...(promised === undefined ? [] : [span(promised, 'quiet')]),
    ...(over === undefined ? [] : [span(over, 'bad')]),
  ];
}

function lossSpans(view: View): readonly Span[] {
  const { spent, promised = '', over } = lossWords(view);
  if (spent === undefined) return [span(`loss not known yet${promised} `, 'quiet')];
  return [
    span('loss ', 'quiet'),
    span(spent, over === undefined ? 'strong' : 'bad'),
    span(promised, 'quiet'),
    ...(over === undefined ? [] : [span(over, 'bad')]),
    span(' '),
  ];
}
