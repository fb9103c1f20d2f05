import { cutTextStart } from './cells.ts';
import { type KeyBinding, nameOfKey } from './key-binding.ts';
import { keymap } from './keymap.ts';
import { cutRow, cutSpan, type Row, rowWidth, span } from './row.ts';
import type { Entry, Situation } from './screen-state.ts';
import { whereNow } from './where-now.ts';

/** The keys that work here, or what is being typed, or what the last key could not do. */
export function footerRow(situation: Situation): Row {
  const { state, view, size } = situation;
  const width = size.columns - 1;
  if (state.entry !== undefined)
    return entryRow({ entry: state.entry, keys: keysRow(situation, width), width });
  if (state.notice !== undefined)
    return [span(' '), cutSpan(state.notice, { width: width - 1, tone: 'unsure' })];
  const where = whereNow(situation);
  if (where === 'finished') return [span(' any key', 'key'), span(' leaves', 'quiet')];
  // Until its keys count, a question shows none.
  const waits = view.question !== undefined && where === view.question.kind && state.asked?.armed !== true;
  if (waits) return [span(' ')];
  // Asked for and not yet there: this stays in sight.
  const first: Row = state.stopAsked ? [span(' stopping at the next safe point', 'unsure'), span(' ')] : [];
  return [...first, ...keysRow(situation, width - rowWidth(first))];
}

function keysRow(situation: Situation, width: number): Row {
  const keys = keymap[whereNow(situation)].filter((key) => !isHelpOnly(key, situation));
  const told = joinKeys(keys.map((key) => keySpans({ key, situation, withReason: true })));
  if (rowWidth(told) <= width) return told;
  let short = keys.map((key) => keySpans({ key, situation, withReason: false }));
  // Help and leave stand last and are the last to go: the help names what the footer has no room for.
  while (short.length > 2 && rowWidth(joinKeys(short)) > width) short = short.toSpliced(-3, 1);
  return cutRow(joinKeys(short), width);
}

function isHelpOnly(key: KeyBinding, situation: Situation): boolean {
  return typeof key.helpOnly === 'function' ? key.helpOnly(situation) : key.helpOnly === true;
}

function joinKeys(keys: readonly Row[]): Row {
  return keys.flatMap((key, index) => [span(index === 0 ? ' ' : '  '), ...key]);
}

function keySpans(request: {
  readonly key: KeyBinding;
  readonly situation: Situation;
  readonly withReason: boolean;
}): Row {
  const reason = request.key.unless?.(request.situation);
  const name = nameOfKey(request.key, request.situation);
  if (reason === undefined) return [span(request.key.shown, 'key'), span(` ${name}`)];
  const why = request.withReason ? ` (${reason})` : '';
  return [span(`${request.key.shown} ${name}${why}`, 'quiet')];
}

function entryRow(request: { readonly entry: Entry; readonly keys: Row; readonly width: number }): Row {
  const label = span(` ${request.entry.label} `, 'strong');
  const keys: Row = [span('  '), ...request.keys];
  const room = request.width - rowWidth([label]) - rowWidth(keys) - 1;
  const typed = cutTextStart(request.entry.text, Math.max(8, room));
  const gap = ' '.repeat(Math.max(0, room - rowWidth([span(typed)])));
  return [label, span(typed), span('█', 'cursor'), span(gap), ...keys];
}
