import { z } from 'zod';

/**
 * What the producer wrote down about one snapshot, beside its dump: without it a restore can be carried out but not
 * proven. Stored as `<dump key without .gz and .gpg>.manifest.json`, in the last moment of a backup, so a snapshot with a
 * manifest is a complete one.
 */
export const manifestSchema = z.object({
  thawManifest: z.literal(1),
  takenAt: z.iso.datetime(),
  host: z.string(),
  dump: z.object({ key: z.string(), sizeBytes: z.int(), sha256: z.string().regex(/^[0-9a-f]{64}$/) }),
  tables: z.array(z.object({ schema: z.string(), name: z.string(), rows: z.int() })),
  sequences: z
    .array(z.object({ schema: z.string(), name: z.string(), lastValue: z.string().nullable() }))
    .default([]),
  extensions: z.array(z.object({ name: z.string(), version: z.string() })).default([]),
  objects: z.object({ count: z.int(), sizeBytes: z.int() }).optional(),
  /** Fingerprints of named secrets, never the secrets. */
  fingerprints: z.record(z.string(), z.string()).default({}),
});

export type Manifest = z.infer<typeof manifestSchema>;

export const manifestEnding = '.manifest.json';

export function manifestKey(dumpKey: string): string {
  return `${dumpKey.replace(/(\.(gz|gpg|pgp))+$/, '')}${manifestEnding}`;
}
