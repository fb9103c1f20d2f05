import { cleanText } from '../base/clean-text.ts';
import { cellWidth, cutText, takeCells, wrapText } from './cells.ts';
import type { Tone } from './theme.ts';

/** One row of the screen as data: pieces of text, each with a meaning that the theme turns into a colour. */
export type Span = { readonly text: string; readonly tone: Tone };
export type Row = readonly Span[];

export const blankRow: Row = [];

export function span(text: string, tone: Tone = 'plain'): Span {
  return { text: cleanText(text), tone };
}

export function rowWidth(row: Row): number {
  return row.reduce((sum, piece) => sum + cellWidth(piece.text), 0);
}

/** Cut with … where it does not fit. */
export function cutRow(row: Row, width: number): Row {
  if (rowWidth(row) <= width) return row;
  const kept: Span[] = [];
  let left = Math.max(0, width - 1);
  for (const piece of row) {
    const text = takeCells(piece.text, left);
    kept.push({ ...piece, text });
    left -= cellWidth(text);
    if (text !== piece.text) {
      kept.push({ ...piece, text: width > 0 ? '…' : '' });
      break;
    }
    if (left === 0) {
      kept.push({ ...piece, text: width > 0 ? '…' : '' });
      break;
    }
  }
  return kept;
}

/** One part at each end; the left part gives way where both do not fit. */
export function endsRow(parts: { readonly left: Row; readonly right: Row; readonly width: number }): Row {
  const right = cutRow(parts.right, Math.max(0, Math.floor(parts.width * 0.7)));
  const room = parts.width - rowWidth(right) - (right.length > 0 ? 2 : 0);
  const left = cutRow(parts.left, Math.max(0, room));
  const gap = parts.width - rowWidth(left) - rowWidth(right);
  return [...left, span(' '.repeat(Math.max(0, gap))), ...right];
}

/** A text over as many rows as it needs; rows after the first stand under the text, not under the prefix. */
export function paragraph(request: {
  readonly text: string;
  readonly width: number;
  readonly tone?: Tone;
  readonly prefix?: Row;
}): readonly Row[] {
  const prefix = request.prefix ?? [];
  const indent = rowWidth(prefix);
  return wrapText(request.text, request.width - indent).map((line, index) => [
    ...(index === 0 ? prefix : indent > 0 ? [span(' '.repeat(indent))] : []),
    span(line, request.tone),
  ]);
}

/** Several rows for a text that has its own line breaks. */
export function lines(request: {
  readonly text: string;
  readonly width: number;
  readonly tone?: Tone;
}): readonly Row[] {
  return request.text.split(/\r?\n/).flatMap((text) => paragraph({ ...request, text }));
}

export function textRow(text: string, tone: Tone = 'plain'): Row {
  return [span(text, tone)];
}

export function cutSpan(text: string, options: { readonly width: number; readonly tone?: Tone }): Span {
  return span(cutText(text, options.width), options.tone);
}

/** ───┬─── with the joints where a column of │ begins or ends. */
export function ruleRow(rule: {
  readonly width: number;
  readonly tone?: Tone;
  readonly joint?: { readonly at: number; readonly glyph: '┬' | '┴' };
}): Row {
  if (rule.joint === undefined) return [span('─'.repeat(rule.width), rule.tone ?? 'line')];
  const after = rule.width - rule.joint.at - 1;
  const text = `${'─'.repeat(rule.joint.at)}${rule.joint.glyph}${'─'.repeat(Math.max(0, after))}`;
  return [span(text, rule.tone ?? 'line')];
}

/** The part of a long list that is seen, with a word about what is not. */
export function windowRows(request: {
  readonly rows: readonly Row[];
  readonly height: number;
  readonly scroll: number;
}): { readonly rows: readonly Row[]; readonly scroll: number; readonly last: number } {
  const last = Math.max(0, request.rows.length - request.height);
  const scroll = Math.min(Math.max(0, request.scroll), last);
  return { rows: request.rows.slice(scroll, scroll + request.height), scroll, last };
}
