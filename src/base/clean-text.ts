import { stripVTControlCharacters } from 'node:util';

/**
 * The one exit for text that is shown: keys, table names, what programs print, messages of servers come from outside. A control
 * character moves the cursor or speaks to the terminal, a direction mark makes a name read as another one, a line break begins a line
 * that could pass for one of ours (docs/decisions/0065-text-that-is-shown.md).
 */

/** Unicode's line breaks (UAX 14, BK, CR, LF, NL). */
const breaks = /\r?\n|[\r\v\f\u0085\u2028\u2029]/gu;
/** Controls (Cc), marks that turn the direction or order of what is read, and tags, which nobody sees. */
const hidden = /\p{Cc}|[\u061c\u200e\u200f\u202a-\u202e\u2066-\u206f\ufff9-\ufffb]|[\u{e0000}-\u{e007f}]/gu;

const hiddenInJson = new RegExp(`${hidden.source}|[\\u2028\\u2029]`, 'gu');
const suspicious = new RegExp(`${breaks.source}|${hidden.source}`, 'u');

/** One line. Escape sequences go; what else would act or hide is shown as U+FFFD; a line break is a space. */
export function cleanText(text: string): string {
  if (!suspicious.test(text)) return text;
  return stripVTControlCharacters(text).replace(/\t/g, '  ').replace(breaks, ' ').replace(hidden, '\u{fffd}');
}

/** JSON that says the same and may be looked at: what would act or hide, and JSON leaves as it is, is escaped. */
export function cleanJson(json: string): string {
  return json.replace(hiddenInJson, (sign) => (sign < ' ' ? sign : escapeUnits(sign)));
}

function escapeUnits(text: string): string {
  const units = Array.from({ length: text.length }, (_, index) => text.charCodeAt(index));
  return units.map((unit) => `\\u${unit.toString(16).padStart(4, '0')}`).join('');
}
