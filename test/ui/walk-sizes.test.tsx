import { describe, expect, test } from 'vitest';
import { drawFrame } from './draw-frame.tsx';
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
    const frame = drawFrame({ view: sampleView({ steps, inHand: ['s20'], details: {} }) }).split('\n');
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
      const frame = drawFrame({ view: sampleView(), state: { selectedId }, size: { columns, rows } }).split(
        '\n',
      );
      expect(frame).toHaveLength(rows - 1);
      expect(Math.max(...frame.map((row) => row.length))).toBeLessThanOrEqual(columns);
    }
  });
});
