import fc from 'fast-check';

/**
 * Bytes that were good once: some are changed, doubled, left out or put in, numbers become as large as they can be, and the end may be
 * missing. What a reader meets in damage and in forgery alike, and far more often than in random bytes.
 */
export function mutated(genuine: Buffer): fc.Arbitrary<Buffer> {
  const change = fc.oneof(
    fc.record({
      kind: fc.constant('set' as const),
      at: fc.nat(),
      bytes: fc.uint8Array({ minLength: 1, maxLength: 8 }),
    }),
    fc.record({
      kind: fc.constant('put in' as const),
      at: fc.nat(),
      bytes: fc.uint8Array({ maxLength: 16 }),
    }),
    fc.record({ kind: fc.constant('leave out' as const), at: fc.nat(), count: fc.nat({ max: 64 }) }),
    fc.record({ kind: fc.constant('double' as const), at: fc.nat(), count: fc.nat({ max: 256 }) }),
    fc.record({ kind: fc.constant('cut' as const), at: fc.nat() }),
    fc.record({
      kind: fc.constant('set' as const),
      at: fc.nat(),
      bytes: fc.constantFrom(
        ...['ffffffff', '7fffffff', '80000000', '00000000', '0a', '22', '27', '5c', '7b7b7b7b', 'c0af'].map(
          (hex) => Uint8Array.from(Buffer.from(hex, 'hex')),
        ),
      ),
    }),
  );
  return fc.array(change, { minLength: 1, maxLength: 6 }).map((changes) => changes.reduce(apply, genuine));
}

type Change =
  | { readonly kind: 'set' | 'put in'; readonly at: number; readonly bytes: Uint8Array }
  | { readonly kind: 'leave out' | 'double'; readonly at: number; readonly count: number }
  | { readonly kind: 'cut'; readonly at: number };

function apply(bytes: Buffer, change: Change): Buffer {
  const at = change.at % (bytes.length + 1);
  const before = bytes.subarray(0, at);
  switch (change.kind) {
    case 'set':
      return Buffer.concat([before, change.bytes, bytes.subarray(at + change.bytes.length)]);
    case 'put in':
      return Buffer.concat([before, change.bytes, bytes.subarray(at)]);
    case 'leave out':
      return Buffer.concat([before, bytes.subarray(at + change.count)]);
    case 'double':
      return Buffer.concat([before, bytes.subarray(at, at + change.count), bytes.subarray(at)]);
    case 'cut':
      return before;
  }
}

/** The same for a text; what is no UTF-8 any more is read as any reader of files would. */
export function mutatedText(genuine: string): fc.Arbitrary<string> {
  return fc.oneof(
    mutated(Buffer.from(genuine)).map((bytes) => bytes.toString('utf8')),
    fc.string({ unit: 'binary', maxLength: 200 }),
  );
}
