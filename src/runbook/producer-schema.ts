import { z } from 'zod';
import { alertKinds } from '../adapters/alerts/list.ts';
import { duration, id, optionalText, storeSchema, text } from '../kinds/fields.ts';
import { compressions, encryptions } from '../layers/list.ts';

/** What `thaw backup`, `thaw prune` and `thaw monitor` need; a restore asks for none of it. */

const encrypt = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('none') }).describe('Not encrypted'),
  ...encryptions.map(({ seal }) => seal.schema),
]);

export const producerSchema = z.strictObject({
  host: optionalText.describe(
    'The {host} of new dumps; backups.dumps.host when left out, then the name of this host',
  ),
  tier: optionalText.describe('The {tier} of new dumps'),
  compression: z
    .enum(['none', ...compressions.map(({ name }) => name)])
    .default('gzip')
    .describe('How new dumps are compressed'),
  encrypt: encrypt.default({ kind: 'none' }).describe('To whom new dumps are encrypted'),
  sign: z
    .strictObject({
      keyFile: optionalText.describe(
        'A private key as OpenSSH keeps it, made by `thaw keys new` or ssh-keygen; or the public half of one that ssh-agent holds',
      ),
    })
    .optional()
    .describe('With what new manifests are signed; not signed where it is left out or empty'),
  kit: z
    .strictObject({
      include: z
        .array(text)
        .default([])
        .describe('Files and folders of the project that go along, beside what its compose files refer to'),
      environment: z
        .enum(['never', 'encrypted'])
        .default('never')
        .describe('Whether production.envFile lies in the kit: encrypted as the dumps are, or never'),
      program: optionalText.describe(
        'The one file of thaw that goes along, for other processors several joined by a colon; the running program where it is one file and this is left out',
      ),
    })
    .optional()
    .describe('What a restore on a blank host begins with; where it stands here, each backup refreshes it'),
  fingerprints: z
    .array(text)
    .default([])
    .describe('Variables of production.envFile whose fingerprints go into the manifest'),
  newestColumns: z
    .array(text)
    .default(['updated_at', 'created_at'])
    .describe('Columns that say when a row was written; the first that a table has counts'),
  workers: z.int().min(1).max(64).default(4).describe('Objects mirrored at once'),
  stall: duration.default('30m').describe('No byte from pg_dump for that long counts as stalled'),
});

const count = z.int().min(0).max(100_000).default(0);

export const retentionSchema = z.strictObject({
  hourly: count.describe('Keep the newest snapshot of each of the last N hours that have one'),
  daily: count.describe('The newest of each of the last N days that have one'),
  weekly: count.describe('Weeks begin on Monday, UTC'),
  monthly: count.describe('The newest of each of the last N months that have one'),
  yearly: count.describe('The newest of each of the last N years that have one'),
  floor: z
    .int()
    .min(1)
    .default(3)
    .describe('Never fewer complete snapshots than this, whatever the other numbers say'),
});

const [firstAlert, ...otherAlerts] = alertKinds;
const alert = z.discriminatedUnion('kind', [firstAlert.schema, ...otherAlerts.map(({ schema }) => schema)]);

export const monitorSchema = z.strictObject({
  alerts: z.array(alert).default([]).describe('Whom to tell, each for itself'),
  metricsFile: optionalText.describe('JSON, written anew each time'),
  prometheusFile: optionalText.describe('For the textfile collector of the node exporter'),
  size: z
    .strictObject({
      least: z.number().default(0.5).describe('A smaller share of the median is told'),
      most: z.number().default(3).describe('A larger multiple of the median is told'),
    })
    .prefault({})
    .describe('The newest dump against the median of the ten before it'),
  successRate: z.number().min(0).max(100).default(95).describe('Percent of the backups begun in 7 days'),
  disk: z
    .strictObject({
      warn: z.number().default(80).describe('From here on it is told'),
      critical: z.number().default(90).describe('From here on it is critical'),
      paths: z.array(text).default([]).describe('Folders or mount points to look at'),
    })
    .prefault({})
    .describe('Percent used, of a directory store and of these paths'),
  archives: z
    .array(
      z.strictObject({
        id: id.describe('Names the archive in metrics and alerts'),
        title: text.describe('What it is, for people'),
        here: storeSchema.describe('Where it is written'),
        there: storeSchema.describe('Its copy, where whoever is on this host cannot reach'),
        settled: duration.default('2h').describe('How long a file may take to arrive there'),
      }),
    )
    .default([])
    .describe('Archives that only grow: what is shorter, different or gone here was changed by somebody'),
  walGap: duration
    .optional()
    .describe('Longest time since the server archived a WAL file; not looked at when left out'),
  wal: z
    .strictObject({
      prefix: text.describe('Where the WAL archive lies in the backup store'),
      newest: duration.describe('The age its newest segment may reach'),
      segmentMegabytes: z
        .int()
        .min(1)
        .max(1024)
        .default(16)
        .describe('Size of a WAL segment of this cluster, in MiB'),
    })
    .optional()
    .describe(
      'The archive itself: its newest segment, and whether one is missing since the newest base backup',
    ),
});

export type ProducerField = z.infer<typeof producerSchema>;
