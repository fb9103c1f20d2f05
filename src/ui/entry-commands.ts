import { cleanText } from '../base/clean-text.ts';
import { answerWith, type Handlers, say, stay, withAsked, withoutEntry, withoutHold } from './react-to.ts';
import type { Entry, Reaction, ScreenState, Situation } from './screen-state.ts';
import { filterRows } from './table-rows.ts';
import { goToMatch } from './walk-commands.ts';

/** Typing. The cursor stands at the end: these are short texts. */
export function editText(text: string, press: string | { readonly insert: string }): string {
  // The line end behind a pasted name is not part of the name.
  if (typeof press !== 'string') return text + cleanText(press.insert.replace(/[\r\n]+$/, ''));
  if (press === 'backspace') return [...text].slice(0, -1).join('');
  if (press === 'ctrl-u') return '';
  if (press === 'ctrl-w') return text.replace(/\S+\s*$/, '');
  return text;
}

/** The rows are filtered while one types; the cursor never stands on a row that is not shown. */
export function changeEntry({ state, view }: Situation, text: string): ScreenState {
  if (state.entry === undefined) return state;
  const changed = { ...state, entry: { ...state.entry, text } };
  if (state.entry.purpose !== 'row-filter' || view.question?.kind !== 'choose-row') return changed;
  const left = filterRows(view.question, text);
  const kept = left.find((row) => row.value === state.asked?.cursor) ?? left[0];
  return withAsked(changed, { rowFilter: text, ...(kept === undefined ? {} : { cursor: kept.value }) });
}

function sendEntry(situation: Situation): Reaction {
  const entry = situation.state.entry;
  if (entry === undefined) return stay(situation.state);
  const closed: Situation = { ...situation, state: withoutEntry(situation.state) };
  const text = entry.text.trim();
  switch (entry.purpose) {
    case 'note':
      if (text === '') return say(closed.state, 'Nothing was typed, so no note was written.');
      return stay({ ...closed.state, noteDraft: '', notice: 'Note written.' }, { kind: 'note', text });
    case 'search':
      return text === ''
        ? stay({ ...closed.state, search: '' })
        : goToMatch({ ...closed, state: { ...withoutHold(closed.state), search: text } }, 'start');
    case 'filter':
      return stay({ ...withoutHold(closed.state), filter: text });
    case 'row-filter':
      return stay(closed.state);
    case 'reason':
    case 'attest-note':
      return sendWithNote(situation, { entry, text });
  }
}

/** What was not done, or did not hold, goes into the record with its reason; a pass may go without a note. */
function sendWithNote(
  situation: Situation,
  { entry, text }: { readonly entry: Entry; readonly text: string },
): Reaction {
  const value = entry.value ?? '';
  if (text !== '') return answerWith(situation, { value, note: text });
  if (entry.purpose === 'attest-note' && value === 'passed') return answerWith(situation, { value });
  // The label in the footer says what is missing; the text goes on being typed.
  return stay({
    ...situation.state,
    entry: { ...entry, label: entry.label.replace(/( \(needed\))?:$/, ' (needed):') },
  });
}

function cancelEntry({ state }: Situation): Reaction {
  const closed = withoutEntry(state);
  if (state.entry?.purpose === 'note') return stay({ ...closed, noteDraft: state.entry.text });
  if (state.entry?.purpose === 'row-filter') return stay(withAsked(closed, { rowFilter: '' }));
  return stay(closed);
}

export const entryCommands = { 'send-entry': sendEntry, 'cancel-entry': cancelEntry } satisfies Handlers;
