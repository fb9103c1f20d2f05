/** Time as the plain output needs it: to notice silence. Tests move it by hand. */
export type Clock = {
  /** @returns the way to stop. */
  every(intervalMs: number, tick: () => void): () => void;
};

export const systemClock: Clock = {
  every(intervalMs, tick) {
    const timer = setInterval(tick, intervalMs);
    // Silence alone must not keep the program alive.
    timer.unref();
    return () => clearInterval(timer);
  },
};
