import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { cleanJson, cleanText } from '../../src/base/clean-text.ts';

/** What acts on a terminal, turns the direction of what is read, begins a line, or is there and not seen. */
const acting = /\p{Cc}|[\u061c\u200e\u200f\u2028-\u202e\u2066-\u206f\ufff9-\ufffb\u{e0000}-\u{e007f}]/u;

const anything = fc.array(
  fc.oneof(
    fc.string({ unit: 'binary', maxLength: 4 }),
    fc.constantFrom(
      '\u001b[2J',
      '\u001b]0;title\u0007',
      '\u009b1A',
      '\u202e',
      '\r\n',
      '\u2028',
      '\u{e0041}',
      '\t',
    ),
  ),
  { maxLength: 8 },
);

describe('text from outside', () => {
  test('is one line that neither acts nor hides, and stays so', () => {
    fc.assert(
      fc.property(anything, (parts) => {
        const clean = cleanText(parts.join(''));
        expect(clean).not.toMatch(acting);
        expect(cleanText(clean)).toBe(clean);
      }),
    );
  });

  test('as JSON says the same, and neither acts nor hides', () => {
    fc.assert(
      fc.property(anything, (parts) => {
        const value = { [parts.join('')]: parts };
        const json = cleanJson(JSON.stringify(value));
        expect(json).not.toMatch(acting);
        expect(JSON.parse(json)).toEqual(value);
      }),
    );
  });

  test('shows where something was', () => {
    expect(cleanText('\u001b[31mred\u001b[0m\u0007')).toBe('red\u{fffd}');
    expect(cleanText('crm\u202eevil')).toBe('crm\u{fffd}evil');
    expect(cleanText('a\tb\r\nc\u2028d')).toBe('a  b c d');
    expect(cleanText('Größe, 日本語, 👩‍💻')).toBe('Größe, 日本語, 👩‍💻');
  });
});
