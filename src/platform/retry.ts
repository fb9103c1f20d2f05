import { cancelledFailure } from '../base/cancelled-failure.ts';
import { type Failure, fail, type Outcome } from '../base/failure.ts';
import { pause } from './pause.ts';

/** How often and how patiently something is tried again. */
export type RetryPolicy = {
  /** The first attempt counts, too. Counted in a row: what brings something in between starts the count anew. */
  readonly mostAttempts: number;
  /** After the first attempt; it doubles with each further one. */
  readonly firstPauseMs: number;
  readonly longestPauseMs: number;
  /** So long it goes on at any rate, since the first of them failed, however long that took to say so; after that the count decides. */
  readonly patienceMs?: number;
};

/** For a request over a network: five attempts, at most 3 s of pauses in all. */
export const networkRetries: RetryPolicy = { mostAttempts: 5, firstPauseMs: 200, longestPauseMs: 5_000 };

export type RetryNotice = {
  readonly failure: Failure;
  /** The attempt that has just failed, counted from 1. */
  readonly attempt: number;
  readonly pauseMs: number;
};

type RetryRequest<T> = {
  /** What is done, with the place in it: "read s3://b/k". For the failure when it is cancelled in a pause. */
  readonly doing: string;
  /** @param attempt counted from 1, and from 1 again after one that brought something. */
  readonly act: (attempt: number) => Promise<Outcome<T>>;
  readonly policy?: RetryPolicy;
  /** Which failures are worth another attempt; `mayPass` where nothing is said. */
  readonly isWorthAnother?: (failure: Failure) => boolean;
  /** Asked after each failure: has the attempt brought something, so that the next one is a first one again? */
  readonly broughtSomething?: () => boolean;
  readonly signal?: AbortSignal | undefined;
  /** Before each pause. */
  readonly onRetry?: (notice: RetryNotice) => void;
  /** From 0 up to 1, for the spread of the pauses. */
  readonly chance?: () => number;
};

/**
 * What may be different a moment later: a connection that broke off, a store that restarts and refuses connections until then.
 * What somebody has to mend first is told at once, and what was cancelled stays cancelled.
 */
export function mayPass(failure: Failure): boolean {
  return failure.code !== 'cancelled' && (failure.retry === 'safe' || failure.code === 'unreachable');
}

/**
 * Does it until it succeeds, fails for a reason that another attempt cannot change, or has failed too often in a row. Only for what may be
 * done twice: an attempt that failed may have done its work before its answer was lost.
 *
 * @returns the success, or the failure of the last attempt; `cancelled` when the signal ended it between two attempts.
 */
export async function retry<T>(request: RetryRequest<T>): Promise<Outcome<T>> {
  const { doing, act, signal, policy = networkRetries, isWorthAnother = mayPass } = request;
  const { patienceMs = 0 } = policy;
  let firstFailedMs: number | undefined;
  for (let attempt = 1; ; attempt += 1) {
    const ended = await act(attempt);
    if (ended.ok) return ended;
    if (signal?.aborted) return ended.failure.code === 'cancelled' ? ended : fail(cancelledFailure(doing));
    if (request.broughtSomething?.()) {
      attempt = 0;
      firstFailedMs = undefined;
    }
    const nowMs = performance.now();
    firstFailedMs ??= nowMs;
    const isOver = attempt >= policy.mostAttempts && nowMs - firstFailedMs >= patienceMs;
    if (!isWorthAnother(ended.failure) || isOver) return ended;
    const pauseMs = pauseAfter(attempt, { policy, chance: request.chance ?? Math.random });
    request.onRetry?.({ failure: ended.failure, attempt: Math.max(1, attempt), pauseMs });
    if (!(await pause(pauseMs, signal))) return fail(cancelledFailure(doing));
  }
}

/** Spread over the upper half: many that failed in the same moment must not come back in the same moment. */
function pauseAfter(
  attempt: number,
  { policy, chance }: { readonly policy: RetryPolicy; readonly chance: () => number },
): number {
  const whole = Math.min(policy.longestPauseMs, policy.firstPauseMs * 2 ** Math.max(0, attempt - 1));
  return Math.round(whole / 2 + (whole / 2) * chance());
}
