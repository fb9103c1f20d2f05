/** A broken promise of ours. It stops the program: exit status 70, never a failure shown as the world's. */
export function assert(condition: unknown, promise: string): asserts condition {
  if (!condition) throw new Error(`Broken promise: ${promise}`);
}
