import type { Question, TableRow } from '../ports/operator.ts';
import { cellWidth, cleanText, padText } from './cells.ts';
import { cutRow, type Row, span } from './row.ts';

type RowQuestion = Extract<Question, { kind: 'choose-row' }>;

export function filterRows(question: RowQuestion, filter: string): readonly TableRow[] {
  const wanted = filter.toLowerCase();
  return question.rows.filter((row) =>
    [row.label, ...row.cells].some((cell) => cell.toLowerCase().includes(wanted)),
  );
}

/** Column widths that fit: the widest column gives way first, and none goes under four cells. */
export function fitColumns(wanted: readonly number[], room: number): readonly number[] {
  const widths = [...wanted];
  const used = () => widths.reduce((sum, width) => sum + width + 2, 0);
  while (used() > room) {
    const widest = Math.max(...widths);
    if (widest <= 4) break;
    widths[widths.indexOf(widest)] = widest - 1;
  }
  return widths;
}

// Numbers and sizes are read from their end.
const numeric = /^[\d.,]+( ?[kMGTP]?B)?$|^-$/;

function alignRight(question: RowQuestion, column: number): boolean {
  const cells = question.rows.map((row) => row.cells[column] ?? '').filter((cell) => cell !== '');
  return cells.length > 0 && cells.every((cell) => numeric.test(cell)) && cells.some((cell) => cell !== '-');
}

function cell(request: { readonly text: string; readonly width: number; readonly right: boolean }): string {
  const padded = padText(request.text, request.width);
  return request.right ? padded.trimEnd().padStart(request.width) : padded;
}

/** Cells at the end that say nothing: there the reason stands why a row cannot be taken. */
function saidCells(row: TableRow): readonly string[] {
  if (row.disabledBecause === undefined) return row.cells;
  const last = row.cells.findLastIndex((text) => text !== '' && text !== '-');
  return row.cells.slice(0, last + 1);
}

/** Room that a reason takes behind a row whose cells all say something. It is told in full under the table. */
const roomForReason = 14;

function reasonRoom(rows: readonly TableRow[]): number {
  const behind = rows.filter((row) => saidCells(row).length === row.cells.length);
  const lengths = behind.map((row) =>
    row.disabledBecause === undefined ? 0 : row.disabledBecause.length + 2,
  );
  return Math.min(roomForReason, Math.max(0, ...lengths));
}

/**
 * The table with its heading. Rows that cannot be taken stay in their place, dimmed, with the reason; the cursor may
 * stand on them, so that the whole reason can be read. ★ is the row that is proposed.
 */
export function tableRows(request: {
  readonly question: RowQuestion;
  readonly filter: string;
  readonly cursor: string | undefined;
  readonly width: number;
  readonly height: number;
}): readonly Row[] {
  const { question, width } = request;
  const left = filterRows(question, request.filter);
  const wanted = question.columns.map((column, index) =>
    Math.max(cellWidth(column), ...question.rows.map((row) => cellWidth(row.cells[index] ?? ''))),
  );
  const widths = fitColumns(wanted, width - 4 - reasonRoom(question.rows));
  const right = widths.map((_, index) => alignRight(question, index));
  const join = (cells: readonly string[]) =>
    cells
      .map((text, index) => cell({ text, width: widths[index] ?? 0, right: right[index] === true }))
      .join('  ');
  const rows = left.map((row): Row => {
    const here = row.value === request.cursor;
    const tone = row.disabledBecause !== undefined ? 'quiet' : here ? 'strong' : 'plain';
    const sign = [span(here ? ' ▸' : '  ', 'strong'), span(row.marked === true ? '★ ' : '  ', 'good')];
    const reason = row.disabledBecause === undefined ? '' : `  – ${cleanText(row.disabledBecause)}`;
    return cutRow([...sign, span(join(saidCells(row)), tone), span(reason, 'quiet')], width);
  });
  const at = Math.max(
    0,
    left.findIndex((row) => row.value === request.cursor),
  );
  const room = Math.max(1, request.height - 1);
  const first = Math.min(Math.max(0, at - Math.floor(room / 2)), Math.max(0, rows.length - room));
  const heading: Row = [span('    '), span(join(question.columns), 'quiet')];
  if (rows.length === 0)
    return [heading, [span(`    No row contains “${cleanText(request.filter)}”.`, 'quiet')]];
  return [cutRow(heading, width), ...rows.slice(first, first + room)];
}
