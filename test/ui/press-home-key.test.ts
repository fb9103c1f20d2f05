import { describe, expect, test } from 'vitest';
import {
  firstHomeState,
  type HomeReaction,
  type HomeState,
  markedRow,
  pressHomeKey,
  rowsLeft,
} from '../../src/ui/home/home-state.ts';
import { sampleHome } from './sample-home.ts';

const size = { columns: 80, rows: 24 };
const runbook = 'runbooks/port-nimara-crm.yaml';

function press(names: readonly string[], from: Partial<HomeState> = {}): HomeReaction {
  let reaction: HomeReaction = { state: { ...firstHomeState, ...from } };
  for (const name of names) {
    const before = { state: reaction.state, view: sampleHome, size };
    reaction = pressHomeKey(before, { kind: 'key', name, alone: true });
  }
  return reaction;
}

const marked = (state: HomeState) => markedRow({ state, view: sampleHome })?.key;

describe('Keys on the first page', () => {
  test('the mark stops at the first and the last row', () => {
    expect(marked(press(['up', 'k']).state)).toBe(sampleHome.rows[0]?.key);
    expect(marked(press(['end', 'down']).state)).toBe(sampleHome.rows[3]?.key);
    expect(marked(press(['end', 'home']).state)).toBe(sampleHome.rows[0]?.key);
  });

  test('Enter opens a row and chooses nothing; a second one right behind it chooses nothing either', () => {
    const { state, effect } = press(['down', 'enter', 'enter']);
    expect(state.opened?.key).toBe(runbook);
    expect(effect).toBeUndefined();
  });

  test('once the opened row has been seen, Enter chooses what is marked', () => {
    const { state } = press(['down', 'enter']);
    expect(press(['enter'], { ...state, armed: true }).effect).toEqual({
      kind: 'choose',
      choice: { kind: 'start', runbook, mode: 'live' },
    });
    expect(press(['down', 'enter'], { ...state, armed: true }).effect).toEqual({
      kind: 'choose',
      choice: { kind: 'start', runbook, mode: 'drill' },
    });
  });

  test('what cannot be chosen says why and chooses nothing', () => {
    const { state, effect } = press(['down', 'down', 'enter'], {
      opened: { key: runbook, at: 0 },
      armed: true,
    });
    expect(effect).toBeUndefined();
    expect(state.notice).toBe('talk it through: nobody is invited.');
  });

  test('a past run opens at once: reading touches nothing', () => {
    expect(press(['end', 'enter']).effect).toMatchObject({ kind: 'choose', choice: { kind: 'read' } });
  });

  test('escape goes back one step and never leaves', () => {
    const { state } = press(['down', 'enter']);
    expect(press(['escape'], state)).toMatchObject({ state: { cursor: runbook } });
    expect(press(['escape'], state).state.opened).toBeUndefined();
    expect(press(['escape', 'escape']).effect).toBeUndefined();
  });

  test('q leaves the list, and is one step back from an opened row', () => {
    expect(press(['q']).effect).toEqual({ kind: 'leave' });
    const back = press(['q'], { opened: { key: runbook, at: 0 } });
    expect(back.effect).toBeUndefined();
    expect(back.state.opened).toBeUndefined();
    expect(press(['ctrl-c'], { opened: { key: runbook, at: 0 } }).effect).toEqual({ kind: 'leave' });
  });

  test('the filter is typed letter by letter; q is then a letter', () => {
    const { state, effect } = press(['/', 'f', 'q', 'backspace', 'a', 'i', 'l', 'enter']);
    expect(effect).toBeUndefined();
    expect(state.filter).toBe('fail');
    expect(marked(state)).toBe('2026-03-26T1000Z-port-nimara-crm-drill');
    expect(press(['escape'], state).state.filter).toBe('');
  });

  test('a paste presses nothing, and a burst of letters opens nothing', () => {
    const before = { state: firstHomeState, view: sampleHome, size };
    expect(pressHomeKey(before, { kind: 'text', text: 'q' }).effect).toBeUndefined();
    expect(pressHomeKey(before, { kind: 'key', name: 'q', alone: false }).effect).toBeUndefined();
    expect(pressHomeKey(before, { kind: 'key', name: 'enter', alone: false }).state.opened).toBeUndefined();
  });

  test('on a terminal that is too small nothing can be chosen, only left', () => {
    const tiny = { state: firstHomeState, view: sampleHome, size: { columns: 30, rows: 8 } };
    expect(pressHomeKey(tiny, { kind: 'key', name: 'enter', alone: true }).state.opened).toBeUndefined();
    expect(pressHomeKey(tiny, { kind: 'key', name: 'q', alone: true }).effect).toEqual({ kind: 'leave' });
  });

  test('examples are folded: Enter on their row shows and hides them, and a filter finds them at once', () => {
    const fold = {
      key: 'examples',
      group: 'example',
      title: '2 runbooks come along',
      words: '',
      unfolds: true,
    } as const;
    const example = (title: string) => ({ key: title, group: 'example', title, words: '' }) as const;
    const rows = [fold, example('nmia'), example('crm')].map((row) => ({ ...row, about: [], actions: [] }));
    const view = { ...sampleHome, rows: [...sampleHome.rows, ...rows] };
    const shown = (state: HomeState) =>
      rowsLeft(view, state).flatMap(({ key, group }) => (group === 'example' ? [key] : []));
    expect(shown(firstHomeState)).toEqual(['examples']);
    const enter = { kind: 'key', name: 'enter', alone: true } as const;
    const at = { state: { ...firstHomeState, cursor: 'examples' }, view, size };
    const open = pressHomeKey(at, enter).state;
    expect(shown(open)).toEqual(['examples', 'nmia', 'crm']);
    expect(shown(pressHomeKey({ ...at, state: open }, enter).state)).toEqual(['examples']);
    expect(shown({ ...firstHomeState, filter: 'nmi' })).toEqual(['nmia']);
  });
});
