import type { Answer } from '../ports/operator.ts';
import type { Command } from './key-binding.ts';
import type { AskedState, Effect, Entry, Reaction, ScreenState, Situation } from './screen-state.ts';

export type Handler = (situation: Situation) => Reaction;
export type Handlers = Partial<Readonly<Record<Command, Handler>>>;

/** Small steps that every handler is made of. */
export function stay(state: ScreenState, ...effects: readonly Effect[]): Reaction {
  return { state, effects };
}

export function say(state: ScreenState, notice: string): Reaction {
  return stay({ ...state, notice });
}

export function openEntry(state: ScreenState, entry: Entry): Reaction {
  return stay({ ...state, entry });
}

export function withoutEntry(state: ScreenState): ScreenState {
  const { entry: _closed, ...rest } = state;
  return rest;
}

export function withoutOverlay(state: ScreenState): ScreenState {
  const { overlay: _closed, ...rest } = state;
  return rest;
}

export function withoutHold(state: ScreenState): ScreenState {
  const { heldAt: _released, ...rest } = state;
  return rest;
}

export function withAsked(state: ScreenState, change: Partial<AskedState>): ScreenState {
  return state.asked === undefined ? state : { ...state, asked: { ...state.asked, ...change } };
}

/** The keys of a question count from now on, and are shown: what was said before it came does not stand in their place any more. */
export function arm(state: ScreenState): ScreenState {
  const { notice: _before, ...quiet } = state;
  return withAsked(state.asked?.sent === 0 ? quiet : state, { armed: true });
}

/** Sends an answer. If the same question comes back, it starts from nothing and arms anew. */
export function answerWith({ state, view }: Situation, answer: Omit<Answer, 'by'>): Reaction {
  if (view.question === undefined) return stay(state);
  const sent = (state.asked?.sent ?? 0) + 1;
  const after = withAsked(withoutEntry(state), { armed: false, typed: '', rowFilter: '', scroll: 0, sent });
  return stay(after, {
    kind: 'answer',
    questionId: view.question.id,
    answer: { ...answer, by: 'operator' },
  });
}
