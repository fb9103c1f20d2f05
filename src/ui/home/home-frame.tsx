import { Box } from 'ink';
import type { ReactElement } from 'react';
import { blankRow, cutSpan, endsRow, paragraph, type Row, ruleRow, span, windowRows } from '../row.ts';
import { Rows } from '../rows.tsx';
import { isTooSmall, smallestSize } from '../screen-state.ts';
import { homeHelp } from './home-help.ts';
import { homeActionRows, homeListRows } from './home-rows.ts';
import { type HomeSituation, markedRow, openedRow } from './home-state.ts';

/** The first page for one moment. Two rows on top, a rule, the body, a rule, the keys: one row less than the terminal. */
export function HomeFrame({ situation }: { readonly situation: HomeSituation }): ReactElement {
  const { size } = situation;
  const width = size.columns;
  const rows = isTooSmall(size) ? tooSmallRows(situation) : pageRows(situation);
  const height = Math.max(1, size.rows - 1);
  return (
    <Box flexDirection="column" width={width} height={height} overflow="hidden">
      <Rows rows={rows} width={width} height={height} />
    </Box>
  );
}

function tooSmallRows({ size }: HomeSituation): readonly Row[] {
  return [
    [
      span(
        `too small: have ${size.columns}x${size.rows}, need ${smallestSize.columns}x${smallestSize.rows}`,
        'strong',
      ),
    ],
    [span('Nothing runs.')],
    [span('q leave', 'key')],
  ];
}

function pageRows(situation: HomeSituation): readonly Row[] {
  const { view, size, state } = situation;
  const width = size.columns;
  const advice = view.advice.flatMap((text) =>
    paragraph({ text, width: width - 1, prefix: [span(' ! ', 'unsure')], tone: 'unsure' }),
  );
  const row = openedRow(situation);
  const height = size.rows - 1 - 4 - advice.length;
  const body = state.help
    ? helpRows(width)
    : row === undefined
      ? homeListRows({ ...situation, height })
      : keepInSight({ ...situation, row, at: state.opened?.at ?? 0, height });
  const filled = [...body.slice(0, height), ...Array.from({ length: height - body.length }, () => blankRow)];
  const rule = ruleRow({ width });
  return [titleRow(situation), rule, ...advice, ...filled, rule, footerRow(situation)];
}

/** The marked action stays in sight, with what it may touch. */
function keepInSight(
  request: Parameters<typeof homeActionRows>[0] & { readonly height: number },
): readonly Row[] {
  const rows = homeActionRows(request);
  const marked = rows.findIndex((one) => one[0]?.text === ' ▸ ');
  const { actions } = request.row;
  const touched = actions[request.at]?.touches.length ?? 0;
  const isLast = request.at === actions.length - 1;
  // The last one brings the end of the page with it, as far as it stays in sight itself.
  const end = isLast ? Math.min(rows.length, marked + request.height) : marked + 3 + touched;
  const seen = windowRows({ rows, height: request.height, scroll: end - request.height });
  const hidden = seen.last - seen.scroll;
  if (hidden === 0) return seen.rows;
  return [...seen.rows.slice(0, -1), [span(`   ↓ ${hidden + 1} more`, 'quiet')]];
}

function titleRow(situation: HomeSituation): Row {
  const { view, size } = situation;
  const row = openedRow(situation);
  const left: Row = [
    span(' thaw', 'strong'),
    span(row === undefined ? '  What do you want to do?' : `  ${row.title}`, 'strong'),
  ];
  const right = `host ${view.host} · ${view.logFolder}${view.looking ? ' · looking' : ''}`;
  return endsRow({
    left,
    right: [cutSpan(right, { width: 44, tone: 'quiet' }), span(' ')],
    width: size.columns,
  });
}

function footerRow(situation: HomeSituation): Row {
  const { state, size } = situation;
  if (state.typing)
    return [
      span(' Only rows with: ', 'strong'),
      span(state.filter),
      span('█', 'cursor'),
      ...keys([
        ['enter', 'keep'],
        ['esc', 'all rows'],
      ]),
    ];
  if (state.notice !== undefined)
    return [span(' '), cutSpan(state.notice, { width: size.columns - 2, tone: 'unsure' })];
  if (state.help) return keys([['any key', 'back']]);
  const row = openedRow(situation);
  if (row !== undefined) {
    const label = row.actions[state.opened?.at ?? 0]?.label ?? 'choose';
    return keys([
      ['↑↓', 'choose'],
      // Shown once it counts.
      ...(state.armed ? [['enter', label] as const] : []),
      ['esc', 'back, nothing happens'],
      ['?', 'help'],
    ]);
  }
  const marked = markedRow(situation);
  const reads = marked?.actions[0]?.choice.kind === 'read';
  const opens = marked?.unfolds ? (state.unfolded ? 'hide' : 'show') : reads ? 'read' : 'open';
  return keys([
    ['↑↓', 'move'],
    ['enter', opens],
    ['/', 'filter'],
    ...(state.filter === '' ? [] : [['esc', 'all rows'] as const]),
    ['?', 'help'],
    ['q', 'leave'],
  ]);
}

function keys(named: readonly (readonly [string, string])[]): Row {
  return named.flatMap(([key, does], index) => [
    span(index === 0 ? ' ' : '  '),
    span(key, 'key'),
    span(` ${does}`),
  ]);
}

function helpRows(width: number): readonly Row[] {
  return [
    [span(' Keys: the first page', 'strong')],
    blankRow,
    ...homeHelp.flatMap(([key, text]) =>
      paragraph({ text, width: width - 1, prefix: [span(` ${key.padEnd(14)}`, 'key')] }),
    ),
  ];
}
