import { z } from 'zod';
import { manifestSchema } from '../backups/manifest.ts';
import { layerName } from '../backups/wrapping.ts';
import { defineFact, defineFacts } from './fact.ts';

/** Facts that several kinds of steps share. What only one kind reads and writes stands beside that kind. */

const doubt = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('dated-ahead'), saysMs: z.number() }),
  z.object({ kind: z.literal('not-encrypted') }),
  z.object({ kind: z.literal('no-author'), why: z.string() }),
]);
const chainLink = z.object({ id: z.string(), sequence: z.number(), sha256: z.string() });
export const snapshotFact = defineFact(
  'snapshot',
  1,
  z.object({
    id: z.string(),
    key: z.string(),
    host: z.string().optional(),
    takenAtMs: z.number(),
    uploadedAtMs: z.number().exactOptional(),
    doubt: doubt.optional(),
    /** How many other dumps of the store are encrypted, where this one is not. */
    encryptedOthers: z.number().optional(),
    sizeBytes: z.number(),
    etag: z.string().optional(),
    layers: z.array(layerName),
    manifestKey: z.string().optional(),
    signatureKey: z.string().optional(),
    loss: z.string(),
  }),
);

/** Who made the chosen backup, as far as its signature tells. */
const agreedAuthor = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('proven'), fingerprint: z.string(), link: chainLink }),
  z.object({ kind: z.literal('not-pinned'), fingerprint: z.string(), link: chainLink }),
  z.object({
    kind: z.literal('unproven'),
    why: z.string(),
    /** Signers are pinned: then it was taken for a reason, or in a drill without one. */
    pinned: z.boolean(),
    reason: z.string().exactOptional(),
  }),
]);
export type AgreedAuthor = z.infer<typeof agreedAuthor>;
export const authorFact = defineFact(
  'author',
  1,
  z.intersection(
    agreedAuthor,
    z.object({
      /** The newest of the store is not the last that was seen here of its chain. */
      missed: z
        .object({ what: z.enum(['two-histories', 'withheld']), sequence: z.number(), atMs: z.number() })
        .exactOptional(),
    }),
  ),
);

export const manifestFact = defineFact('manifest', 1, manifestSchema);

const tableCounts = z.array(
  z.object({
    schema: z.string(),
    name: z.string(),
    rows: z.number(),
    newest: z.object({ column: z.string(), at: z.string().nullable() }).optional(),
  }),
);
const inventory = z.object({
  tables: tableCounts,
  sequences: z.array(z.object({ schema: z.string(), name: z.string(), lastValue: z.string().nullable() })),
  extensions: z.array(z.object({ name: z.string(), version: z.string() })),
});

/** `movedFrom`: tablespaces that this server has not, or not for a restore; without a number it is that of the database. */
export const incomingDatabaseFact = defineFact(
  'incoming-database',
  1,
  z.object({
    name: z.string(),
    movedFrom: z.array(z.object({ name: z.string(), objects: z.number().exactOptional() })).exactOptional(),
  }),
);

/** The role of the run that may fill the incoming database; null once it is gone. */
export const cellFact = defineFact('cell', 1, z.object({ role: z.string(), database: z.string() }));

/** What was restored, with its exact counts; `mark` is how its server saw it then, `writtenAfter` how many rows it saw written later. */
export const restoredFact = defineFact(
  'restored',
  1,
  z.object({
    ...{ snapshotKey: z.string(), database: z.string() },
    inventory,
    archiveTables: z.array(z.string()),
    /** What of the archive has a name in a catalogue, and what of that is not there. */
    entries: z.object({ of: z.number(), looked: z.number(), lacking: z.array(z.string()) }).exactOptional(),
    acceptedMessages: z.array(z.string()),
    harmlessMessages: z.number(),
    mark: z.object({ changes: z.number(), catalogue: z.string() }).optional(),
    writtenAfter: z.number().exactOptional(),
    /** Lent to functions of the dump while its tables were filled; and where functions of indexes looked while its rows were counted. */
    ...{ searchPath: z.array(z.string()).exactOptional(), countedIn: z.array(z.string()).exactOptional() },
  }),
);

const swap = z.object({ target: z.string(), incoming: z.string(), kept: z.string(), hadTarget: z.boolean() });
export type Swap = z.infer<typeof swap>;
/** Object ids say that a name still means what was looked at; journals of earlier versions have none. */
const databaseSwap = swap.extend({
  targetOid: z.number().exactOptional(),
  incomingOid: z.number().exactOptional(),
});
export type DatabaseSwap = z.infer<typeof databaseSwap>;
/** Written before the first rename, and after the last. */
export const swappingFact = defineFact('swapping', 1, databaseSwap);
export const swappedFact = defineFact('swapped', 1, databaseSwap);

