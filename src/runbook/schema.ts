import { z } from 'zod';
import { isEncrypted, layersOf } from '../backups/wrapping.ts';
import { assert } from '../base/assert.ts';
import { proofs } from '../base/proof.ts';
import {
  databaseSchema,
  duration,
  id,
  optionalText,
  servicesSchema,
  storeSchema,
  text,
} from '../kinds/fields.ts';
import type { StepHandlers } from '../kinds/handlers.ts';
import type { Step } from '../kinds/kind.ts';
import { encryptions } from '../layers/list.ts';
import { exerciseFieldSchema, recordsSchema, tabletopSchema } from './exercise-schema.ts';
import { monitorSchema, producerSchema, retentionSchema } from './producer-schema.ts';

/**
 * A diagnosis restores nothing, so it names neither backups nor a database. These stand in their places, and lint refuses every
 * step that would need the real ones.
 */
export const undeclared = {
  store: { kind: 'directory' as const, path: 'no-backups-declared' },
  database: { url: 'postgresql://nobody@localhost/no-database-declared' },
};

/** Physical backups: a whole cluster and its write-ahead log, for recovery to a point in time. */
const clusterBackupsSchema = z.discriminatedUnion('engine', [
  z.strictObject({
    engine: z.literal('base-backup'),
    layout: text.describe(
      'Key pattern of base backups: base/{timestamp}/base.tar.gz[.gpg], or base/{timestamp}/backup_label for a plain copy',
    ),
    walPrefix: text.describe('Where the archive_command puts segments: wal-archive/'),
  }),
  z.strictObject({
    engine: z.literal('pgbackrest'),
    stanza: text.describe('Name of the stanza in the repository'),
    configFile: text.describe('The configuration that names the repository and holds its credentials'),
  }),
]);

const backupsSchema = z.strictObject({
  store: storeSchema.describe('Where the backups are'),
  dumps: z
    .strictObject({
      layout: text.describe('Key pattern: pg/{host}/{date}/{hour}.dump.gz[.gpg]'),
      host: optionalText.describe('Only dumps of this host; all hosts when left out'),
      encrypted: z
        .boolean()
        .optional()
        .describe(
          'Whether every dump is: then one that is not is refused, and never the latest. Left out: yes where the layout or the producer encrypts',
        ),
      metadata: z
        .strictObject({
          ending: text.describe('What the key of the dump is followed by: .metadata.json'),
          sha256: text.describe('The field that holds the digest of the dump: checksum, or integrity.sha256'),
        })
        .optional()
        .describe('JSON that other scripts write beside each dump; a manifest of thaw counts for more'),
      contents: z
        .enum(['whole', 'schema'])
        .default('whole')
        .describe(
          'schema: made with --schema-only. Such dumps are drilled, compared with the live schema, and never restored',
        ),
      database: optionalText.describe(
        'Of dumps of a whole server (pg_dumpall): the database to take; left out, that of production',
      ),
      expectTables: z
        .array(text)
        .default([])
        .describe('schema.table: a dump that makes no such table is refused before anything is dropped'),
    })
    .describe('How the dumps are named, and what is expected of them'),
  objects: z
    .strictObject({ prefix: z.string().describe('Folder or prefix of the mirror in the backup store') })
    .optional()
    .describe('The mirror of the live objects'),
  cluster: clusterBackupsSchema.optional().describe('Base backups and WAL, for recover-cluster'),
  signers: optionalText.describe(
    'Who may have made a backup: fingerprints (SHA256:…) or public keys as OpenSSH writes them, parted by commas or lines. Then one that none of them signed is never the latest, and restored only for a reason that is typed. Not from the same store; empty: anybody',
  ),
  key: z
    .strictObject({
      privateKeyFile: optionalText.describe('An armored OpenPGP private key'),
      passphrase: optionalText.describe('Of that key, or of dumps encrypted with a passphrase alone'),
      gnupgHome: optionalText.describe('A GnuPG home that holds the key'),
      ageIdentityFile: optionalText.describe('For dumps encrypted with age'),
    })
    .default({})
    .describe('What opens the dumps; left out: the keyring of the gpg on this host'),
});

