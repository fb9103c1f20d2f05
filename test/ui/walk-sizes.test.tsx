import { describe, expect, test } from 'vitest';
import type { View } from '../../src/session/view.ts';
import { renderFrame } from './render-frame.tsx';
import { sampleView } from './sample-views.ts';

describe('The walk in any size', () => {
  test('a long list of steps is cut around the one in hand', () => {
    const steps = Array.from({ length: 40 }, (_, index) => ({
      id: `s${index}`,
      number: index + 1,
      title: `Step of number ${index + 1}`,
      status: index < 20 ? ('passed' as const) : index === 20 ? ('running' as const) : ('pending' as const),
      attempt: 1,
    }));
    const frame = renderFrame({ view: sampleView({ steps, inHand: ['s20'], details: {} }) }).split('\n');
    expect(frame.join('\n')).toContain('›▸ 21 Step of number 21');
    expect(frame[3]).toContain('↑ 12 more');
    expect(frame[20]).toContain('↓ 12 more');
  });

  test.each([
    [60, 16],
    [80, 24],
    [100, 30],
    [200, 60],
  ])('at %i by %i no frame is wider than the terminal, and none is as tall', (columns, rows) => {
    for (const selectedId of ['stop-writers', 'restore-database', 'mirror-objects', 'smoke']) {
      const frame = renderFrame({ view: sampleView(), state: { selectedId }, size: { columns, rows } }).split(
        '\n',
      );
      expect(frame).toHaveLength(rows - 1);
      expect(Math.max(...frame.map((row) => row.length))).toBeLessThanOrEqual(columns);
    }
  });
});

describe('How long a step should take', () => {
  const inHand = 'restore-database';
  const withExpected = (expected: NonNullable<View['steps'][number]['expected']>, durationMs: number) => {
    const view = sampleView();
    return {
      ...view,
      steps: view.steps.map((step) => (step.id === inHand ? { ...step, expected, durationMs } : step)),
    };
  };
  const draw = (view: View, columns = 80) => renderFrame({ view, size: { columns, rows: 24 } });

  test('its share of the budget stands beside the step, and in a wide list beside its time', () => {
    const view = withExpected({ durationMs: 480_000, by: 'budget' }, 334_000);
    expect(draw(view)).toMatch(/│ 5 of 9 {2}Restore PostgreSQL +▸ now\n.*│ 69 % of 8:00 budget/);
    expect(draw(view, 120)).toMatch(/5 of 9 {2}Restore PostgreSQL +69 % of 8:00 budget {2}▸ now/);
    expect(draw(view, 120)).toMatch(/5 Restore PostgreSQL +now +5:34 of 8:00/);
  });

  test('what usually took less says by how much it is over', () => {
    const view = withExpected({ durationMs: 240_000, by: 'habit' }, 334_000);
    expect(draw(view, 100)).toContain('over the usual 4:00 by 1:34');
  });
});
