import { describe, expect, test } from 'vitest';
import type { View } from '../../src/session/view.ts';
import { pressKey } from '../../src/ui/press-key.ts';
import { arm } from '../../src/ui/react-to.ts';
import { type Effect, firstState, type ScreenState, settleState } from '../../src/ui/screen-state.ts';
import { questions, sampleChecks, sampleDetail, sampleOutput, sampleView } from './sample-views.ts';

const size = { columns: 80, rows: 24 };

/** Presses one key after the other; a name of more than one letter is a key, everything else a letter. */
function press(view: View, ...keys: readonly string[]): { state: ScreenState; effects: readonly Effect[] } {
  let state = arm(settleState(firstState, view));
  const effects: Effect[] = [];
  for (const name of keys) {
    const reaction = pressKey({ state, view, size }, { kind: 'key', name, alone: true });
    state = reaction.state;
    effects.push(...reaction.effects);
  }
  return { state, effects };
}

describe('Keys', () => {
  test('the arrows stop at the first and the last step', () => {
    expect(press(sampleView(), 'home', ...Array<string>(20).fill('up')).state.selectedId).toBe(
      'stop-writers',
    );
    expect(press(sampleView(), ...Array<string>(20).fill('down')).state.selectedId).toBe('smoke');
  });

  test('what was looked at stays where it is when the output grows', () => {
    const view = sampleView();
    const output = sampleOutput(50);
    const details = { 'restore-database': sampleDetail('restore-database', { output }) };
    const { state } = press({ ...view, details }, 'page-up');
    expect(state.selectedId).toBe('restore-database');
    expect(output).toContain(state.heldAt);
  });

  test('paging down to the end follows again', () => {
    const details = { 'restore-database': sampleDetail('restore-database', { output: sampleOutput(50) }) };
    const { state } = press(sampleView({ details }), 'page-up', 'end');
    expect(state.heldAt).toBeUndefined();
  });

  test('a note that was begun is still there after escape', () => {
    const { state, effects } = press(sampleView(), 'n', 'a', 'b', 'escape', 'n');
    expect(state.entry?.text).toBe('ab');
    expect(effects).toEqual([]);
  });

  test('escape sends nothing anywhere but on the dangerous question, where it says no', () => {
    for (const question of [
      questions.choose,
      questions['choose-row'],
      questions.confirm,
      questions.attest,
      questions.failure,
    ]) {
      expect(press(sampleView({ question }), 'escape').effects).toEqual([]);
    }
    expect(press(sampleView(), 'escape', 'escape').effects).toEqual([]);
    expect(press(sampleView({ question: questions['type-name'] }), 'escape').effects).toMatchObject([
      { kind: 'answer', answer: { value: 'no' } },
    ]);
  });

  test('the word that may stand in place of the name is taken like it, where the question has one', () => {
    const plain = questions['type-name'];
    const overwrite = { ...plain, instead: { value: 'keep', label: 'keeps the live ones' } };
    const keys = ['k', 'e', 'e', 'p', 'enter'];
    expect(press(sampleView({ question: overwrite }), ...keys).effects).toMatchObject([
      { kind: 'answer', answer: { value: 'keep' } },
    ]);
    expect(press(sampleView({ question: plain }), ...keys).effects).toEqual([]);
  });

  test('the second Enter does not answer a question that comes back at once', () => {
    const { effects } = press(sampleView({ question: questions.failure }), 'enter', 'enter');
    expect(effects).toHaveLength(1);
  });

  test('a letter out of a burst answers nothing and leaves nothing', () => {
    const view = sampleView({ question: questions.confirm });
    const state = arm(settleState(firstState, view));
    expect(pressKey({ state, view, size }, { kind: 'key', name: 'y', alone: false }).effects).toEqual([]);
    const leaving: ScreenState = { ...firstState, overlay: { kind: 'leave', scroll: 0 } };
    for (const name of ['y', 's']) {
      const reaction = pressKey(
        { state: leaving, view: sampleView(), size },
        { kind: 'key', name, alone: false },
      );
      expect(reaction.effects).toEqual([]);
    }
  });

  test('what was said before a question came gives way to its keys; what is said of an answer stays', () => {
    const view = sampleView({ question: questions.confirm });
    const asked = settleState({ ...firstState, notice: 'Noted.' }, view);
    expect(arm(asked)).toMatchObject({ asked: { armed: true } });
    expect(arm(asked).notice).toBeUndefined();
    const again = { ...asked, asked: { ...asked.asked, id: questions.confirm.id, sent: 1 } } as ScreenState;
    expect(arm(again).notice).toBe('Noted.');
  });

  test('a stop is asked for once', () => {
    const { effects, state } = press(sampleView(), 'ctrl-c', 'ctrl-c', 'ctrl-c', 'ctrl-c');
    expect(effects).toEqual([{ kind: 'stop' }]);
    expect(state.stopAsked).toBe(true);
  });

  test('what was typed for a question is gone with the question', () => {
    const asked = press(sampleView({ question: questions.failure }), 'down', 'enter', 'x').state;
    expect(asked.entry?.purpose).toBe('reason');
    const settled = settleState(asked, sampleView());
    expect(settled.entry).toBeUndefined();
    expect(settled.asked).toBeUndefined();
  });

  test('a note goes on being typed when a question appears', () => {
    const typing = press(sampleView(), 'n', 'a').state;
    expect(settleState(typing, sampleView({ question: questions.confirm })).entry?.text).toBe('a');
  });

  test('the cursor of a table never stands on a row that the filter hides', () => {
    const { state } = press(sampleView({ question: questions['choose-row'] }), '/', '1', '2', ':');
    expect(state.asked?.cursor).toBe('12');
  });

  test('the list of checks scrolls no further than its end', () => {
    const checks = Array.from({ length: 5 }, () => sampleChecks).flat();
    const { state } = press(sampleView({ phase: 'checking', checks }), 'end', 'down', 'page-down');
    const again = press(sampleView({ phase: 'checking', checks }), 'end').state;
    expect(state.listScroll).toBe(again.listScroll);
    expect(press(sampleView({ phase: 'checking', checks: sampleChecks }), 'end').state.listScroll).toBe(0);
  });

  test('any key leaves at the end', () => {
    expect(press(sampleView({ phase: 'finished' }), 'x').effects).toEqual([{ kind: 'leave' }]);
    expect(press(sampleView({ phase: 'stopped' }), 'escape').effects).toEqual([{ kind: 'leave' }]);
  });
});

describe('Beside a question', () => {
  const view = sampleView({ question: questions.failure });

  test('a note can be written and the commands looked at, and the question still waits', () => {
    expect(press(view, 'n').state.entry?.purpose).toBe('note');
    const { state, effects } = press(view, 'n', 'x', 'enter', '@');
    expect(effects).toEqual([{ kind: 'note', text: 'x' }]);
    expect(state.overlay?.kind).toBe('commands');
    expect(state.asked?.id).toBe(questions.failure.id);
  });

  test('where n means no it writes no note', () => {
    expect(press(sampleView({ question: questions.confirm }), 'n').state.entry).toBeUndefined();
  });
});
