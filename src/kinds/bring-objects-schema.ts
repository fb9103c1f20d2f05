import { z } from 'zod';
import { storeSchema, text } from './fields.ts';

/** Objects of one bucket from somewhere else than the mirror of the backups: an archive of it, or another bucket. */
export const bringObjectsFields = {
  from: z.discriminatedUnion('kind', [
    z.strictObject({
      kind: z.literal('archive'),
      layout: text.describe('Key pattern of a tar archive: minio-snapshots/company-data_{timestamp}.tar.gz'),
      store: storeSchema.optional().describe('The backup store when left out'),
      strip: z
        .int()
        .min(0)
        .default(0)
        .describe('Folders at the beginning of each name that are no part of the key'),
    }),
    z.strictObject({
      kind: z.literal('tree'),
      prefix: z.string().describe('Everything below it; the whole bucket when empty'),
      store: storeSchema.optional().describe('A replica, say; the backup store when left out'),
    }),
  ]),
  into: storeSchema,
  drillInto: storeSchema.optional().describe('A drill does without this step when left out'),
  workers: z.int().min(1).max(64).default(16),
};
