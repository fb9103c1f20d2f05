import { z } from 'zod';
import { duration, optionalText, text } from './fields.ts';

/** Physical backups: a whole cluster and its write-ahead log, for recovery to a point in time. */
export const clusterBackupsSchema = z.discriminatedUnion('engine', [
  z.strictObject({
    engine: z.literal('base-backup'),
    layout: text.describe(
      'Key pattern of base backups: base/{timestamp}/base.tar.gz[.gpg], or base/{timestamp}/backup_label for a plain copy',
    ),
    walPrefix: text.describe('Where the archive_command puts segments: wal-archive/'),
  }),
  z.strictObject({
    engine: z.literal('pgbackrest'),
    stanza: text,
    configFile: text.describe('The configuration that names the repository and holds its credentials'),
  }),
]);

export type ClusterBackupsField = z.infer<typeof clusterBackupsSchema>;

const question = z.strictObject({
  title: text,
  database: optionalText.describe('The database of production.database.url when left out'),
  query: text,
  expect: z.strictObject({ equals: text.optional(), atLeast: z.number().optional() }).default({}),
});

export const recoverClusterFields = {
  to: optionalText.describe(
    'A moment with its zone: 2025-10-17 14:30:00 UTC; to the end of the archive when empty',
  ),
  inclusive: z.boolean().default(false).describe('Whether a commit at exactly that moment is kept'),
  timeline: z
    .string()
    .regex(
      /^(latest|current|[1-9]\d*|\$\{[A-Z][A-Z0-9_]*\})$/,
      'Write latest, current, or the number of a timeline.',
    )
    .default('latest'),
  folder: text.describe('Data folder of the new cluster: empty or absent; a drill uses one beside it'),
  port: text.describe('Where the new cluster listens, on 127.0.0.1 alone'),
  superuser: text.default('postgres').describe('A role of the recovered cluster that may look everywhere'),
  queries: z.array(question).default([]).describe('Asked before the cluster is given a timeline of its own'),
  stall: duration.default('15m').describe('No sign of life for that long counts as stalled'),
};
