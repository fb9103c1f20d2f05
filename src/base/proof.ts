/**
 * What a restored dump can be proven against. dump: every entry of the archive is there, every message accounted for, every table
 * counted. manifest: it is what the producer counted. live: it is what the live database holds. Neither of the last two implies
 * the other, and both stand on the first.
 */
export const proofs = ['dump', 'manifest', 'live'] as const;
export type Proof = (typeof proofs)[number];

const words: Readonly<Record<Proof, string>> = {
  dump: 'the dump',
  manifest: 'the manifest',
  live: 'the live database',
};

/** The strongest alone: the dump goes without saying where something more was held against it. */
export function sayProofs(proven: readonly Proof[]): string {
  const beyond = proven.filter((proof) => proof !== 'dump');
  return (beyond.length === 0 ? proven : beyond).map((proof) => words[proof]).join(' and ');
}

/** What `proof:` asks for, all of which has to be proven. */
export function askedBy(asked: Proof): readonly Proof[] {
  return asked === 'dump' ? ['dump'] : ['dump', asked];
}
