import type { Expectation } from './exercise.ts';

/** Less than this is chance, however short the step usually is. */
const noticeableMs = 10_000;

/** Twice as long as ever before, and noticeably so. */
export function isFarBeyond(actualMs: number, past: Pick<Expectation, 'longestMs'>): boolean {
  return actualMs > 2 * past.longestMs && actualMs - past.longestMs > noticeableMs;
}
