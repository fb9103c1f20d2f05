import { randomInt } from 'node:crypto';

/** Printed with every run of these tests: the same seed draws the same faults. */
export const seed = Number(process.env.THAW_TEST_SEED ?? randomInt(2 ** 31));

/** mulberry32: small, and the same numbers on every machine. */
export function drawFrom(start: number): () => number {
  let state = start >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** In an order that the seed says. */
export function shuffled<T>(items: readonly T[], draw: () => number): readonly T[] {
  return items
    .map((item) => ({ item, place: draw() }))
    .toSorted((one, other) => one.place - other.place)
    .map(({ item }) => item);
}

/** How long a file of these tests may take, where somebody said so (THAW_TEST_FAULT_MINUTES); then what was drawn first is what is tried. */
export function createBudget(): { isOver(): boolean } {
  const minutes = Number(process.env.THAW_TEST_FAULT_MINUTES ?? Number.POSITIVE_INFINITY);
  const beganMs = performance.now();
  return { isOver: () => performance.now() - beganMs > minutes * 60_000 };
}