/** The database that is to be replaced, as the first preflight saw it; null where there was none. */
export const targetFact = defineFact('target-database', 1, z.object({ oid: z.number().nullable() }));

const treeSummary = z.object({
  files: z.number(),
  folders: z.number(),
  links: z.number(),
  sizeBytes: z.number(),
  listSha256: z.string(),
  contentSha256: z.string().exactOptional(),
  ownersKept: z.boolean(),
  stripped: z.array(z.string()).readonly().exactOptional(),
});

/** What was brought for one restore-files step, beside the folder it is to replace. */
export const restoredFilesFact = defineFacts(
  'restored-files:',
  1,
  z.object({
    snapshotKey: z.string().optional(),
    from: z.string(),
    namedTimeMs: z.number(),
    /** Where no name dates them: when the store took the newest. */
    undatedNewestMs: z.number().exactOptional(),
    folder: z.string(),
    summary: treeSummary,
  }),
);

/** Of one restore-files step: the folder that was to hold the live one was not there, and was made. */
export const madePlaceFact = defineFacts('made-place:', 1, z.string());

/** Written before the first rename; the names themselves tell how far it came. */
export const swappingFilesFact = defineFacts('swapping-files:', 1, swap);

/** Services that a step stopped and that are still to be down; null once the walk started them again. */
export const writersDownFact = defineFacts(
  'writers-down:',
  1,
  z.object({
    services: z.array(z.string()),
    /** How long clients may take to hang up, as the runbook writes it. */
    settle: z.string(),
    /** Nobody was connected to the database then; false once some of them were started again by the walk itself. */
    alone: z.boolean(),
    /** Rows that were ever inserted, updated or deleted, as the server counts; the OID says in which database, whatever its name. */
    count: z.object({ oid: z.string(), changes: z.number() }).optional(),
  }),
);

/** By step: services that ran until the walk stopped them. */
export const stoppedServicesFact = defineFacts('stopped-services:', 1, z.array(z.string()));

/** Who came back after the writers were stopped, and how many rows changed since then, as far as the server counts. */
export const cameBackFact = defineFact(
  'writers-came-back',
  1,
  z.object({ who: z.array(z.string()), rows: z.number().optional() }),
);

export const mirroredFact = defineFact(
  'mirrored',
  1,
  z.object({
    prefix: z.string(),
    total: z.number(),
    copied: z.number(),
    overwritten: z.number(),
    sizeBytes: z.number(),
  }),
);

/** Objects of a step whose content was proven while they were copied or by reading them again: marks of both versions. */
export const provenContentFact = defineFacts('proven-content:', 1, z.array(z.string()));

/** What could not be copied in the last attempt, and what a person has said to go on without. */
export const notCopiedFact = defineFacts('not-copied:', 1, z.array(z.string()));
export const leftOutFact = defineFacts(
  'left-out:',
  1,
  z.object({ reason: z.string(), keys: z.array(z.string()) }),
);

/** What was decided about objects that differ from the live ones; `keptBelow` is where the former ones are then. */
const overwriting = z.object({
  decision: z.enum(['keep', 'overwrite']),
  /** Now or by an earlier decision of this step: then something may be kept. */
  overwrote: z.boolean(),
  keys: z.array(z.string()),
  keptBelow: z.string(),
  store: z.object({ endpoint: z.string(), bucket: z.string() }),
  address: z.string(),
});
export type Overwriting = z.infer<typeof overwriting>;
export const overwritingFact = defineFacts('overwriting:', 1, overwriting);

/** Secrets of one verify-secrets step, each by its fingerprint: none of them can be had from it. */
const secretFingerprints = z.array(
  z.object({
    name: z.string(),
    /** Left out where the env file has no such secret. */
    found: z.string().exactOptional(),
    /** Left out where nothing says what it should be. */
    expected: z.string().exactOptional(),
  }),
);
export type SecretFingerprints = z.infer<typeof secretFingerprints>;
export const secretFingerprintsFact = defineFacts('secret-fingerprints:', 1, secretFingerprints);

/** Items of a checklist a person has already looked at. */
export const attestedFact = defineFacts(
  'attested:',
  1,
  z.object({ value: z.string(), note: z.string(), by: z.string() }),
);
