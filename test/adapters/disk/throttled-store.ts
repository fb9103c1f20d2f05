import { Transform } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import type { ReadRequest, StoreDriver } from '../../../src/ports/object-store.ts';

/** A store whose bytes come slowly, so that a test can end something in their middle. */
export function throttle(store: StoreDriver, chunkPauseMs: number): StoreDriver {
  return {
    ...store,
    read: async (request) => {
      const answer = await store.read(request);
      if (!answer.ok) return answer;
      const slow = new Transform({
        transform(chunk, _encoding, done) {
          sleep(chunkPauseMs).then(() => done(null, chunk));
        },
      });
      slow.on('error', () => {});
      const { body } = answer.value;
      body.on('error', (error) => slow.destroy(error));
      slow.on('close', () => body.destroy());
      return { ok: true, value: { ...answer.value, body: body.pipe(slow) } };
    },
  };
}

/** Remembers what was asked for. */
export function recordReads(store: StoreDriver): {
  readonly store: StoreDriver;
  readonly reads: ReadRequest[];
} {
  const reads: ReadRequest[] = [];
  const read = (request: ReadRequest) => {
    reads.push(request);
    return store.read(request);
  };
  return { store: { ...store, read }, reads };
}
