import type { IBufferCell, Terminal } from '@xterm/headless';

/** One cell is this large; a common monospace font at 14 is 8.43 wide, and the rows stand close enough for lines to meet. */
const cell = { width: 8.43, height: 18 } as const;
const fontSize = 14;
const margin = 14;

/** A terminal's own colours: the program names only the eight basic ones, bold and dim. */
export type Ground = {
  readonly ground: string;
  readonly ink: string;
  readonly strongInk: string;
  readonly quietInk: string;
  /** Black, red, green, yellow, blue, magenta, cyan, white. */
  readonly palette: readonly string[];
};

export const dark: Ground = {
  ground: '#15181e',
  ink: '#cfd5de',
  strongInk: '#ffffff',
  quietInk: '#7f8997',
  palette: ['#15181e', '#e5534b', '#7ed491', '#e6c15c', '#7aa8ff', '#d58cf0', '#63cbd8', '#ffffff'],
};

/** As the default of xterm, whose green, yellow and cyan are the palest on white. */
export const light: Ground = {
  ground: '#ffffff',
  ink: '#1d2129',
  strongInk: '#000000',
  quietInk: '#6b7280',
  palette: ['#000000', '#cd0000', '#00cd00', '#cdcd00', '#0000ee', '#cd00cd', '#00cdcd', '#e5e5e5'],
};

type Look = {
  readonly color: string;
  readonly behind: string | undefined;
  readonly bold: boolean;
};

type Run = Look & { readonly column: number; readonly text: string; readonly cells: number };

/** What a terminal shows right now as a drawing: each run of cells that look alike is one text, held to the grid. */
export function renderSvg(terminal: Terminal, title: string, ...[on = dark]: [Ground?]): string {
  return frameSvg({ terminal, title, on, inside: renderRows(terminal, on) });
}

/** The rows of one picture, without a frame around them. */
export function renderRows(terminal: Terminal, on: Ground): readonly string[] {
  const { active } = terminal.buffer;
  const rows = Array.from({ length: shownRows(terminal) }, (_, row) => {
    const line = active.getLine(active.baseY + row);
    const cells = Array.from({ length: terminal.cols }, (__, column) => line?.getCell(column));
    return joinRuns(cells, on)
      .map((run) => renderRun(run, row))
      .join('');
  });
  return rows.filter((row) => row !== '');
}

/** A full screen is one row less than the terminal: its last row is no part of the picture. */
function shownRows(terminal: Terminal): number {
  return terminal.rows - 1;
}

export function frameSvg(request: {
  readonly terminal: Terminal;
  readonly title: string;
  readonly on: Ground;
  readonly inside: readonly string[];
  readonly style?: string;
}): string {
  const { terminal, title, on, inside, style } = request;
  const width = Math.round(terminal.cols * cell.width + 2 * margin);
  const height = shownRows(terminal) * cell.height + 2 * margin;
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" role="img">`,
    `<title>${escapeText(title)}</title>`,
    ...(style === undefined ? [] : [`<style>${style}</style>`]),
    `<rect width="${width}" height="${height}" rx="8" fill="${on.ground}"/>`,
    `<g font-family="ui-monospace,'DejaVu Sans Mono',Menlo,Consolas,monospace" font-size="${fontSize}" xml:space="preserve">`,
    ...inside,
    '</g>',
    '</svg>',
    '',
  ].join('\n');
}

function joinRuns(cells: readonly (IBufferCell | undefined)[], on: Ground): readonly Run[] {
  const runs: Run[] = [];
  for (const [column, one] of cells.entries()) {
    // The second half of a wide letter has no width of its own.
    if (one === undefined || one.getWidth() === 0) continue;
    const look = lookOf(one, on);
    const text = one.getChars() === '' ? ' ' : one.getChars();
    const last = runs.at(-1);
    const joins = last !== undefined && sameLook(last, look) && isShape(text) === isShape(last.text);
    if (joins) runs.splice(-1, 1, { ...last, text: last.text + text, cells: last.cells + one.getWidth() });
    else runs.push({ ...look, column, text, cells: one.getWidth() });
  }
  return runs;
}

