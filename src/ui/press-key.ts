import { changeEntry, editText, entryCommands } from './entry-commands.ts';
import { type Command, nameOfKey } from './key-binding.ts';
import { isLetter, type KeyPress } from './key-press.ts';
import { keymap } from './keymap.ts';
import { questionCommands } from './question-commands.ts';
import { type Handler, say, stay, withAsked } from './react-to.ts';
import { type Reaction, type Situation, settleState } from './screen-state.ts';
import { scrollCommands } from './scroll-commands.ts';
import { walkCommands } from './walk-commands.ts';
import { whereNow } from './where-now.ts';

const handlers: Readonly<Record<Command, Handler>> = {
  ...walkCommands,
  ...scrollCommands,
  ...questionCommands,
  ...entryCommands,
};

const editing = new Set(['backspace', 'ctrl-u', 'ctrl-w']);

/** One key, one reaction: what the screen shows next and what it asks of the run. Pure, so that tests press keys. */
export function pressKey(before: Situation, press: KeyPress): Reaction {
  const { notice: _said, ...quiet } = settleState(before.state, before.view);
  const situation: Situation = { ...before, state: quiet };
  const where = whereNow(situation);
  if (press.kind === 'text' || (isLetter(press.name) && takesText(where)) || editing.has(press.name)) {
    return typeText(situation, press);
  }
  if (where === 'finished' && press.name !== 'ctrl-l') return stay(quiet, { kind: 'leave' });
  const key = keymap[where].find((binding) => press.name in binding.on);
  const command = key?.on[press.name];
  if (key === undefined || command === undefined) return stay(quiet);
  const reason = key.unless?.(situation);
  if (reason !== undefined) return say(quiet, `${key.shown} ${nameOfKey(key, situation)}: ${reason}.`);
  if (key.alone === true && !press.alone) return stay(quiet);
  if (key.answers === true && !(press.alone && quiet.asked?.armed === true)) return stay(quiet);
  return handlers[command](situation);
}

function takesText(where: ReturnType<typeof whereNow>): boolean {
  return where === 'entry' || where === 'type-name';
}

/** Letters and pastes go where text is typed; anywhere else a paste does nothing. */
function typeText(situation: Situation, press: KeyPress): Reaction {
  const { state } = situation;
  const where = whereNow(situation);
  const insert = press.kind === 'text' ? press.text : press.name;
  const edit = press.kind === 'key' && editing.has(press.name) ? press.name : { insert };
  if (where === 'entry') return stay(changeEntry(situation, editText(state.entry?.text ?? '', edit)));
  if (where === 'type-name')
    return stay(withAsked(state, { typed: editText(state.asked?.typed ?? '', edit) }));
  return stay(state);
}
