import type { Duplex } from 'node:stream';
import { parseJson } from '../../base/parse-json.ts';

/** Two processes that talk about one run: a JSON value a line, both ways. */
export type Link = {
  /** What is said to an end that is gone is lost; `closed` tells. */
  send(message: Readonly<Record<string, unknown>>): void;
  /** Each value as it comes; nothing is read before somebody listens. A line that is no JSON is left out. */
  listen(listener: (message: unknown) => void): void;
  /** The other end reads too slowly: what is old by then need not be said at all. `onRoom` is called once when it has caught up. */
  isClogged(): boolean;
  onRoom(listener: () => void): void;
  /** Says what is waiting, and then no more. */
  end(): void;
  /** Resolves when nothing will come any more, however that came about. */
  readonly closed: Promise<void>;
};

/** Longer than any view of a run; more than that without a line break is no message of ours. */
const longestLine = 64 * 1024 * 1024;
/** An end that is stopped (Ctrl+Z) reads nothing; it must not keep this process for ever. */
const endWithinMs = 2000;

export function createLink(stream: Duplex): Link {
  const closed = new Promise<void>((resolve) => {
    stream.once('close', resolve);
    stream.once('end', resolve);
  });
  // A torn connection is an end like any other: `close` follows.
  stream.on('error', () => {});
  stream.setEncoding('utf8');
  const listeners: ((message: unknown) => void)[] = [];
  let rest = '';

  function onText(text: string) {
    const lines = (rest + text).split('\n');
    rest = lines.pop() ?? '';
    if (rest.length > longestLine) stream.destroy();
    for (const line of lines) {
      const message = parseJson(line);
      if (message !== undefined) for (const listener of listeners) listener(message);
    }
  }

  return {
    closed,
    send: (message) => {
      if (stream.writable) stream.write(`${JSON.stringify(message)}\n`);
    },
    listen(listener) {
      listeners.push(listener);
      if (listeners.length === 1) stream.on('data', onText);
    },
    isClogged: () => stream.writableNeedDrain,
    onRoom: (listener) => void stream.once('drain', listener),
    end() {
      stream.end();
      setTimeout(() => stream.destroy(), endWithinMs).unref();
    },
  };
}
