import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import type { View } from '../../src/session/view.ts';
import { createViewCache } from '../../src/session/view-cache.ts';

describe('What listeners hear of a run', () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  function watch() {
    let built = 0;
    let told = 0;
    const cache = createViewCache(() => {
      built += 1;
      return { runId: String(built) } as View;
    });
    cache.subscribe(() => {
      told += 1;
      cache.view();
    });
    return { cache, built: () => built, told: () => told };
  }

  test('the clock goes on every second though nothing happens', () => {
    const { told } = watch();
    vi.advanceTimersByTime(3500);
    expect(told()).toBe(3);
  });

  test('ten thousand lines in a second are told ten times, a question at once', () => {
    const { cache, told } = watch();
    for (let line = 0; line < 10_000; line += 1) {
      cache.changedALittle();
      if (line % 10 === 0) vi.advanceTimersByTime(1);
    }
    expect(told()).toBeLessThanOrEqual(11);
    const before = told();
    cache.changed();
    expect(told()).toBe(before + 1);
  });

  test('between two changes everybody sees the same view', () => {
    const { cache, built } = watch();
    expect(cache.view()).toBe(cache.view());
    expect(built()).toBe(1);
  });
});
