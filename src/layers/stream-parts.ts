import { Readable, type Writable } from 'node:stream';

/** Its error is read from `errored` by whoever drains it; as an event nobody listens to it would end the program. */
export function quiet<T extends Readable>(stream: T): T {
  stream.on('error', () => {});
  return stream;
}

/** `pipe` leaves errors behind; a stage must fail with the cause of the one before it. */
export function forwardErrors(source: Readable, target: Writable): void {
  source.once('error', (error) => target.destroy(error));
  source.once('close', () => {
    if (!source.readableEnded && source.errored === null)
      target.destroy(new Error('the source closed early'));
  });
}

type Begun = {
  /** At most the wanted bytes, fewer where the source is shorter. */
  readonly head: Buffer;
  /** The whole content from its first byte, the head included. */
  readonly stream: Readable;
};

/** Looks at the first bytes of a stream without losing them. Throws what the stream throws. */
export async function readBeginning(source: Readable, wantBytes: number): Promise<Begun> {
  const chunks: Buffer[] = [];
  let sizeBytes = 0;
  const iterator = source.iterator({ destroyOnReturn: false });
  while (sizeBytes < wantBytes) {
    const next = await iterator.next();
    if (next.done) break;
    const chunk = Buffer.from(next.value as Uint8Array);
    chunks.push(chunk);
    sizeBytes += chunk.length;
  }
  await iterator.return?.();
  const whole = Buffer.concat(chunks);
  return { head: whole.subarray(0, wantBytes), stream: prepend(whole, source) };
}

function prepend(head: Buffer, rest: Readable): Readable {
  const joined = Readable.from(
    (async function* () {
      if (head.length > 0) yield head;
      if (!rest.readableEnded) for await (const chunk of rest) yield chunk as Buffer;
    })(),
    { objectMode: false, highWaterMark: 1024 * 1024 },
  );
  // A stage that is given up before it was ever read must give up its source, too.
  joined.once('close', () => rest.destroy());
  return quiet(joined);
}

/**
 * Web streams as Node's own and back. The two descriptions of them, Node's and that of the packages, differ in details nobody uses here:
 * the one place of this room where the compiler is told so.
 */
export function fromWeb(stream: object, options?: { readonly highWaterMark: number }): Readable {
  return Readable.fromWeb(stream as unknown as Parameters<typeof Readable.fromWeb>[0], options);
}

export function toWeb<T extends Uint8Array | string>(source: Readable): ReadableStream<T> {
  return Readable.toWeb(source) as unknown as ReadableStream<T>;
}
