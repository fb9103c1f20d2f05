import { describe, expect, test } from 'vitest';
import { createTheme, modeSigns, statusSigns, type Tone } from '../../src/ui/theme.ts';

/** The eight basic colours as common terminals draw them. */
const palettes = {
  xterm: {
    black: '000000',
    red: 'cd0000',
    magenta: 'cd00cd',
    yellow: 'cdcd00',
    cyan: '00cdcd',
    white: 'e5e5e5',
  },
  vscode: {
    black: '000000',
    red: 'cd3131',
    magenta: 'bc05bc',
    yellow: '949800',
    cyan: '0598bc',
    white: 'e5e5e5',
  },
  gnome: {
    black: '171421',
    red: 'c01c28',
    magenta: 'a347ba',
    yellow: 'a2734c',
    cyan: '2aa1b3',
    white: 'd0cfcc',
  },
} as const;

/** Tones that carry words; the others only colour a sign, a bar or a rule beside words. */
const wordTones: readonly Tone[] = [
  'plain',
  'strong',
  'bad',
  'unsure',
  'live-badge',
  'drill-badge',
  'tabletop-badge',
];

function luminance(hex: string): number {
  const [red = 0, green = 0, blue = 0] = [0, 2, 4].map((at) => {
    const value = Number.parseInt(hex.slice(at, at + 2), 16) / 255;
    return value <= 0.03928 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}

function contrast(one: string, other: string): number {
  const [light = 0, dark = 0] = [luminance(one), luminance(other)].sort((a, b) => b - a);
  return (light + 0.05) / (dark + 0.05);
}

describe('Colours', () => {
  test('words can be read on light and dark backgrounds, in the palettes of common terminals', () => {
    const theme = createTheme({ color: true, ascii: false });
    const unreadable = Object.entries(palettes).flatMap(([name, palette]) =>
      (['000000', 'ffffff'] as const).flatMap((background) =>
        wordTones.flatMap((tone) => {
          const { color, backgroundColor } = theme.style(tone);
          const text =
            color === undefined ? (background === '000000' ? 'ffffff' : '000000') : palette[color as 'red'];
          const under = backgroundColor === undefined ? background : palette[backgroundColor];
          const ratio = contrast(text, under);
          return ratio >= 3 ? [] : [`${tone} in ${name} on ${background}: ${ratio.toFixed(1)}`];
        }),
      ),
    );
    expect(unreadable).toEqual([]);
  });

  test('only the basic colours are used, whatever the terminal could do', () => {
    const theme = createTheme({ color: true, ascii: false });
    const basic = ['black', 'white', 'red', 'green', 'yellow', 'magenta', 'cyan', undefined];
    const tones: readonly Tone[] = [
      ...wordTones,
      'quiet',
      'line',
      'key',
      'good',
      'now',
      'bar',
      'match',
      'cursor',
    ];
    for (const tone of tones) expect(basic).toContain(theme.style(tone).color);
  });

  test('without colours LIVE is still reversed, and nothing else is but what is searched for', () => {
    const theme = createTheme({ color: false, ascii: false });
    expect(theme.style('live-badge')).toEqual({ bold: true, inverse: true });
    expect(theme.style('drill-badge')).toEqual({});
    expect(theme.style('bad')).toEqual({ bold: true });
  });

  test('every sign has an ASCII form, and every mode a word', () => {
    const theme = createTheme({ color: false, ascii: true });
    const signs = Object.values(statusSigns).map(({ symbol }) => symbol);
    for (const sign of signs) expect(theme.print(sign)).toMatch(/^[\x20-\x7e]$/);
    expect(Object.values(modeSigns).map(({ word }) => word)).toEqual(['LIVE', 'DRILL', 'TABLETOP']);
  });
});
