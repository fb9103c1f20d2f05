import { cleanText } from '../base/clean-text.ts';

/** Signs that begin something in Markdown, wherever they stand; an underscore inside a word does not, and a sign between two words makes an address. */
const marks = /[\\*[\]|]|(?<![A-Za-z0-9])_|_(?![A-Za-z0-9])|~|(?<=[\w.+-])@/g;
/** What readers of Markdown make a link of without any mark (GFM, "Autolinks"). */
const bareLink = /(?:https?|ftp)(?=:\/\/)|www(?=\.)/gi;
/** What makes a heading, a quote, a list or a rule of a line that it begins. */
const atStart = /^(?:[#>+=-]|\d+(?=[.)]))/;

/**
 * One line of text in Markdown that reads as it was written: no link, no image, no markup but the code between backticks, which
 * our own sentences have (CommonMark 0.31, GFM 0.29).
 */
export function escapeMarkdown(text: string): string {
  // With runs of one alone, what is code for us is code for every reader.
  const parts = cleanText(text)
    .trim()
    .replace(/`{2,}/g, "'")
    .split(/(`[^`]*`)/);
  const escaped = parts.map((part, index) => (index % 2 === 1 ? part : escapePart(part)));
  return escaped.join('');
}

/** Of Markdown in a cell of a table: there a bar parts cells inside of code, too. */
export function escapeCell(markdown: string): string {
  return markdown.replace(/`[^`]*`/g, (code) => code.replaceAll('|', '\\|'));
}

/** Of a line of Markdown: what it begins with begins nothing else. */
export function escapeStart(markdown: string): string {
  return markdown.replace(atStart, (start) => (/^\d/.test(start) ? `${start}\\` : `\\${start}`));
}

function escapePart(text: string): string {
  return text
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replace(marks, (mark) => `\\${mark}`)
    .replace(bareLink, (start) => `${start}\\`);
}
