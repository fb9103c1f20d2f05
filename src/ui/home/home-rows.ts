import { cleanText } from '../../base/clean-text.ts';
import type { Verdict } from '../../base/verdict.ts';
import type { HomeRow } from '../../session/home-view.ts';
import { emptyWords, groupTitles, homeGroups, isRisky, isRun, touchWords } from '../../session/home-view.ts';
import { choiceRemark } from '../../session/question-words.ts';
import { cellWidth, padText } from '../cells.ts';
import { blankRow, cutRow, paragraph, type Row, span, windowRows } from '../row.ts';
import { modeSigns, statusSigns } from '../theme.ts';
import { type HomeSituation, markedRow, rowsLeft } from './home-state.ts';

const modeWidth = 8;
const whenWidth = 16;

/** The list, cut around the marked row. */
export function homeListRows(situation: HomeSituation & { readonly height: number }): readonly Row[] {
  const { view, state, size, height } = situation;
  const left = rowsLeft(view, state);
  const marked = markedRow(situation);
  const rows: Row[] = [];
  let at = 0;
  for (const group of homeGroups) {
    const inGroup = left.filter((row) => row.group === group);
    if (inGroup.length === 0) continue;
    if (rows.length > 0) rows.push(blankRow);
    rows.push([span(` ${groupTitles[group]}`, 'strong')]);
    const titled = titleWidth(inGroup, size.columns);
    for (const row of inGroup) {
      if (row === marked) at = rows.length;
      rows.push(listRow(row, { here: row === marked, width: size.columns, titleWidth: titled }));
    }
  }
  if (rows.length === 0) rows.push(emptyRow(situation));
  const seen = windowRows({ rows, height, scroll: at - Math.floor(height / 2) });
  const hidden = seen.last - seen.scroll;
  return hidden > 0 ? [...seen.rows.slice(0, -1), [span(`   ↓ ${hidden + 1} more`, 'quiet')]] : seen.rows;
}

function emptyRow({ view, state }: HomeSituation): Row {
  if (state.filter !== '') return [span(` No row contains “${state.filter}”.`, 'quiet')];
  return [span(` ${emptyWords(view)}`, 'quiet')];
}

function listRow(
  row: HomeRow,
  at: { readonly here: boolean; readonly width: number; readonly titleWidth: number },
): Row {
  const sign = row.mode === undefined ? undefined : modeSigns[row.mode];
  const lead: Row = !isRun(row)
    ? []
    : [
        ...(row.when === undefined ? [] : [span(`${padText(row.when, whenWidth)}  `, 'quiet')]),
        span(padText(sign?.word ?? '', modeWidth), row.mode === 'live' ? 'bad' : 'strong'),
        span('  '),
      ];
  return cutRow(
    [
      span(at.here ? ' ▸ ' : '   ', 'strong'),
      ...lead,
      span(padText(row.title, at.titleWidth), at.here ? 'strong' : 'plain'),
      span('  '),
      ...signSpans(row.verdict),
      span(row.words, row.verdict === 'failed' ? 'bad' : 'plain'),
    ],
    at.width,
  );
}

function signSpans(verdict: Verdict | undefined): Row {
  if (verdict === undefined) return [];
  const { symbol, tone } = statusSigns[verdict];
  return [span(`${symbol} `, tone)];
}

/** As wide as the longest title of its group, within reason: two systems whose names begin alike stay apart. */
function titleWidth(rows: readonly HomeRow[], width: number): number {
  const longest = Math.max(...rows.map((row) => cellWidth(cleanText(row.title))));
  return Math.min(
    longest,
    Math.max(18, Math.round(width * (rows[0] !== undefined && !isRun(rows[0]) ? 0.42 : 0.26))),
  );
}

/** One row opened: what is known about it, what can be done with it, and what each of these may touch. */
export function homeActionRows(
  situation: HomeSituation & { readonly row: HomeRow; readonly at: number },
): readonly Row[] {
  const { row, at, size } = situation;
  const width = size.columns - 1;
  const about = row.about.flatMap((text) => paragraph({ text, width, prefix: [span(' ')] }));
  // Why a run stopped comes before going on with it; what a runbook is about may stand below the choice.
  const below = !isRun(row) && row.actions.length > 0;
  const rows = [
    ...(below ? [] : about),
    ...row.actions.flatMap((action, index): readonly Row[] => {
      const here = index === at;
      const sign = action.mode === undefined ? undefined : modeSigns[action.mode];
      const closed = action.disabledBecause !== undefined;
      return [
        blankRow,
        [
          span(here ? ' ▸ ' : '   ', 'strong'),
          ...(sign === undefined
            ? []
            : [span(padText(sign.word, modeWidth), action.mode === 'live' ? 'bad' : 'strong'), span('  ')]),
          span(action.label, closed ? 'quiet' : here ? 'strong' : 'plain'),
          ...(closed ? [span(`  – ${choiceRemark(action) ?? ''}`, 'quiet')] : []),
        ],
        ...action.touches.flatMap((touch) =>
          paragraph({
            text: touch.what,
            width,
            prefix: [
              span(`     ${padText(touchWords[touch.how], 14)}  `, isRisky(touch) ? 'unsure' : 'quiet'),
            ],
            tone: here ? 'plain' : 'quiet',
          }),
        ),
      ];
    }),
    ...(below ? [blankRow, ...about] : []),
  ];
  return below ? rows.slice(1) : rows;
}
