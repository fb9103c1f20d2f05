import { afterEach, describe, expect, it, vi } from 'vitest';
import { createSteadyClock } from '../../src/platform/steady-clock.ts';

const hourMs = 3_600_000;

describe('The steady clock', () => {
  afterEach(() => void vi.useRealTimers());

  it('says the time of day, and goes on when the clock of the host is set back', () => {
    const clock = createSteadyClock();
    expect(Math.abs(clock.now() - Date.now())).toBeLessThan(1000);
    const before = clock.now();
    vi.useFakeTimers({ toFake: ['Date'], now: Date.now() - hourMs });
    expect(clock.now()).toBeGreaterThanOrEqual(before);
    expect(clock.now() - before).toBeLessThan(1000);
    expect(Math.abs(clock.deviationMs() + hourMs)).toBeLessThan(1000);
  });

  it('counts on from an earlier process of the same start of the machine', () => {
    const first = createSteadyClock();
    vi.useFakeTimers({ toFake: ['Date'], now: Date.now() - hourMs });
    const second = createSteadyClock();
    expect(first.now() - second.now()).toBeGreaterThan(hourMs - 1000);
    expect(second.goOn({ anchor: first.anchor(), lastMs: first.now() })).toBe('measured');
    expect(Math.abs(second.now() - first.now())).toBeLessThan(1000);
  });

  it('counts on from the last word over a new start of the machine, and says where that is no measure', () => {
    const anchor = { bootId: 'another start', offsetMs: 0 };
    const behind = createSteadyClock();
    const lastMs = Date.now() + hourMs;
    expect(behind.goOn({ anchor, lastMs })).toBe('unmeasured');
    expect(behind.now()).toBeGreaterThanOrEqual(lastMs);
    expect(behind.now()).toBeLessThan(lastMs + 1000);
    const ahead = createSteadyClock();
    expect(ahead.goOn({ anchor, lastMs: Date.now() - hourMs })).toBe('measured');
    expect(Math.abs(ahead.now() - Date.now())).toBeLessThan(1000);
  });
});
