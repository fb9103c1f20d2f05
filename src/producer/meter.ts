import { createHash } from 'node:crypto';
import { Transform } from 'node:stream';

type Meter = {
  readonly stream: Transform;
  /** After the clean end. */
  result(): { readonly sizeBytes: number; readonly sha256: string };
  sizeBytes(): number;
};

/** Counts and hashes what flows through, and lets `look` see each piece. */
export function createMeter(look: (chunk: Buffer) => void = () => {}): Meter {
  const hash = createHash('sha256');
  let sizeBytes = 0;
  const stream = new Transform({
    highWaterMark: 256 * 1024,
    transform: (chunk: Buffer, _encoding, next) => {
      hash.update(chunk);
      sizeBytes += chunk.length;
      look(chunk);
      next(null, chunk);
    },
  });
  // Whoever reads it learns of the error; as an event nobody listens to it would end the program.
  stream.on('error', () => {});
  return {
    stream,
    result: () => ({ sizeBytes, sha256: hash.digest('hex') }),
    sizeBytes: () => sizeBytes,
  };
}
