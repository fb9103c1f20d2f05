import type { InputRequest, MissingInput } from '../../session/missing-input.ts';
import { editText } from '../entry-commands.ts';
import { isLetter, type KeyPress } from '../key-press.ts';

export type InputsState = {
  /** The value being typed. */
  readonly at: number;
  readonly typed: readonly string[];
  readonly notice?: string;
};

export type InputsReaction = { readonly state: InputsState; readonly end?: 'given' | 'cancelled' };

export function firstInputsState({ missing }: InputRequest): InputsState {
  return { at: 0, typed: missing.map(() => '') };
}

/** One key, one reaction. Enter goes on to the next empty value and, when there is none, ends with all of them. */
export function pressInputKey(
  request: InputRequest,
  { state: before, press }: { readonly state: InputsState; readonly press: KeyPress },
): InputsReaction {
  const { notice: _said, ...state } = before;
  const input = request.missing[state.at];
  if (input === undefined) return { state, end: 'given' };
  if (press.kind === 'text') return { state: withText(state, insert(state, { input, text: press.text })) };
  switch (press.name) {
    case 'ctrl-c':
    case 'escape':
      return { state, end: 'cancelled' };
    case 'up':
      return { state: { ...state, at: Math.max(0, state.at - 1) } };
    case 'down':
    case 'tab':
      return { state: { ...state, at: Math.min(request.missing.length - 1, state.at + 1) } };
    case 'enter':
      return takeValue(state, { input, missing: request.missing });
    default: {
      if (isLetter(press.name)) return { state: withText(state, insert(state, { input, text: press.name })) };
      return { state: withText(state, editText(state.typed[state.at] ?? '', press.name)) };
    }
  }
}

/** Of a secret nothing is cleaned away: what looks odd in it may be part of it. Only the line end of a paste is not. */
function insert(
  state: InputsState,
  { input, text }: { readonly input: MissingInput; readonly text: string },
): string {
  const before = state.typed[state.at] ?? '';
  return input.secret ? before + text.replace(/[\r\n]+$/, '') : editText(before, { insert: text });
}

function withText(state: InputsState, text: string): InputsState {
  return { ...state, typed: state.typed.with(state.at, text) };
}

function takeValue(
  state: InputsState,
  { input, missing }: { readonly input: MissingInput; readonly missing: InputRequest['missing'] },
): InputsReaction {
  if ((state.typed[state.at] ?? '') === '' && input.optional === undefined)
    return { state: { ...state, notice: `${input.name} is needed: nothing is typed yet.` } };
  const isEmpty = (index: number) => state.typed[index] === '';
  const after = missing.findIndex((_, index) => index > state.at && isEmpty(index));
  const next =
    after === -1 ? missing.findIndex((one, index) => one.optional === undefined && isEmpty(index)) : after;
  return next === -1 ? { state, end: 'given' } : { state: { ...state, at: next } };
}
