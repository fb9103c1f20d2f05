import { setTimeout as sleep } from 'node:timers/promises';

/**
 * Waits.
 *
 * @returns false when the signal ended it before its time.
 */
export async function pause(durationMs: number, signal?: AbortSignal): Promise<boolean> {
  if (signal?.aborted) return false;
  try {
    await sleep(durationMs, undefined, signal === undefined ? {} : { signal });
    return true;
  } catch (error) {
    if (signal?.aborted) return false;
    throw error;
  }
}

/**
 * Looks again and again until something is so: the first look is now, and the last one after the limit has passed, so that a host which
 * slept in between is not called late.
 *
 * @returns what the last look found: `undefined` where it is not so within the limit, or the signal ended the waiting.
 */
export async function lookUntil<T>(request: {
  /** Tells what was waited for, or undefined while it is not there. */
  readonly look: () => Promise<T | undefined> | T | undefined;
  readonly everyMs: number;
  readonly limitMs: number;
  readonly signal?: AbortSignal | undefined;
}): Promise<T | undefined> {
  const endMs = performance.now() + request.limitMs;
  for (;;) {
    const isLast = performance.now() >= endMs;
    const found = await request.look();
    if (found !== undefined || isLast) return found;
    if (!(await pause(request.everyMs, request.signal))) return undefined;
  }
}
