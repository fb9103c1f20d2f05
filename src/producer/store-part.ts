import { createHash } from 'node:crypto';
import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { endingsFor } from '../backups/wrapping.ts';
import { brokenBodyFailure } from '../base/body-error.ts';
import { fail, type Outcome, succeed } from '../base/failure.ts';
import type { ObjectStore } from '../ports/object-store.ts';
import type { Packer } from '../ports/packer.ts';

export type StoredPart = {
  readonly name: string;
  readonly key: string;
  readonly sizeBytes: number;
  readonly sha256: string;
};

/** Something small beside the dump, in one piece. */
export async function storePart(request: {
  readonly store: ObjectStore;
  readonly name: string;
  readonly key: string;
  readonly content: Buffer;
  readonly contentType: string;
  /** Compresses and encrypts it as the dump is; as it is when left out. */
  readonly packer?: Packer;
}): Promise<Outcome<StoredPart>> {
  const { store, name, key, contentType, packer } = request;
  const packed = packer === undefined ? succeed(request.content) : await pack(packer, request);
  if (!packed.ok) return packed;
  const content = packed.value;
  const written = await store.write({
    key,
    body: Readable.from([content], { objectMode: false }),
    sizeBytes: content.length,
    attributes: { contentType, metadata: {} },
  });
  if (!written.ok) return written;
  const sha256 = createHash('sha256').update(content).digest('hex');
  return succeed({ name, key, sizeBytes: content.length, sha256 });
}

/** Encrypted for whoever may open the dumps, with the ending that says so. */
export async function packPart(
  packer: Packer,
  part: { readonly key: string; readonly content: Buffer },
): Promise<Outcome<{ readonly content: Buffer; readonly ending: string }>> {
  const packed = await pack(packer, part);
  return packed.ok ? succeed({ content: packed.value, ending: endingsFor(packer.layers) }) : packed;
}

async function pack(
  packer: Packer,
  part: { readonly key: string; readonly content: Buffer },
): Promise<Outcome<Buffer>> {
  const packed = await packer.pack(Readable.from([part.content], { objectMode: false }));
  if (!packed.ok) return packed;
  try {
    return succeed(await buffer(packed.value));
  } catch (error) {
    return fail(brokenBodyFailure(`pack ${part.key}`, error));
  }
}
