import type { Answer, Choice, Question } from '../ports/operator.ts';
import type { OutputLine, View } from '../session/view.ts';

/**
 * What the screen remembers by itself: where one looks, what is half typed. Nothing here is a fact of the run, and
 * all of it may be lost with the terminal.
 */
export type ScreenState = {
  /** undefined: the step in hand is shown, whichever it is. */
  readonly selectedId?: string;
  readonly overlay?: { readonly kind: OverlayKind; readonly scroll: number };
  readonly entry?: Entry;
  /** The first output line shown while scrolled back; undefined while following. */
  readonly heldAt?: OutputLine;
  readonly search: string;
  readonly filter: string;
  readonly listScroll: number;
  readonly noteDraft: string;
  /** Said in the footer until the next key. */
  readonly notice?: string;
  readonly stopAsked: boolean;
  readonly asked?: AskedState;
};

export type OverlayKind = 'help' | 'commands' | 'whole-step' | 'leave' | 'result';

/** Text being typed in the footer. */
export type Entry = {
  readonly purpose: 'note' | 'search' | 'filter' | 'row-filter' | 'reason' | 'attest-note';
  readonly label: string;
  readonly text: string;
  /** The answer that waits for this reason or note. */
  readonly value?: string;
};

/** What the operator has done about the open question so far. */
export type AskedState = {
  readonly id: string;
  /**
   * Keys count only a moment after the question appeared: what was pressed for the screen before, or twice, must
   * not answer this one.
   */
  readonly armed: boolean;
  /** The operator looks at the steps while the question waits. */
  readonly aside: boolean;
  readonly cursor?: string;
  readonly rowFilter: string;
  readonly typed: string;
  readonly scroll: number;
  /** Counts answers sent, so that a question asked again arms anew. */
  readonly sent: number;
};

export type Size = { readonly columns: number; readonly rows: number };

export type Situation = { readonly state: ScreenState; readonly view: View; readonly size: Size };

/** What a key may cause outside the screen. The component carries it out; the reducer only names it. */
export type Effect =
  | { readonly kind: 'answer'; readonly questionId: string; readonly answer: Answer }
  | { readonly kind: 'note'; readonly text: string }
  | { readonly kind: 'stop' }
  | { readonly kind: 'leave' }
  | { readonly kind: 'repaint' }
  | { readonly kind: 'open-file'; readonly path: string }
  | { readonly kind: 'open-shell' };

export type Reaction = { readonly state: ScreenState; readonly effects: readonly Effect[] };

export const firstState: ScreenState = {
  search: '',
  filter: '',
  listScroll: 0,
  noteDraft: '',
  stopAsked: false,
};

/** A record is opened at its result; from there one looks around. */
export function openingState(view: View): ScreenState {
  if (view.isRecord === true) return { ...firstState, overlay: { kind: 'result', scroll: 0 } };
  // A live run says it in its first question; the other modes may begin without one.
  const advice = view.mode === 'live' ? undefined : view.advice?.[0];
  return advice === undefined ? firstState : { ...firstState, notice: advice };
}

const questionPurposes: readonly Entry['purpose'][] = ['row-filter', 'reason', 'attest-note'];

/** What the cursor moves over: rows of a table, or choices of a list. */
export function choicesOf(question: Question): readonly Choice[] {
  if (question.kind === 'choose-row') return question.rows;
  return question.kind === 'choose' || question.kind === 'failure' ? question.choices : [];
}

function firstAsked(question: Question): AskedState {
  const start = { id: question.id, armed: false, aside: false, rowFilter: '', typed: '', scroll: 0, sent: 0 };
  const choices = choicesOf(question);
  const open = choices.filter((choice) => choice.disabledBecause === undefined);
  const preferred = 'preferred' in question ? question.preferred : undefined;
  const cursor = open.find((choice) => choice.value === preferred) ?? open[0] ?? choices[0];
  return cursor === undefined ? start : { ...start, cursor: cursor.value };
}

/** The state as it applies to this view: what belonged to a question that is gone is dropped. */
export function settleState(state: ScreenState, view: View): ScreenState {
  const question = view.question;
  if (question?.id === state.asked?.id) return state;
  const { asked: _gone, entry, ...rest } = state;
  const kept = entry !== undefined && !questionPurposes.includes(entry.purpose) ? { ...rest, entry } : rest;
  return question === undefined ? kept : { ...kept, asked: firstAsked(question) };
}

/** The step shown on the right: the one chosen, or the one in hand. */
export function shownStepId(state: ScreenState, view: View): string | undefined {
  const chosen = view.steps.find((step) => step.id === state.selectedId);
  return chosen?.id ?? view.question?.stepId ?? view.inHand[0] ?? view.steps[0]?.id;
}

export const smallestSize: Size = { columns: 60, rows: 16 };

export function isTooSmall(size: Size): boolean {
  return size.columns < smallestSize.columns || size.rows < smallestSize.rows;
}
