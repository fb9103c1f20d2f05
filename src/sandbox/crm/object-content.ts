import { createCipheriv, createHash } from 'node:crypto';

const header = Buffer.from('%PDF-1.4\n');

/** The bytes of an object, the same each time for the same key: incompressible, like the scans they stand for. */
export function objectContent(object: { readonly key: string; readonly sizeBytes: number }): Buffer {
  const seed = createHash('sha256').update(object.key).digest();
  const stream = createCipheriv('aes-256-ctr', seed, Buffer.alloc(16));
  const filler = stream.update(Buffer.alloc(Math.max(0, object.sizeBytes - header.length)));
  return Buffer.concat([header, filler]).subarray(0, object.sizeBytes);
}
