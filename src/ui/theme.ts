import type { Mode } from '../base/mode.ts';
import type { Tone as ShownTone } from '../base/verdict.ts';
import type { StepStatus } from '../session/view.ts';
import { modeWord, statusTone } from '../session/words.ts';

/**
 * What a piece of text means. The eight basic colours only, and never a colour without a word beside it. Green, yellow and
 * cyan are too pale for words on a light background: they colour signs, bars and badges, while words are plain, bold, red or
 * magenta, which can be read on both.
 */
export type Tone =
  | ShownTone
  | 'plain'
  | 'strong'
  | 'line'
  | 'key'
  | 'now'
  | 'bar'
  | 'match'
  | 'cursor'
  | 'live'
  | 'drill'
  | 'tabletop'
  | 'live-badge'
  | 'drill-badge'
  | 'tabletop-badge';

/** The properties of Ink's Text that a tone may set. */
type Style = {
  readonly color?: 'black' | 'white' | 'red' | 'green' | 'yellow' | 'magenta' | 'cyan';
  /** Where the background is ours, the letters on it are too: it reads the same on light and dark terminals. */
  readonly backgroundColor?: 'red' | 'yellow' | 'cyan';
  readonly dimColor?: boolean;
  readonly bold?: boolean;
  readonly inverse?: boolean;
};

const styles: Readonly<Record<Tone, Style>> = {
  plain: {},
  strong: { bold: true },
  quiet: { dimColor: true },
  line: { dimColor: true },
  key: { bold: true },
  good: { color: 'green' },
  bad: { color: 'red', bold: true },
  unsure: { color: 'magenta' },
  now: { bold: true },
  bar: { color: 'cyan' },
  match: { inverse: true },
  cursor: { bold: true },
  live: { color: 'red' },
  drill: { color: 'yellow' },
  tabletop: { color: 'cyan' },
  'live-badge': { color: 'white', backgroundColor: 'red', bold: true },
  'drill-badge': { color: 'black', backgroundColor: 'yellow' },
  'tabletop-badge': { color: 'black', backgroundColor: 'cyan' },
};

/** Of a step and of a check: the verdicts of both are the same. */
export const statusSigns: Readonly<Record<StepStatus, { readonly symbol: string; readonly tone: Tone }>> = {
  pending: sign(' ', 'pending'),
  running: sign('▸', 'running'),
  interrupted: sign('?', 'interrupted'),
  passed: sign('✓', 'passed'),
  'could-not-verify': sign('?', 'could-not-verify'),
  failed: sign('✗', 'failed'),
  'not-checked': sign('–', 'not-checked'),
  skipped: sign('–', 'skipped'),
};

function sign(symbol: string, status: StepStatus) {
  return { symbol, tone: statusTone(status) };
}

export const modeSigns: Readonly<
  Record<Mode, { readonly word: string; readonly tone: Tone; readonly badge: Tone }>
> = {
  live: { word: modeWord('live'), tone: 'live', badge: 'live-badge' },
  drill: { word: modeWord('drill'), tone: 'drill', badge: 'drill-badge' },
  tabletop: { word: modeWord('tabletop'), tone: 'tabletop', badge: 'tabletop-badge' },
};

// Each stands for one cell, so that the same layout serves both alphabets.
const asciiForms: Readonly<Record<string, string>> = {
  '✓': '+',
  '▸': '>',
  '✗': 'x',
  '–': '-',
  '—': '-',
  '·': '-',
  '…': '~',
  '→': '>',
  '›': '>',
  '‹': '<',
  '★': '*',
  '█': '#',
  '░': '.',
  '│': '|',
  '─': '-',
  '┬': '+',
  '┴': '+',
  '↑': '^',
  '↓': 'v',
  '←': '<',
  '’': "'",
  '‘': "'",
  '“': '"',
  '”': '"',
  '×': 'x',
};

export type Theme = {
  style(tone: Tone): Style;
  /** The text as this terminal can show it. */
  print(text: string): string;
};

export function createTheme(options: { readonly color: boolean; readonly ascii: boolean }): Theme {
  return {
    style(tone) {
      const style = styles[tone];
      if (options.color) return style;
      const { color: _dropped, backgroundColor, ...rest } = style;
      // Without colours LIVE still cannot be missed: it alone is reversed.
      return backgroundColor === 'red' ? { ...rest, inverse: true } : rest;
    },
    print: (text) =>
      options.ascii ? text.replace(/[^\x20-\x7e]/gu, (glyph) => asciiForms[glyph] ?? glyph) : text,
  };
}
