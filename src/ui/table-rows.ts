import { cleanText } from '../base/clean-text.ts';
import type { Question, TableRow } from '../ports/operator.ts';
import { cellWidth, padText } from './cells.ts';
import { cutRow, type Row, span } from './row.ts';

type RowQuestion = Extract<Question, { kind: 'choose-row' }>;

export function filterRows(question: RowQuestion, filter: string): readonly TableRow[] {
  const wanted = filter.toLowerCase();
  return question.rows.filter((row) =>
    [row.label, ...row.cells].some((cell) => cell.toLowerCase().includes(wanted)),
  );
}

type Column = {
  /** Of its longest cell, or of its heading. */
  readonly wanted: number;
  readonly heading: number;
  /** 0 is never cut while there is room for it alone; the highest goes first. */
  readonly rank: number;
};

/** Between two columns. */
const gap = 2;

/** A longer cell is a name or a sentence: half of it still says something, unlike half of a time or a size. */
const longestNumber = 12;

/** Column widths that fit; undefined for a column that is left out. The less it matters, the earlier it goes. */
function fitColumns(columns: readonly Column[], room: number): readonly (number | undefined)[] {
  const widths: (number | undefined)[] = columns.map(({ wanted }) => wanted);
  const over = () => {
    const shown = widths.filter((width) => width !== undefined);
    return shown.reduce((sum, width) => sum + width + gap, -gap) - room;
  };
  const order = [...columns.keys()].sort((a, b) => rankOf(columns, b) - rankOf(columns, a) || b - a);
  for (const index of order) {
    const column = columns[index];
    if (column === undefined || over() <= 0) break;
    const least = Math.max(column.heading, longestNumber);
    if (column.rank === 0) widths[index] = Math.max(1, column.wanted - over());
    else widths[index] = column.wanted - over() >= least ? column.wanted - over() : undefined;
  }
  return widths;
}

function rankOf(columns: readonly Column[], index: number): number {
  return columns[index]?.rank ?? 0;
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
  const columns = question.columns.map((column, index) => ({
    wanted: Math.max(cellWidth(column), ...question.rows.map((row) => cellWidth(row.cells[index] ?? ''))),
    heading: cellWidth(column),
    rank: question.ranks?.[index] ?? index,
  }));
  const most = columns.filter(({ rank }) => rank === 0).reduce((sum, { wanted }) => sum + wanted + gap, -gap);
  const wide = width - 4;
  // A reason is told in full under the table, too: it takes no room from what matters most.
  const widths = fitColumns(columns, Math.max(wide - reasonRoom(question.rows), Math.min(wide, most)));
  const right = widths.map((_, index) => alignRight(question, index));
  const join = (cells: readonly string[]) =>
    cells
      .flatMap((text, index) => {
        const width = widths[index];
        return width === undefined ? [] : [cell({ text, width, right: right[index] === true })];
      })
      .join(' '.repeat(gap));
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
  if (rows.length === 0) return [heading, [span(`    No row contains “${request.filter}”.`, 'quiet')]];
  return [cutRow(heading, width), ...rows.slice(first, first + room)];
}
