import { describe, expect, it } from 'vitest';
import { type Failure, fail, type Outcome, succeed } from '../../src/base/failure.ts';
import { pause } from '../../src/platform/pause.ts';
import { mayPass, type RetryNotice, retry } from '../../src/platform/retry.ts';

const broken: Failure = {
  code: 'unreachable',
  message: 'It broke off.',
  remedy: 'Try again.',
  retry: 'safe',
};
const denied: Failure = { code: 'denied', message: 'No.', remedy: 'Ask.', retry: 'after-fix' };
const policy = { mostAttempts: 4, firstPauseMs: 8, longestPauseMs: 20 };

function answers(...given: readonly (Failure | 'done')[]) {
  const left = [...given];
  let asked = 0;
  const act = async (): Promise<Outcome<string>> => {
    asked += 1;
    const next = left.shift() ?? 'done';
    return next === 'done' ? succeed('done') : fail(next);
  };
  return { act, asked: () => asked };
}

describe('What is tried again', () => {
  it('succeeds as soon as one attempt does', async () => {
    const { act, asked } = answers(broken, broken, 'done');
    expect(await retry({ doing: 'read it', act, policy })).toEqual(succeed('done'));
    expect(asked()).toBe(3);
  });

  it('fails with the last failure after the most attempts', async () => {
    const { act, asked } = answers(...Array.from({ length: 9 }, () => broken));
    expect(await retry({ doing: 'read it', act, policy })).toEqual(fail(broken));
    expect(asked()).toBe(4);
  });

  it('is not tried again when somebody has to mend something first', async () => {
    const { act, asked } = answers(denied);
    expect(await retry({ doing: 'read it', act, policy })).toEqual(fail(denied));
    expect(asked()).toBe(1);
  });

  it('begins its count anew after an attempt that brought something', async () => {
    const { act, asked } = answers(...Array.from({ length: 7 }, () => broken));
    let brought = true;
    const broughtSomething = () => {
      brought = asked() <= 3;
      return brought;
    };
    expect(await retry({ doing: 'read it', act, policy, broughtSomething })).toEqual(fail(broken));
    // Three that brought something, then four in a row that did not.
    expect(asked()).toBe(7);
  });

  it('pauses longer each time, up to the longest pause, spread over the upper half', async () => {
    const pausesWith = async (chance: number) => {
      const { act } = answers(broken, broken, broken, broken);
      const notices: RetryNotice[] = [];
      await retry({ doing: 'x', act, policy, chance: () => chance, onRetry: (one) => notices.push(one) });
      return notices.map(({ attempt, pauseMs }) => [attempt, pauseMs]);
    };
    expect(await pausesWith(0)).toEqual([
      [1, 4],
      [2, 8],
      [3, 10],
    ]);
    expect(await pausesWith(1)).toEqual([
      [1, 8],
      [2, 16],
      [3, 20],
    ]);
  });

  it('asks again after an attempt that took longer than its patience to fail', async () => {
    const { act, asked } = answers(broken);
    const slowly = async () => {
      if (asked() === 0) await pause(60);
      return act();
    };
    const patient = { mostAttempts: 1, firstPauseMs: 1, longestPauseMs: 1, patienceMs: 40 };
    expect(await retry({ doing: 'read it', act: slowly, policy: patient })).toMatchObject({ ok: true });
    expect(asked()).toBe(2);
  });

  it('ends at once, as cancelled, when the signal comes in a pause', async () => {
    const { act, asked } = answers(broken, broken);
    const stop = new AbortController();
    const longPolicy = { mostAttempts: 3, firstPauseMs: 60_000, longestPauseMs: 60_000 };
    const ended = retry({ doing: 'read it', act, policy: longPolicy, signal: stop.signal });
    await pause(10);
    stop.abort();
    expect(await ended).toMatchObject({ ok: false, failure: { code: 'cancelled' } });
    expect(asked()).toBe(1);
  });

  it('is what may pass by itself: never what was cancelled', () => {
    expect(mayPass(broken)).toBe(true);
    expect(mayPass({ ...broken, retry: 'after-fix' })).toBe(true);
    expect(mayPass(denied)).toBe(false);
    expect(mayPass({ ...broken, code: 'cancelled' })).toBe(false);
  });
});
