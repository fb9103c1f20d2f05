import { channel } from 'node:diagnostics_channel';
import type { FailureCode, Outcome } from '../base/failure.ts';
import { tellBegin, tellTraced } from '../platform/trace.ts';
import type { StoreDriver, ThawRequest } from '../ports/object-store.ts';
import type { RawStore } from './store-kind.ts';

/** One request to a store, as it was made: with what is tried again, each attempt is one. No credential is in it, and no content. */
export type StoreRequest = {
  readonly address: string;
  readonly method: Exclude<keyof StoreDriver, 'address' | 'close'>;
  /** Key or prefix; empty for what is about the whole store. */
  readonly key: string;
  /** Until the answer: a body may go on for much longer. Of a listing until its end. */
  readonly durationMs: number;
  readonly outcome: 'ok' | FailureCode;
  /** Of a listing: how many objects it named before it ended, or its reader had enough. */
  readonly objects?: number;
};

type StoreObserver = (request: StoreRequest) => void;

/** Whoever wants to know subscribes here (`node:diagnostics_channel`); where nobody does it costs next to nothing. */
export const storeRequests = channel('thaw:store-request');

export function publishRequest(request: StoreRequest): void {
  if (storeRequests.hasSubscribers) storeRequests.publish(request);
  const { address, method, key, durationMs, outcome } = request;
  tellTraced(() => ({ kind: 'store', text: `${method} ${key} in ${address}`, durationMs, outcome }));
}

/** Tells the observer of every request, when it has ended. It sees outcomes and changes none. */
export function withObservation(store: RawStore, observe: StoreObserver): RawStore {
  const { address } = store;
  const watched = async <T>(
    about: Pick<StoreRequest, 'method' | 'key'>,
    ask: () => Promise<Outcome<T>>,
  ): Promise<Outcome<T>> => {
    const startMs = performance.now();
    tellBegin(() => ({ kind: 'store', text: `${about.method} ${about.key} in ${address}` }));
    const answer = await ask();
    const outcome = answer.ok ? 'ok' : answer.failure.code;
    observe({ address, ...about, durationMs: Math.round(performance.now() - startMs), outcome });
    return answer;
  };
  const { thaw } = store;
  return {
    ...store,
    ...(thaw === undefined
      ? {}
      : {
          thaw: (request: ThawRequest) => watched({ method: 'thaw', key: request.key }, () => thaw(request)),
        }),
    access: (signal) => watched({ method: 'access', key: '' }, () => store.access(signal)),
    async *list(request) {
      const startMs = performance.now();
      tellBegin(() => ({ kind: 'store', text: `list ${request.prefix} in ${address}` }));
      let objects = 0;
      let outcome: StoreRequest['outcome'] = 'ok';
      try {
        for await (const page of store.list(request)) {
          if (page.ok) objects += page.value.length;
          else outcome = page.failure.code;
          yield page;
        }
      } finally {
        const durationMs = Math.round(performance.now() - startMs);
        observe({ address, method: 'list', key: request.prefix, durationMs, outcome, objects });
      }
    },
    describe: (key) => watched({ method: 'describe', key }, () => store.describe(key)),
    attributes: (key) => watched({ method: 'attributes', key }, () => store.attributes(key)),
    read: (request) => watched({ method: 'read', key: request.key }, () => store.read(request)),
    write: (request) => watched({ method: 'write', key: request.key }, () => store.write(request)),
    writeStream: (request) =>
      watched({ method: 'writeStream', key: request.key }, () => store.writeStream(request)),
    remove: (key) => watched({ method: 'remove', key }, () => store.remove(key)),
    removeFolder: (prefix) =>
      watched({ method: 'removeFolder', key: prefix }, () => store.removeFolder(prefix)),
    rights: () => watched({ method: 'rights', key: '' }, () => store.rights()),
    signedUrl: (request) =>
      watched({ method: 'signedUrl', key: request.key }, () => store.signedUrl(request)),
  };
}
