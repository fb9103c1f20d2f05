import { describe, expect, test } from 'vitest';
import { cellWidth, cleanText, cutText, cutTextStart, padText, wrapText } from '../../src/ui/cells.ts';

describe('Text in cells', () => {
  test('wide letters take two cells, marks take none', () => {
    expect(cellWidth('日本')).toBe(4);
    expect(cellWidth('e\u0301')).toBe(1);
    expect(cellWidth('✓ ▸ ✗')).toBe(5);
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

  test('nothing that steers a terminal or turns a name around is shown', () => {
    expect(cleanText('\u001b[31mred\u001b[0m\u0007')).toBe('red');
    expect(cleanText('crm\u202eevil')).toBe('crmevil');
    expect(cleanText('a\tb\nc')).toBe('a  b c');
  });
});
