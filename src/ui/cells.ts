import { stripVTControlCharacters } from 'node:util';

/**
 * Text measured in terminal cells. Rows are cut and wrapped here rather than by the layout engine, because a pane
 * that scrolls has to know how many rows a paragraph takes before it is drawn.
 */
const segmenter = new Intl.Segmenter('en', { granularity: 'grapheme' });
const plainText = /^[\x20-\x7e]*$/;
const wide =
  /[\u1100-\u115f\u2e80-\u303e\u3041-\ua4cf\ua960-\ua97f\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6]|\p{Emoji_Presentation}|\ufe0f|[\u{20000}-\u{3fffd}]/u;
const zeroWidth = /^[\p{Mark}\u200b-\u200d\ufeff]+$/u;
// Direction marks can make a name read as another name: they are never shown.
const hidden = /\p{Cc}|[\u200e\u200f\u202a-\u202e\u2066-\u2069]/gu;

/** What may be shown of a text that comes from outside: one line, no escape sequence, no control character. */
export function cleanText(text: string): string {
  if (plainText.test(text)) return text;
  return stripVTControlCharacters(text).replace(/\t/g, '  ').replace(/\r?\n/g, ' ').replace(hidden, '');
}

function graphemeWidth(grapheme: string): number {
  if (zeroWidth.test(grapheme)) return 0;
  return wide.test(grapheme) ? 2 : 1;
}

export function cellWidth(text: string): number {
  if (plainText.test(text)) return text.length;
  let width = 0;
  for (const { segment } of segmenter.segment(text)) width += graphemeWidth(segment);
  return width;
}

/** The longest beginning that fits. */
export function takeCells(text: string, width: number): string {
  if (plainText.test(text)) return text.slice(0, Math.max(0, width));
  let taken = '';
  let used = 0;
  for (const { segment } of segmenter.segment(text)) {
    used += graphemeWidth(segment);
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
