import fc from 'fast-check';
import stringWidth from 'string-width';
import { describe, expect, test } from 'vitest';
import { cleanText } from '../../src/base/clean-text.ts';
import { cellWidth, cutText, cutTextStart, padText, takeCells, wrapText } from '../../src/ui/cells.ts';

describe('Text in cells', () => {
  test('wide letters take two cells, marks take none', () => {
    expect(cellWidth('日本')).toBe(4);
    expect(cellWidth('e\u0301')).toBe(1);
    expect(cellWidth('✓ ▸ ✗')).toBe(5);
  });

  test.each([
    ['halfwidth kana with its mark', 'ｶﾞ', 2],
    ['Devanagari with its signs', 'नमस्ते', 3],
    ['a family, joined into one sign', '👨‍👩‍👧', 2],
    ['a sign shown as a picture', '✔️', 2],
    ['Hangul in pieces', '\u1112\u1161\u11ab', 2],
    ['a mark on its own letter', 'e\u0301', 1],
  ])('%s is as wide as a terminal shows it', (_, text, width) => {
    expect(cellWidth(text)).toBe(width);
    expect(cellWidth(padText(text, 9))).toBe(9);
    expect(cellWidth(cutText(text.repeat(5), 7))).toBeLessThanOrEqual(7);
  });

  test('widths are those of string-width, by which Ink lays out, with and without the short way for plain text', () => {
    const plain = Array.from({ length: 95 }, (_, index) => String.fromCodePoint(0x20 + index)).join('');
    for (const text of ['', plain, 'é', '│▸…', 'ｶﾞ', 'नमस्ते', '日本', 'ﷺ', '👩🏽‍💻', '1️⃣', 'Ａ'])
      expect(cellWidth(text), text).toBe(stringWidth(text));
  });

  test('and so for whatever else may be shown', () => {
    const letters = fc.oneof(
      fc.string({ unit: 'grapheme' }),
      fc.string({ unit: 'grapheme-ascii' }),
      fc.constantFrom('│ ', '…', 'e\u0301', '1\ufe0f\u20e3', 'ｶﾞ', '👨‍👩‍👧', '\u0600\u0031', 'ก\u0e33'),
    );
    fc.assert(
      fc.property(fc.array(letters, { maxLength: 6 }), (parts) => {
        const text = cleanText(parts.join(''));
        expect(cellWidth(text)).toBe(stringWidth(text));
      }),
      { numRuns: 2000 },
    );
  });

  test('the pieces of a text are together as wide as the text', () => {
    for (const text of ['ｶﾞｷﾞ abc', 'नमस्ते दुनिया', '👩‍💻 ✔️ ok', '日本語の名前'])
      for (let width = 0; width <= cellWidth(text) + 1; width += 1)
        expect(cellWidth(takeCells(text, width))).toBeLessThanOrEqual(width);
  });

  test('a text that is cut says so and fits', () => {
    expect(cutText('port_nimara_crm', 8)).toBe('port_ni…');
    expect(cellWidth(cutText('日本語の名前', 6))).toBeLessThanOrEqual(6);
    expect(cutText('short', 8)).toBe('short');
    expect(cutText('any', 0)).toBe('');
  });

  test('of what is being typed the end is seen', () => {
    expect(cutTextStart('port_nimara_crm', 6)).toBe('…a_crm');
  });

  test('a padded text is exactly as wide as asked', () => {
    for (const text of ['', 'a', '日本語', 'much too long for this'])
      expect(cellWidth(padText(text, 7))).toBe(7);
  });

  test('words are kept whole where they fit, and broken where they never would', () => {
    expect(wrapText('one two three', 8)).toEqual(['one two', 'three']);
    expect(wrapText('port_nimara_crm__restore_0742', 10)).toEqual(['port_nimar', 'a_crm__res', 'tore_0742']);
    expect(wrapText('', 10)).toEqual(['']);
  });
});
