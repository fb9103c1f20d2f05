import type { HomeChoice, HomeRow, HomeView } from '../../session/home-view.ts';
import { editText } from '../entry-commands.ts';
import { isLetter, type KeyPress } from '../key-press.ts';
import { isTooSmall, type Size } from '../screen-state.ts';

/** Where one looks on the first page. */
export type HomeState = {
  /** The row under the mark; undefined: the first one. */
  readonly cursor?: string;
  /** The row that is opened, to choose what to do with it. */
  readonly opened?: { readonly key: string; readonly at: number };
  readonly filter: string;
  readonly typing: boolean;
  /** The examples are shown, and not only how many there are. */
  readonly unfolded: boolean;
  readonly help: boolean;
  /** An opened row takes Enter only once it has been seen: the Enter that opened it, twice, must not choose. */
  readonly armed: boolean;
  readonly notice?: string;
};

type HomeEffect =
  | { readonly kind: 'choose'; readonly choice: HomeChoice }
  | { readonly kind: 'leave' }
  | { readonly kind: 'repaint' };

export type HomeSituation = { readonly state: HomeState; readonly view: HomeView; readonly size: Size };
export type HomeReaction = { readonly state: HomeState; readonly effect?: HomeEffect };

export const firstHomeState: HomeState = {
  ...{ filter: '', typing: false, unfolded: false, help: false, armed: false },
};

/** A filter finds what is folded, too. */
export function rowsLeft(
  view: HomeView,
  { filter, unfolded }: Pick<HomeState, 'filter' | 'unfolded'>,
): readonly HomeRow[] {
  const wanted = filter.toLowerCase();
  const folded = view.rows.filter(({ unfolds }) => unfolds).map(({ group }) => group);
  if (wanted === '')
    return view.rows.filter(({ group, unfolds }) => unfolded || unfolds || !folded.includes(group));
  return view.rows.filter(
    ({ unfolds, title, words, mode = '', when = '' }) =>
      !unfolds && [title, words, mode, when].some((text) => text.toLowerCase().includes(wanted)),
  );
}

export function markedRow({ state, view }: Pick<HomeSituation, 'state' | 'view'>): HomeRow | undefined {
  const left = rowsLeft(view, state);
  return left.find((row) => row.key === state.cursor) ?? left[0];
}

export function openedRow({ state, view }: Pick<HomeSituation, 'state' | 'view'>): HomeRow | undefined {
  return view.rows.find((row) => row.key === state.opened?.key);
}

/** One key, one reaction. Nothing runs yet, so leaving needs no question; whatever touches something is opened first. */
export function pressHomeKey(situation: HomeSituation, press: KeyPress): HomeReaction {
  const { notice: _said, ...state } = situation.state;
  const now = { ...situation, state };
  if (press.kind === 'key' && press.name === 'ctrl-c') return { state, effect: { kind: 'leave' } };
  if (press.kind === 'key' && press.name === 'ctrl-l') return { state, effect: { kind: 'repaint' } };
  if (state.typing) return { state: typeFilter(state, press) };
  if (press.kind === 'text') return { state };
  if (press.name === 'q' && press.alone && (state.opened === undefined || isTooSmall(situation.size)))
    return { state, effect: { kind: 'leave' } };
  // Nobody chooses what cannot be seen.
  if (isTooSmall(situation.size)) return { state };
  if (state.help) return { state: { ...state, help: false } };
  if (press.name === '?') return { state: { ...state, help: true } };
  return openedRow(now) === undefined ? inList(now, press) : inRow(now, press);
}

function typeFilter(state: HomeState, press: KeyPress): HomeState {
  if (press.kind === 'text') return { ...state, filter: editText(state.filter, { insert: press.text }) };
  if (press.name === 'enter') return { ...state, typing: false };
  if (press.name === 'escape') return { ...state, typing: false, filter: '' };
  const edit = isLetter(press.name) ? { insert: press.name } : press.name;
  return { ...state, filter: editText(state.filter, edit) };
}

const farAway = 1_000_000;

const moves: Readonly<Record<string, number>> = {
  up: -1,
  k: -1,
  down: 1,
  j: 1,
  'page-up': -8,
  'page-down': 8,
  home: -farAway,
  end: farAway,
};

type Press = Extract<KeyPress, { kind: 'key' }>;

function inList(situation: HomeSituation, press: Press): HomeReaction {
  const { state, view } = situation;
  const left = rowsLeft(view, state);
  const row = markedRow(situation);
  const by = moves[press.name];
  if (by !== undefined && row !== undefined) {
    const next = left[clamp(left.indexOf(row) + by, left.length - 1)];
    return { state: next === undefined ? state : { ...state, cursor: next.key } };
  }
  if (press.name === '/') return { state: { ...state, typing: true } };
  if (press.name === 'escape') return { state: { ...state, filter: '' } };
  if (press.name !== 'enter' || !press.alone || row === undefined) return { state };
  if (row.unfolds) return { state: { ...state, cursor: row.key, unfolded: !state.unfolded } };
  const only = row.actions.length === 1 ? row.actions[0] : undefined;
  // Reading touches nothing; everything else is looked at before it is chosen.
  if (only?.choice.kind === 'read') return { state, effect: { kind: 'choose', choice: only.choice } };
  const open = row.actions.findIndex((action) => action.disabledBecause === undefined);
  return {
    state: { ...state, cursor: row.key, opened: { key: row.key, at: Math.max(0, open) }, armed: false },
  };
}

function inRow(situation: HomeSituation, press: Press): HomeReaction {
  const { state } = situation;
  const { opened, ...closed } = state;
  const row = openedRow(situation);
  if (row === undefined || opened === undefined) return { state: closed };
  if (press.name === 'escape' || press.name === 'q') return { state: closed };
  const by = moves[press.name];
  if (by !== undefined) {
    const at = clamp(opened.at + Math.sign(by), row.actions.length - 1);
    return { state: { ...state, opened: { ...opened, at } } };
  }
  const action = row.actions[opened.at];
  if (press.name !== 'enter' || !press.alone || !state.armed || action === undefined) return { state };
  if (action.disabledBecause !== undefined)
    return { state: { ...state, notice: `${action.label}: ${action.disabledBecause}.` } };
  return { state, effect: { kind: 'choose', choice: action.choice } };
}

function clamp(value: number, last: number): number {
  return Math.min(Math.max(0, value), Math.max(0, last));
}
