import { expect, test } from 'vitest';
import { newOutput } from '../../src/plain/new-output.ts';
import type { OutputLine } from '../../src/session/view.ts';

const lines = (count: number): OutputLine[] =>
  Array.from({ length: count }, (_, index) => ({ atMs: index, text: `line ${index}` }));

test('every line is told exactly once while the window of 2,000 slides', () => {
  const all = lines(9_000);
  const told: string[] = [];
  let before: readonly OutputLine[] = [];
  for (let end = 0; end <= all.length; end += 137) {
    const after = all.slice(Math.max(0, end - 2000), end);
    told.push(...newOutput(before, after).lines.map((line) => line.text));
    before = after;
  }
  const last = newOutput(before, all.slice(-2000));
  told.push(...last.lines.map((line) => line.text));
  expect(told).toEqual(all.map((line) => line.text));
});

test('lines rebuilt as new objects are recognised by what they say', () => {
  const before = lines(5);
  const after = lines(8).slice(2);
  expect(newOutput(before, after).lines.map((line) => line.text)).toEqual(['line 5', 'line 6', 'line 7']);
});

test('equal lines at the same moment are told as often as they were printed', () => {
  const dot = (): OutputLine => ({ atMs: 1, text: '.' });
  const before = [dot(), dot()];
  expect(newOutput(before, [...before, dot(), dot()]).lines).toHaveLength(2);
});

test('a window with nothing of the one before says that lines may be missing', () => {
  expect(newOutput(lines(3), lines(9).slice(5))).toMatchObject({ gap: true });
});

test('output that was cleared for a new attempt is told from its beginning', () => {
  expect(newOutput(lines(3), [])).toEqual({ lines: [], gap: false });
});
