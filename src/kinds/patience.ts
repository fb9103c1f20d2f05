import type { Host } from '../ports/host.ts';

/** How long somebody waits for a store that does not answer, and how the time passes. */
export type Patience = {
  /** Milliseconds without a success, from the first failure on. */
  readonly lastsMs: number;
  now(): number;
  /** Tells why, and waits; ends early where the work is stopped. */
  pause(durationMs: number, why: string): Promise<void>;
};

export function patienceOf(
  host: Pick<Host, 'now' | 'sleep'>,
  how: {
    readonly lastsMs: number;
    readonly signal: AbortSignal;
    readonly tell: (line: string) => void;
  },
): Patience {
  const { lastsMs, signal, tell } = how;
  let toldMs = Number.NEGATIVE_INFINITY;
  return {
    lastsMs,
    now: host.now,
    async pause(durationMs, why) {
      // Many may wait for the same store; one of them says so.
      const isNews = host.now() - toldMs >= oncePerMs;
      if (isNews) toldMs = host.now();
      if (isNews)
        tell(`${why} Tried again in ${Math.ceil(durationMs / 1000)} s, for ${lastsMs / 1000} s at most.`);
      await host.sleep(durationMs, signal);
    },
  };
}

const oncePerMs = 5000;

/** Of what has no step whose patience somebody set. */
export const usualPatienceMs = 120_000;
