import { type InputRequest, inputPromise, type MissingInput } from '../../session/missing-input.ts';
import { cellWidth, cutTextStart, padText } from '../cells.ts';
import { blankRow, cutSpan, endsRow, paragraph, type Row, ruleRow, span, windowRows } from '../row.ts';
import type { Size } from '../screen-state.ts';
import { modeSigns } from '../theme.ts';
import type { InputsState } from './inputs-state.ts';

/** The whole page, one row less than the terminal. */
export function inputsRows(parts: {
  readonly request: InputRequest;
  readonly state: InputsState;
  readonly size: Size;
}): readonly Row[] {
  const { request, state, size } = parts;
  const width = size.columns;
  const sign = modeSigns[request.mode];
  const given = state.typed.filter((text) => text !== '').length;
  const title = endsRow({
    left: [span(` ${sign.word} `, sign.badge), span(` ${request.title}`, 'strong')],
    right: [span(`${given} of ${request.missing.length} values given `, 'quiet')],
    width,
  });
  const rule = ruleRow({ width, tone: sign.tone });
  const intro = [
    ...paragraph({
      text: 'Before the run begins: these values are given neither by the environment nor by an env file.',
      width: width - 1,
      prefix: [span(' ')],
      tone: 'strong',
    }),
    ...paragraph({ text: inputPromise, width: width - 1, prefix: [span(' ')] }),
    blankRow,
  ];
  const height = size.rows - 1 - 4;
  const room = Math.max(1, height - intro.length);
  const fields = fieldRows({ request, state, width });
  const at = fields.findIndex((row) => row[0]?.text === ' ▸ ');
  const seen = windowRows({ rows: fields, height: room, scroll: at - Math.floor(room / 2) }).rows;
  const body = [...intro, ...seen].slice(0, Math.max(1, height));
  const filled = [...body, ...Array.from({ length: Math.max(0, height - body.length) }, () => blankRow)];
  return [title, rule, ...filled, rule, footer(parts)];
}

function fieldRows(parts: {
  readonly request: InputRequest;
  readonly state: InputsState;
  readonly width: number;
}): readonly Row[] {
  const { request, state, width } = parts;
  const column = Math.min(32, Math.max(...request.missing.map(({ name }) => cellWidth(name))));
  return request.missing.flatMap((input, index): readonly Row[] => {
    const typed = state.typed[index] ?? '';
    const here = index === state.at;
    const room = Math.max(8, width - column - 8);
    const row: Row = [
      span(here ? ' ▸ ' : '   ', 'strong'),
      span(padText(input.name, column), here ? 'strong' : 'plain'),
      span('  '),
      ...(typed === '' && !here
        ? [cutSpan(input.about, { width: room, tone: 'quiet' })]
        : [span(shownText({ input, typed, room })), ...(here ? [span('█', 'cursor')] : [])]),
    ];
    if (!here) return [row];
    return [
      row,
      ...paragraph({
        text: `${input.about}${input.secret ? ' (a secret: it is not shown)' : ''}${input.optional ? ' (may stay empty)' : ''}`,
        width: width - 1,
        prefix: [span(' '.repeat(column + 5))],
        tone: 'quiet',
      }),
    ];
  });
}

/** Of a secret only its length is seen, so that one knows whether a paste arrived whole. */
function shownText(of: {
  readonly input: MissingInput;
  readonly typed: string;
  readonly room: number;
}): string {
  const { input, typed, room } = of;
  if (!input.secret) return cutTextStart(typed, room);
  return typed === '' ? '' : `hidden, ${[...typed].length} characters `;
}

function footer({ state, size }: { readonly state: InputsState; readonly size: Size }): Row {
  if (state.notice !== undefined)
    return [span(' '), cutSpan(state.notice, { width: size.columns - 2, tone: 'unsure' })];
  return [
    span(' enter', 'key'),
    span(' next value  '),
    span('↑↓', 'key'),
    span(' move  '),
    span('^U', 'key'),
    span(' clear  '),
    span('esc', 'key'),
    span(' give up, nothing happens'),
  ];
}
