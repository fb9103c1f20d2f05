import { cleanText } from '../base/clean-text.ts';
import { escapeCell, escapeMarkdown, escapeStart } from './escape-markdown.ts';
import type { DrillRecord } from './record-schema.ts';
import { resultWords } from './result-words.ts';
import type { Block, Cell, Section } from './section.ts';
import { sectionsAbout } from './sections-about.ts';
import { sectionsAfter } from './sections-after.ts';
import { sectionsOfWork } from './sections-of-work.ts';

export function sectionsOf(record: DrillRecord): readonly Section[] {
  return [...sectionsAbout(record), ...sectionsOfWork(record), ...sectionsAfter(record)];
}

/** The record for a repository: readable as it is, and honest about what was not done. */
export function toMarkdown(record: DrillRecord): string {
  const lines = [
    `# ${escapeMarkdown(record.title)}`,
    '',
    `**Result: ${escapeMarkdown(resultWords(record))}**`,
    '',
    ...sectionsOf(record).flatMap(({ title, level, blocks }) => [
      `${'#'.repeat(level)} ${escapeMarkdown(title)}`,
      '',
      ...blocks.flatMap((block) => [...toLines(block), '']),
    ]),
  ];
  // A table of no rows or a list of no items leaves no hole behind.
  return `${lines
    .join('\n')
    .replace(/\n{3,}/g, '\n\n')
    .trimEnd()}\n`;
}

function toLines(block: Block): readonly string[] {
  switch (block.kind) {
    case 'facts':
      return table(
        ['', ''],
        block.rows.map(([label, cell]) => [escapeMarkdown(label), inline(cell)]),
      );
    case 'table':
      return table(
        block.head,
        block.rows.map((row) => row.map(inline)),
      );
    case 'list':
      return block.items.map((item) => `- ${escapeStart(inline(item))}`);
    case 'text':
      return [escapeStart(escapeMarkdown(block.text))];
    case 'commands':
      return block.lines.map((line) => `    $ ${cleanText(line)}`);
  }
}

function inline({ text, lead, tone, code }: Cell): string {
  if (code === true) return escapeMarkdown(`\`${text.replaceAll('`', "'")}\``);
  const words = escapeMarkdown(text);
  if (lead !== undefined) return `${tone === 'bad' ? `**${lead}**` : lead}: ${words}`;
  return tone === 'bad' ? `**${words}**` : words;
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): readonly string[] {
  const line = (cells: readonly string[]) => `| ${cells.map(escapeCell).join(' | ')} |`;
  return [line(head), line(head.map(() => '---')), ...rows.map(line)];
}
