import { createHash } from 'node:crypto';
import { pipeline, type Readable, Transform } from 'node:stream';
import type { ArchiveToc } from '../base/archive-toc.ts';
import { type Outcome, succeed } from '../base/failure.ts';
import type { DumpRequest, DumpTools } from '../ports/dump-tools.ts';
import type { ObjectStore } from '../ports/object-store.ts';
import type { Packer } from '../ports/packer.ts';
import { createTocCollector } from './collect-toc.ts';

export type StoredDump = {
  readonly sizeBytes: number;
  readonly sha256: string;
  readonly unpackedBytes: number;
  readonly unpackedSha256: string;
  readonly toc: ArchiveToc;
};

/**
 * pg_dump, then compression, then encryption, then the store: piece by piece, so that the size of the database does not show in
 * memory or on this disk. Whatever breaks off anywhere ends all of it, and the store keeps no object.
 */
export async function dumpToStore(request: {
  readonly tools: DumpTools;
  readonly dump: DumpRequest;
  readonly packer: Packer;
  readonly store: ObjectStore;
  readonly key: string;
  readonly expectedBytes: number;
  readonly onBytes: (done: number) => void;
}): Promise<Outcome<StoredDump>> {
  const { tools, dump, packer, store, key, expectedBytes, onBytes } = request;
  const archive = await tools.dump(dump);
  if (!archive.ok) return archive;
  const toc = createTocCollector();
  const inner = createMeter((chunk) => {
    toc.take(chunk);
    onBytes(inner.sizeBytes());
  });
  join(archive.value, inner.stream);
  const packed = await packer.pack(inner.stream);
  if (!packed.ok) {
    inner.stream.destroy();
    return packed;
  }
  const outer = createMeter();
  join(packed.value, outer.stream);
  const written = await store.writeStream({
    key,
    body: outer.stream,
    expectedBytes,
    attributes: { contentType: 'application/octet-stream', metadata: {} },
    ...(dump.signal === undefined ? {} : { signal: dump.signal }),
  });
  if (!written.ok) return written;
  const contents = toc.finish();
  if (!contents.ok) return contents;
  const archived = inner.result();
  return succeed({
    ...outer.result(),
    unpackedBytes: archived.sizeBytes,
    unpackedSha256: archived.sha256,
    toc: contents.value,
  });
}

/** pipeline, unlike pipe, hands errors on in both directions; who reads the last stage is told of them. */
export function join(from: Readable, to: NodeJS.ReadWriteStream): void {
  pipeline(from, to, () => {});
}

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