function sameLook(a: Look, b: Look): boolean {
  return a.color === b.color && a.behind === b.behind && a.bold === b.bold;
}

function lookOf(one: IBufferCell, { palette, ground, ink, strongInk, quietInk }: Ground): Look {
  const bold = one.isBold() !== 0;
  const plain = one.isDim() !== 0 ? quietInk : bold ? strongInk : ink;
  const color = one.isFgPalette() ? (palette[one.getFgColor() % 8] ?? plain) : plain;
  const behind = one.isBgPalette() ? palette[one.getBgColor() % 8] : undefined;
  if (one.isInverse() === 0) return { color, behind, bold };
  return { color: behind ?? ground, behind: color, bold };
}

function renderRun(run: Run, row: number): string {
  const x = round(margin + run.column * cell.width);
  const y = margin + row * cell.height;
  const width = round(run.cells * cell.width);
  const back =
    run.behind === undefined
      ? ''
      : `<rect x="${x}" y="${y}" width="${width}" height="${cell.height}" fill="${run.behind}"/>`;
  if (run.text.trim() === '') return back;
  if (isShape(run.text)) return back + renderShapes(run, { x, y });
  // Blanks at the edges are left to the grid: some viewers drop them.
  const lead = run.text.length - run.text.trimStart().length;
  const text = run.text.trim();
  const cells = run.cells - lead - (run.text.length - run.text.trimEnd().length);
  const at = round(x + lead * cell.width);
  const weight = run.bold ? ' font-weight="700"' : '';
  return `${back}<text x="${at}" y="${y + 13.5}" fill="${run.color}"${weight} textLength="${round(cells * cell.width)}" lengthAdjust="spacingAndGlyphs">${escapeText(text)}</text>`;
}

/** Lines and bars are drawn, not written: letters of a font leave gaps between the cells. */
const shapes = '─│┬┴█░';

function isShape(text: string): boolean {
  return shapes.includes(text.charAt(0));
}

function renderShapes(run: Run, at: { readonly x: number; readonly y: number }): string {
  return (run.text.match(/(.)\1*/gu) ?? [])
    .map((same, index, all) => {
      const before = all.slice(0, index).reduce((sum, one) => sum + one.length, 0);
      return renderShape(same, { ...at, x: at.x + before * cell.width, color: run.color });
    })
    .join('');
}

/** The same shape once or several times in a row is one line or one bar. */
function renderShape(
  same: string,
  at: { readonly x: number; readonly y: number; readonly color: string },
): string {
  const [x, width] = [round(at.x), round(same.length * cell.width)];
  const middle = { x: round(at.x + cell.width / 2), y: at.y + cell.height / 2 };
  const across = `M${x} ${middle.y}h${width}`;
  const bottom = at.y + cell.height;
  switch (same.charAt(0)) {
    case '─':
      return stroke(across, at.color);
    case '│':
      return stroke(`M${middle.x} ${at.y}v${cell.height}`, at.color);
    case '┬':
      return stroke(`${across}M${middle.x} ${middle.y}V${bottom}`, at.color);
    case '┴':
      return stroke(`${across}M${middle.x} ${middle.y}V${at.y}`, at.color);
    default: {
      const faint = same.startsWith('░') ? ' fill-opacity="0.3"' : '';
      return `<rect x="${x}" y="${at.y + 3}" width="${width}" height="${cell.height - 6}" fill="${at.color}"${faint}/>`;
    }
  }
}

function stroke(path: string, color: string): string {
  return `<path d="${path}" stroke="${color}"/>`;
}

function round(value: number): number {
  return Math.round(value * 100) / 100;
}

function escapeText(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}
