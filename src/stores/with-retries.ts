import type { Failure, Outcome } from '../base/failure.ts';
import { mayPass, type RetryNotice, type RetryPolicy, retry } from '../platform/retry.ts';
import type { ObjectStore, ReadRequest } from '../ports/object-store.ts';
import type { RawStore } from './store-kind.ts';

/** Each attempt may itself take a quarter of a minute, and a preflight waits for it. */
const storeRetries: RetryPolicy = { mostAttempts: 3, firstPauseMs: 300, longestPauseMs: 2_000 };

/** A call that hung for minutes hangs again. */
function isWorthAnother(failure: Failure): boolean {
  return failure.code !== 'stalled' && mayPass(failure);
}

/**
 * Tries again what can be asked a second time, for stores that do not do so themselves. Never a write: its body flows once, and whoever
 * has the source writes it anew. Removing is safe, since what is gone already counts as removed.
 */
export function withRetries(store: RawStore, policy: RetryPolicy = storeRetries): RawStore {
  const { address } = store;
  const how = { policy, isWorthAnother };
  return {
    ...store,
    ...readAgain(store, how),
    access: (signal) => retry({ ...how, doing: `reach ${address}`, signal, act: () => store.access(signal) }),
    remove: (key) => retry({ ...how, doing: `remove ${key} from ${address}`, act: () => store.remove(key) }),
    removeFolder: (prefix) =>
      retry({ ...how, doing: `remove ${prefix} from ${address}`, act: () => store.removeFolder(prefix) }),
    rights: () => retry({ ...how, doing: `ask ${address} for rights`, act: () => store.rights() }),
    signedUrl: (request) =>
      retry({ ...how, doing: `give a URL for ${request.key}`, act: () => store.signedUrl(request) }),
  };
}

/** Somebody waits for it and has time: a store that restarts, or an outage of a minute, ends no restore of hours. */
export function withPatience(
  store: ObjectStore,
  wait: {
    readonly patienceMs: number;
    readonly signal: AbortSignal;
    readonly tell: (line: string) => void;
  },
): ObjectStore {
  const { patienceMs, signal, tell } = wait;
  const untilMs = patienceMs / 1000;
  return {
    ...store,
    ...readAgain(store, {
      policy: { mostAttempts: 1, firstPauseMs: 500, longestPauseMs: 10_000, patienceMs },
      isWorthAnother: ({ code }) => code === 'unreachable' || code === 'stalled',
      onRetry: ({ failure, pauseMs }) =>
        tell(`${failure.message} Asked again in ${Math.ceil(pauseMs / 1000)} s, for ${untilMs} s at most.`),
      signal,
    }),
  };
}

type Reads<Body> = Pick<RawStore, 'address' | 'list' | 'describe' | 'attributes'> & {
  read(request: ReadRequest): Promise<Outcome<Body>>;
};

type How = {
  readonly policy: RetryPolicy;
  readonly isWorthAnother: (failure: Failure) => boolean;
  readonly onRetry?: (notice: RetryNotice) => void;
  readonly signal?: AbortSignal;
};

/** A listing only until its first page, a read only until its answer: behind that the reader has begun. */
function readAgain<Body>(store: Reads<Body>, all: How): Omit<Reads<Body>, 'address'> {
  const { address } = store;
  const howFor = (signal: AbortSignal | undefined) => ({ ...all, signal: signal ?? all.signal });
  return {
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
        const first = await retry({ ...howFor(signal), doing: `list ${prefix} in ${address}`, act });
        if (first === ended) return;
        yield first;
        if (first.ok) yield* { [Symbol.asyncIterator]: () => pages };
      } finally {
        await pages.return?.();
      }
    },
    describe: (key) =>
      retry({
        ...howFor(undefined),
        doing: `describe ${key} in ${address}`,
        act: () => store.describe(key),
      }),
    attributes: (key) =>
      retry({
        ...howFor(undefined),
        doing: `describe ${key} in ${address}`,
        act: () => store.attributes(key),
      }),
    read: (request) =>
      retry({
        ...howFor(request.signal),
        doing: `read ${request.key} from ${address}`,
        act: () => store.read(request),
      }),
  };
}

/** The end of a listing that holds nothing, told from an empty page by being this very one. */
const ended = { ok: true, value: [] } as const;
