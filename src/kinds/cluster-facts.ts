import { z } from 'zod';
import { defineFact } from './fact.ts';

/** What a recovery of a whole cluster leaves in the journal. */

const base = z.object({
  /** The key of the base backup, or the label in the repository. */
  source: z.string(),
  targetTimeMs: z.number().nullable(),
  timeline: z.string(),
});

/**
 * Of which base backup the data folder is being filled, and whether all of it is there; its source is null where nothing that came is to
 * be kept. As long as it is told no server was started there; null once nothing is missing.
 */
export const clusterBringingFact = defineFact(
  'cluster-bringing',
  1,
  z.object({ source: z.string().nullable(), isFilled: z.boolean() }).nullable(),
);

/** Everything is in the data folder and nothing has been replayed. */
export const clusterFilesFact = defineFact(
  'cluster-files',
  1,
  base.extend({ segments: z.number(), checkedBy: z.string(), endedAtMs: z.number().nullable() }),
);

/** What the cluster looked like when recovery had come as far as it was asked to. */
const recovered = z.object({
  reachedTarget: z.boolean(),
  lastCommit: z.string().nullable(),
  replayedTo: z.string(),
  timeline: z.number(),
  queries: z
    .array(z.object({ title: z.string(), verdict: z.enum(['passed', 'failed', 'later']), text: z.string() }))
    .readonly(),
});
export type Recovered = z.infer<typeof recovered>;
export const recoveredFact = defineFact('cluster-recovered', 1, recovered);

/** Written before the promotion: from then on the folder must not be configured for recovery again. */
export const promotingFact = defineFact('cluster-promoting', 1, z.object({ fromTimeline: z.number() }));
