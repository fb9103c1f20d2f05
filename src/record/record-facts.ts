import { z } from 'zod';
import type { RunState } from '../journal/run-state.ts';

/**
 * What steps wrote down, as far as the record needs it. Looser than the shapes the steps themselves insist on: a record is
 * drawn from old journals too, and what it cannot read it marks as not recorded.
 */
const shapes = {
  snapshot: z.object({
    id: z.string(),
    key: z.string(),
    takenAtMs: z.number(),
    sizeBytes: z.number(),
    header: z.string(),
    layers: z.array(z.string()).optional(),
  }),
  manifest: z.object({
    takenAt: z.string(),
    dump: z.object({ sha256: z.string() }),
    objects: z
      .object({ count: z.number(), sizeBytes: z.number(), listedAt: z.string().optional() })
      .optional(),
    fingerprints: z.record(z.string(), z.string()).optional(),
    encryption: z.object({ keyIds: z.array(z.string()) }).optional(),
  }),
  'dump-file': z.object({ sha256: z.string(), sizeBytes: z.number() }),
  'archive-file': z.object({ sha256: z.string(), how: z.string() }),
  mirrored: z.object({ total: z.number(), copied: z.number(), sizeBytes: z.number() }),
} as const;

type Shapes = typeof shapes;

export function readRecordFact<K extends keyof Shapes>(
  state: RunState,
  name: K,
): z.infer<Shapes[K]> | undefined {
  const parsed = shapes[name].safeParse(state.facts.get(name));
  return parsed.success ? (parsed.data as z.infer<Shapes[K]>) : undefined;
}
