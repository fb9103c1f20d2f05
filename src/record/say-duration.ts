import { formatDuration } from '../base/units.ts';

/** Below a minute in seconds with a tenth: parts of a short run still add up to the eye. */
export function sayDuration(durationMs: number): string {
  return durationMs < 60_000
    ? `${(Math.max(0, durationMs) / 1000).toFixed(1)} s`
    : formatDuration(durationMs);
}
