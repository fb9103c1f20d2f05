import { cellWidth, padText } from './cells.ts';
import { nameOfKey } from './key-binding.ts';
import { keymap } from './keymap.ts';
import { blankRow, paragraph, type Row, span } from './row.ts';
import type { Situation } from './screen-state.ts';
import { type Where, whereNow } from './where-now.ts';

const placeNames: Readonly<Record<Where, string>> = {
  'too-small': 'a terminal that is too small',
  entry: 'typing',
  leave: 'leaving',
  overlay: 'a page over the walk',
  finished: 'the end',
  preflight: 'the checks before the walk',
  walk: 'the walk',
  reading: 'a run to look at',
  choose: 'a question with choices',
  failure: 'a step that failed',
  'choose-row': 'a table to choose from',
  'type-name': 'a name to type',
  confirm: 'a question with yes and no',
  attest: 'a check made by a person',
};

/** Every key that works where one was when the help was asked for; those that do nothing right now say why. */
export function helpRows(situation: Situation): { readonly title: string; readonly rows: readonly Row[] } {
  const { overlay: _help, ...state } = situation.state;
  const under: Situation = { ...situation, state };
  const where = whereNow(under);
  const keys = keymap[where];
  const width = situation.size.columns - 2;
  const keyColumn = Math.max(...keys.map((key) => cellWidth(key.shown)));
  const nameColumn = Math.max(...keys.map((key) => cellWidth(nameOfKey(key, under))));
  const rows = keys.flatMap((key): readonly Row[] => {
    const reason = key.unless?.(under);
    const tone = reason === undefined ? 'plain' : 'quiet';
    const prefix: Row = [
      span(` ${padText(key.shown, keyColumn)}  `, reason === undefined ? 'key' : 'quiet'),
      span(`${padText(nameOfKey(key, under), nameColumn)}  `, tone),
    ];
    const text = reason === undefined ? key.does : `${key.does} Not now: ${reason}.`;
    return paragraph({ text, width, prefix, tone });
  });
  const signs: Row = [
    span(' '),
    span('✓', 'good'),
    span(' done  ▸ now  '),
    span('✗', 'bad'),
    span(' failed  – skipped  '),
    span('?', 'unsure'),
    span(' could not verify, or interrupted'),
  ];
  return { title: `Keys: ${placeNames[where]}`, rows: [...rows, blankRow, signs] };
}
