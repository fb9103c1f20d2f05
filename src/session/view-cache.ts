import type { View } from './view.ts';

/** Output and progress change the view at most this often; facts and questions at once. */
const calmMs = 100;
/** Clocks on the screen go on although nothing happens. */
const tickMs = 1000;

/** The same view until something changed, and whoever wants to hear of a change. */
export type ViewCache = {
  view(): View;
  changed(): void;
  changedALittle(): void;
  subscribe(listener: () => void): () => void;
  /** Stops the clock; later changes are still told. */
  close(): void;
};

export function createViewCache(build: () => View): ViewCache {
  const listeners = new Set<() => void>();
  let cached: View | undefined;
  let calm: NodeJS.Timeout | undefined;

  function changed() {
    clearTimeout(calm);
    calm = undefined;
    cached = undefined;
    // A listener may be removed, or remove itself, while it is called.
    for (const listener of [...listeners]) listener();
  }

  function changedALittle() {
    calm ??= setTimeout(changed, calmMs);
  }

  const ticking = setInterval(changedALittle, tickMs);
  return {
    view() {
      cached ??= build();
      return cached;
    },
    changed,
    changedALittle,
    subscribe(listener) {
      listeners.add(listener);
      return () => {
        listeners.delete(listener);
      };
    },
    close: () => clearInterval(ticking),
  };
}
