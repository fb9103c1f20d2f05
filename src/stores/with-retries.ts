import type { Failure } from '../base/failure.ts';
import { mayPass, type RetryPolicy, retry } from '../platform/retry.ts';
import type { RawStore } from './store-kind.ts';

/** Each attempt may itself take a quarter of a minute, and a preflight waits for it. */
const storeRetries: RetryPolicy = { mostAttempts: 3, firstPauseMs: 300, longestPauseMs: 2_000 };

/** A call that hung for minutes hangs again. */
function isWorthAnother(failure: Failure): boolean {
  return failure.code !== 'stalled' && mayPass(failure);
}

/**
 * Tries again what can be asked a second time, for stores that do not do so themselves. Never a write: its body flows once, and whoever
 * has the source writes it anew. A listing only until its first page, a read only until its answer: behind that the reader has begun.
 * Removing is safe, since what is gone already counts as removed.
 */
export function withRetries(store: RawStore, policy: RetryPolicy = storeRetries): RawStore {
  const { address } = store;
  const how = { policy, isWorthAnother };
  return {
    ...store,
    access: (signal) => retry({ ...how, doing: `reach ${address}`, signal, act: () => store.access(signal) }),
    async *list(request) {
      const { prefix, signal } = request;
      let pages = store.list(request)[Symbol.asyncIterator]();
      const act = async (attempt: number) => {
        if (attempt > 1) {
          await pages.return?.();
          pages = store.list(request)[Symbol.asyncIterator]();
        }
        const page = await pages.next();
        return page.done ? ended : page.value;
      };
      try {
        const first = await retry({ ...how, doing: `list ${prefix} in ${address}`, signal, act });
        if (first === ended) return;
        yield first;
        if (first.ok) yield* { [Symbol.asyncIterator]: () => pages };
      } finally {
        await pages.return?.();
      }
    },
    describe: (key) =>
      retry({ ...how, doing: `describe ${key} in ${address}`, act: () => store.describe(key) }),
    read: (request) =>
      retry({
        ...how,
        doing: `read ${request.key} from ${address}`,
        signal: request.signal,
        act: () => store.read(request),
      }),
    remove: (key) => retry({ ...how, doing: `remove ${key} from ${address}`, act: () => store.remove(key) }),
    removeFolder: (prefix) =>
      retry({ ...how, doing: `remove ${prefix} from ${address}`, act: () => store.removeFolder(prefix) }),
    rights: () => retry({ ...how, doing: `ask ${address} for rights`, act: () => store.rights() }),
    signedUrl: (request) =>
      retry({ ...how, doing: `give a URL for ${request.key}`, act: () => store.signedUrl(request) }),
  };
}

/** The end of a listing that holds nothing, told from an empty page by being this very one. */
const ended = { ok: true, value: [] } as const;
