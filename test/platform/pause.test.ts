import { describe, expect, it } from 'vitest';
import { lookUntil, pause } from '../../src/platform/pause.ts';

describe('A pause', () => {
  it('ends early when the signal says so, and tells', async () => {
    const stop = new AbortController();
    const paused = pause(60_000, stop.signal);
    stop.abort();
    expect(await paused).toBe(false);
    expect(await pause(60_000, stop.signal)).toBe(false);
    expect(await pause(1)).toBe(true);
  });
});

describe('Looking until something is so', () => {
  it('ends with what was found', async () => {
    let looks = 0;
    const look = () => (++looks === 3 ? 'there' : undefined);
    expect(await lookUntil({ look, everyMs: 1, limitMs: 60_000 })).toBe('there');
  });

  it('looks once more when the limit has passed, and at least once', async () => {
    let looks = 0;
    const look = () => {
      looks += 1;
      return undefined;
    };
    expect(await lookUntil({ look, everyMs: 1, limitMs: 0 })).toBeUndefined();
    expect(looks).toBe(1);
    let isThere = false;
    setTimeout(() => {
      isThere = true;
    }, 20);
    const late = lookUntil({ look: () => (isThere ? 'late' : undefined), everyMs: 40, limitMs: 10 });
    expect(await late).toBe('late');
  });

  it('ends without an answer when the signal comes', async () => {
    const looking = lookUntil({
      look: () => undefined,
      everyMs: 5,
      limitMs: 60_000,
      signal: AbortSignal.timeout(20),
    });
    expect(await looking).toBeUndefined();
  });
});
