import type { Readable } from 'node:stream';

/** Far longer than any piece of work between two reads, also on a busy host. */
export const stuckMs = 20_000;

/**
 * Tells when a reader has stopped reading: what it could have is there, or the end of it, and nothing is taken. openpgp.js may
 * come to that where it takes noise for packets. A source that is slow itself is somebody else's to watch.
 */
export function watchReader(source: Readable, limitMs = stuckMs) {
  let lastMs = performance.now();
  const note = () => {
    lastMs = performance.now();
  };
  // Whoever made the source a web stream has paused it: to listen does not make it flow.
  source.on('data', note);
  const isWaitedFor = () => source.isPaused() || source.readableEnded || source.destroyed;
  return {
    /** The same, or a failure when nothing moves for that long. */
    async within<T>(work: Promise<T>): Promise<T> {
      note();
      const stuck = Promise.withResolvers<never>();
      const timer = setInterval(() => {
        if (isWaitedFor() && performance.now() - lastMs > limitMs)
          stuck.reject(new Error('openpgp.js stopped reading in the middle of the message'));
      }, limitMs / 10);
      try {
        return await Promise.race([work, stuck.promise]);
      } finally {
        clearInterval(timer);
      }
    },
  };
}
