import type { CheckRow } from '../session/view.ts';
import { checkWord, remedyOf } from '../session/words.ts';
import { paragraph, type Row, span } from './row.ts';
import { statusSigns } from './theme.ts';

/** The longest verdict word, so that all texts begin in one column. */
function wordWidth(checks: readonly CheckRow[]): number {
  return Math.max(0, ...checks.map((check) => checkWord(check.verdict).length));
}

/** ✓ passed  61 of 61 tables equal to the manifest — with the remedy under it where something has to be done. */
export function checkRows(request: {
  readonly checks: readonly CheckRow[];
  readonly width: number;
  readonly indent?: string;
}): readonly Row[] {
  // In a narrow pane a column of words would leave no room for the text: there the word leads into it.
  if (request.width < narrow) return request.checks.flatMap((check) => inlineRows({ ...request, check }));
  const column = wordWidth(request.checks);
  return request.checks.flatMap((check) => {
    const sign = statusSigns[check.verdict];
    const word = checkWord(check.verdict).padEnd(column);
    const prefix: Row = [
      span(request.indent ?? ''),
      span(`${sign.symbol} `, sign.tone),
      span(`${word}  `, check.verdict === 'passed' ? 'quiet' : sign.tone),
    ];
    const rows = paragraph({ text: check.text, width: request.width, prefix });
    const remedy = remedyOf(check);
    if (remedy === undefined) return rows;
    const under = ' '.repeat((request.indent ?? '').length + 2 + column + 2);
    const arrow: Row = [span(under), span('→ ', 'strong')];
    return [...rows, ...paragraph({ text: remedy, width: request.width, prefix: arrow, tone: 'strong' })];
  });
}

const narrow = 64;

function inlineRows(request: {
  readonly check: CheckRow;
  readonly width: number;
  readonly indent?: string;
}): readonly Row[] {
  const { check, width } = request;
  const indent = request.indent ?? '';
  const sign = statusSigns[check.verdict];
  const prefix: Row = [span(indent), span(`${sign.symbol} `, sign.tone)];
  const rows = paragraph({ text: `${checkWord(check.verdict)}: ${check.text}`, width, prefix });
  const remedy = remedyOf(check);
  if (remedy === undefined) return rows;
  const arrow: Row = [span(`${indent}  `), span('→ ', 'strong')];
  return [...rows, ...paragraph({ text: remedy, width, prefix: arrow, tone: 'strong' })];
}