/** All of the file but its steps. */
const head = {
  thaw: z.literal(1).describe('Version of this format'),
  name: id.describe('Names the runbook on the command line and in run folders'),
  system: id
    .optional()
    .describe('Whose backups these are, where several runbooks restore the same; the name when left out'),
  title: text.describe('What people read at the head of screen and record'),
  about: text.optional().describe('What the system is, in a sentence'),
  objectives: z
    .strictObject({
      rto: duration.describe('Recovery time objective'),
      rpo: duration.describe('Recovery point objective'),
    })
    .describe('What a recovery is measured against'),
  proof: z
    .enum(proofs)
    .optional()
    .describe(
      'The least that has to be proven of a restored dump, or the walk ends with 7. dump: every entry is there, every message accounted for, every table counted. manifest: it is also what the producer counted. live: it is also what the live database holds, which a drill compares. Left out: manifest where there is a producer section, else dump',
    ),
  bring: z.array(text).default([]).describe('What the operator must hold before the first step'),
  inputs: z
    .record(
      z.string().regex(/^[A-Z][A-Z0-9_]*$/, 'Write variable names in upper case.'),
      z.strictObject({
        about: text.describe('What the value is and where to find it'),
        secret: z.boolean().default(false).describe('Masked wherever it could be shown'),
        default: z.string().optional().describe('Left out: the value must be given'),
      }),
    )
    .default({})
    .describe('Values that stand in other fields as placeholders, by name'),
  backups: backupsSchema
    .prefault({ store: undeclared.store, dumps: { layout: '{date}' } })
    .describe('Left out where nothing is restored'),
  production: z
    .strictObject({
      database: databaseSchema.prefault(undeclared.database).describe('Left out where nothing is restored'),
      objects: storeSchema.optional().describe('The live bucket or folder'),
      services: servicesSchema.optional().describe('What starts and stops the application'),
      envFile: text
        .optional()
        .describe(
          'The file of settings that the application reads: an env file, or JSON, YAML, ini or PHP by its ending; names in groups are joined by dots',
        ),
    })
    .describe('What a live restore works on'),
  drill: z
    .strictObject({
      database: databaseSchema
        .extend({
          besideProduction: z
            .boolean()
            .default(false)
            .describe(
              'The server may be that of production: the drill makes and drops a database of its own beside the live one',
            ),
        })
        .optional()
        .describe(
          'A server that is not production; the drill makes its own database there. Left out, or its URL empty: the drill makes a PostgreSQL of its own on this host, which needs its server programs there',
        ),
      objects: storeSchema.optional().describe('A bucket or folder that is not production'),
    })
    .optional()
    .describe(
      'What a drill uses instead of production; may be left out where nothing but a database is restored',
    ),
  producer: producerSchema.optional().describe('How `thaw backup` makes snapshots'),
  retention: retentionSchema.optional().describe('What `thaw prune` keeps'),
  monitor: monitorSchema.optional().describe('What `thaw monitor` looks at, and whom it tells'),
  exercise: exerciseFieldSchema.optional().describe('Why drills are done, by whom, and how they are judged'),
  tabletop: tabletopSchema.optional().describe('What is put to the table in a tabletop exercise'),
  records: recordsSchema.optional().describe('Where records are vouched for outside this host'),
};

const headSchema = z.strictObject(head);

/** One system, from what the operator must bring to the ordered steps. */
export type Runbook = z.infer<typeof headSchema> & { readonly steps: readonly Step[] };

/** The whole file. What a step may say is said by its kind. */
export function runbookSchemaOf(kinds: StepHandlers): z.ZodType<Runbook> {
  const [first, ...rest] = Object.values(kinds).map(({ schema }) => schema);
  assert(first !== undefined, 'there is at least one kind of step');
  const step = z.discriminatedUnion('kind', [first, ...rest]);
  // What the kinds' schemas share is what every step is; zod cannot know it of a list.
  return z.strictObject({
    ...head,
    steps: z
      .array(step as unknown as z.ZodType<Step>)
      .min(1)
      .describe('In this order'),
  });
}

/** A layout may leave the ending open, for the dumps of earlier days; who encrypts what he makes does not expect them plain. */
export function expectsEncrypted({ backups: { dumps }, producer }: Runbook): boolean {
  if (dumps.encrypted !== undefined) return dumps.encrypted;
  const sealing = producer?.encrypt;
  const encryption = encryptions.find(({ name }) => name === sealing?.kind);
  if (encryption !== undefined && sealing !== undefined && !encryption.seal.isEmpty?.(sealing)) return true;
  return isEncrypted(layersOf(dumps.layout));
}
