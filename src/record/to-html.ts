import { formatSpan } from '../base/units.ts';
import { escapeHtml } from './escape-html.ts';
import { htmlStyle } from './html-style.ts';
import type { DrillRecord } from './record-schema.ts';
import { resultTone, resultWords } from './result-words.ts';
import { sayDuration } from './say-duration.ts';
import type { Block, Cell } from './section.ts';
import { renderTimeline } from './timeline-chart.ts';
import { sectionsOf } from './to-markdown.ts';

/** The record for people: one file, no script, nothing loaded from elsewhere. */
export function toHtml(record: DrillRecord): string {
  const sections = sectionsOf(record).map(({ title, level, blocks }) =>
    [`<h${level}>${escapeHtml(title)}</h${level}>`, ...blocks.map((block) => toMarkup(block))].join('\n'),
  );
  return [
    '<!doctype html>',
    '<html lang="en">',
    '<head>',
    '<meta charset="utf-8">',
    '<meta name="viewport" content="width=device-width, initial-scale=1">',
    '<meta name="color-scheme" content="light dark">',
    `<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">`,
    `<title>${escapeHtml(`${record.mode.toUpperCase()}: ${record.runId}`)}</title>`,
    `<style>${htmlStyle}</style>`,
    '</head>',
    '<body>',
    '<main>',
    `<span class="mode ${record.mode}">${record.mode.toUpperCase()}</span>`,
    `<h1>${escapeHtml(record.title)}</h1>`,
    `<p class="${resultTone(record)}"><strong>${escapeHtml(resultWords(record))}</strong></p>`,
    cards(record),
    timeline(record),
    ...sections,
    '</main>',
    '</body>',
    '</html>',
    '',
  ].join('\n');
}

function cards({ rto, rpo, window, steps, mode }: DrillRecord): string {
  const measured = (name: string, ...[measure, format]: [Measure, (ms: number) => string]) =>
    card(name, saysMeasure(measure, format));
  const done = steps.filter(
    ({ outcome }) => outcome === (mode === 'tabletop' ? 'discussed' : 'passed'),
  ).length;
  return [
    '<ul class="cards">',
    measured('RTO', rto, sayDuration),
    measured('RPO', rpo, formatSpan),
    card('Steps', {
      big: `${done} of ${steps.length}`,
      small: mode === 'tabletop' ? 'discussed' : 'verified',
    }),
    card('Elapsed', {
      big: sayDuration(window.elapsedMs),
      small: `${sayDuration(window.waitedForOperatorMs)} waiting for answers`,
    }),
    '</ul>',
  ].join('\n');
}

type Measure = Pick<DrillRecord['rto'], 'targetMs' | 'actualMs' | 'met' | 'notReached'>;

function saysMeasure(measure: Measure, format: (ms: number) => string): Parameters<typeof card>[1] {
  const { targetMs, actualMs, met, notReached } = measure;
  const target = `the target of ${format(targetMs)}`;
  if (notReached !== undefined)
    return { big: 'not reached', small: `${format(notReached.spentMs)} spent of ${target}`, tone: 'bad' };
  if (actualMs === undefined) return { big: 'not measured', small: `target ${format(targetMs)}` };
  if (met === undefined)
    return { big: format(actualMs), small: `${target}; nothing is proven of the restore`, tone: 'unsure' };
  const words = `${met ? 'within' : 'MORE THAN'} ${target}`;
  return { big: format(actualMs), small: words, tone: met ? 'good' : 'bad' };
}

function card(
  name: string,
  says: { readonly big: string; readonly small: string; readonly tone?: string },
): string {
  const tone = says.tone === undefined ? '' : ` class="${says.tone}"`;
  return `<li>${escapeHtml(name)}<b${tone}>${escapeHtml(says.big)}</b><span>${escapeHtml(says.small)}</span></li>`;
}

function toMarkup(block: Block): string {
  switch (block.kind) {
    case 'facts':
      return `<table class="facts"><tbody>${block.rows
        .map(([label, cell]) => `<tr><th scope="row">${escapeHtml(label)}</th>${toCell(cell, '')}</tr>`)
        .join('\n')}</tbody></table>`;
    case 'table':
      return [
        `<table><thead><tr>${block.head.map((name) => `<th scope="col">${escapeHtml(name)}</th>`).join('')}</tr></thead><tbody>`,
        ...block.rows.map(
          (row) => `<tr>${row.map((cell, index) => toCell(cell, block.head[index] ?? '')).join('')}</tr>`,
        ),
        '</tbody></table>',
      ].join('\n');
    case 'list':
      return `<ul>${block.items.map((item) => `<li>${toWords(item)}</li>`).join('\n')}</ul>`;
    case 'text':
      return `<p>${escapeHtml(block.text).replace(/`([^`]+)`/g, '<code>$1</code>')}</p>`;
    case 'commands':
      return `<pre>${block.lines.map((line) => `$ ${escapeHtml(line)}`).join('\n')}</pre>`;
  }
}

function toCell(cell: Cell, label: string): string {
  return `<td data-label="${escapeHtml(label)}">${toWords(cell)}</td>`;
}

function toWords({ text, lead, tone, code }: Cell): string {
  const words = escapeHtml(text);
  if (lead !== undefined) return `<span class="${tone ?? 'quiet'}">${escapeHtml(lead)}</span>: ${words}`;
  if (code === true) return `<code>${words}</code>`;
  return tone === undefined ? words : `<span class="${tone}">${words}</span>`;
}

function timeline(record: DrillRecord): string {
  const chart = renderTimeline(record);
  if (chart === '') return '<p class="quiet">No step was begun.</p>';
  const legend = [
    ['var(--good-bar)', 'verified'],
    ['var(--unsure-bar)', 'could not verify'],
    ['var(--bad-bar)', 'failed'],
    ['var(--quiet-bar)', record.mode === 'tabletop' ? 'discussed' : 'not executed'],
  ].map(([color, word]) => `<li><i style="background:${color}"></i>${word}</li>`);
  return `${chart}\n<ul class="legend">${legend.join('')}<li><i class="w"></i>waiting for an answer</li></ul>`;
}
