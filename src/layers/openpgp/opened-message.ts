import type { Readable } from 'node:stream';

export type OpenedMessage = {
  /** Ends cleanly only when the integrity of the whole is proven; fails with a failure inside otherwise. */
  readonly stream: Readable;
  /** When whatever was put on the disk for it, keys included, is gone again. */
  readonly settled: Promise<void>;
};
