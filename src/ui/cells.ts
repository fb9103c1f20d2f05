import stringWidth from 'string-width';
import { cleanText } from '../base/clean-text.ts';

/**
 * Text measured in terminal cells. Rows are cut and wrapped here rather than by the layout engine, because a pane
 * that scrolls has to know how many rows a paragraph takes before it is shown.
 */
const segmenter = new Intl.Segmenter('en', { granularity: 'grapheme' });
const plainText = /^[\x20-\x7e]*$/;

/**
 * Runs of plain letters, and what stands between them with the one letter before it: a mark may belong to that. Counting a frame letter
 * by letter took a hundred times as long as this.
 */
const pieces = /[\x20-\x7e]+(?![^\x20-\x7e])|[\x20-\x7e]?[^\x20-\x7e]+/g;
const mostKnown = 4096;
const known = new Map<string, number>();

/** As Ink counts them when it lays out and writes a row. */
export function cellWidth(text: string): number {
  if (plainText.test(text)) return text.length;
  let width = 0;
  for (const [piece] of text.matchAll(pieces))
    width += plainText.test(piece) ? piece.length : widthOfPiece(piece);
  return width;
}

/** Frames, signs and ellipses come again and again. */
function widthOfPiece(piece: string): number {
  const before = known.get(piece);
  if (before !== undefined) return before;
  const width = stringWidth(piece);
  if (known.size >= mostKnown) known.clear();
  if (piece.length <= 16) known.set(piece, width);
  return width;
}

/** The longest beginning that fits. */
export function takeCells(text: string, width: number): string {
  if (plainText.test(text)) return text.slice(0, Math.max(0, width));
  let taken = '';
  let used = 0;
  for (const { segment } of segmenter.segment(text)) {
    used += cellWidth(segment);
    if (used > width) break;
    taken += segment;
  }
  return taken;
}

/** Cut with … where it does not fit. */
export function cutText(text: string, width: number): string {
  const clean = cleanText(text);
  if (cellWidth(clean) <= width) return clean;
  return width < 1 ? '' : `${takeCells(clean, width - 1).trimEnd()}…`;
}

/** The end of a text rather than its beginning: what somebody is typing right now. */
export function cutTextStart(text: string, width: number): string {
  const clean = cleanText(text);
  if (cellWidth(clean) <= width) return clean;
  const graphemes = [...segmenter.segment(clean)].map(({ segment }) => segment);
  let kept = '';
  for (const grapheme of graphemes.reverse()) {
    if (cellWidth(grapheme + kept) > width - 1) break;
    kept = grapheme + kept;
  }
  return `…${kept}`;
}

/** Exactly this wide: cut, or filled with blanks. */
export function padText(text: string, width: number): string {
  const cut = cutText(text, width);
  return cut + ' '.repeat(Math.max(0, width - cellWidth(cut)));
}

/** Between words where possible; a word longer than the width is broken. Never empty: '' gives one empty line. */
export function wrapText(text: string, width: number): readonly string[] {
  const room = Math.max(1, width);
  const lines: string[] = [];
  let line = '';
  for (const word of cleanText(text).split(' ')) {
    const longer = line === '' ? word : `${line} ${word}`;
    if (cellWidth(longer) <= room) {
      line = longer;
      continue;
    }
    if (line !== '') lines.push(line);
    let rest = word;
    while (cellWidth(rest) > room) {
      const piece = takeCells(rest, room);
      if (piece === '') break;
      lines.push(piece);
      rest = rest.slice(piece.length);
    }
    line = rest;
  }
  lines.push(line);
  return lines;
}
