import { z } from 'zod';
import { bringObjectsFields } from './bring-objects-schema.ts';
import { recoverClusterFields } from './cluster-schema.ts';
import { duration, id, optionalText, storeSchema, text } from './fields.ts';
import { diagnoseFields, dnsRecordsFields, smtpProbeFields } from './mail-schema.ts';

/** The closed union of step kinds. A kind is one file in `steps/`; the compiler checks that none is missing. */

const common = {
  id: id.optional().describe('Defaults to the kind'),
  title: text.optional().describe('What the operator reads in the list; each kind has its own'),
  alongside: z.boolean().default(false).describe('Runs while the step before it runs'),
  budget: duration.optional().describe('How long it may take of the RTO'),
  role: text.optional().describe('Whose work it is: Database Admin'),
};

const probe = z.strictObject({
  title: text,
  secret: text.describe('The variable in the env file that holds the key'),
  query: text.describe('One column of encrypted values; a few rows are enough'),
  layout: z
    .enum([
      'iv:tag:ciphertext',
      'iv:ciphertext:tag',
      'iv+tag+ciphertext',
      'iv+ciphertext+tag',
      'openssl-enc',
      'fernet',
    ])
    .describe(
      'AES-256-GCM: parts joined by colons, or concatenated in one value. openssl-enc: AES-256-CBC with a password and a salt. fernet: tokens of the Python library',
    ),
  digest: z.enum(['md5', 'sha256']).default('sha256').describe('openssl-enc: md5 before OpenSSL 1.1.0'),
  iterations: z
    .int()
    .min(0)
    .default(0)
    .describe('openssl-enc: of -pbkdf2 (10000 unless -iter says otherwise); 0 without it'),
  encoding: z.enum(['hex', 'base64']).default('hex'),
  keyEncoding: z.enum(['hex', 'base64', 'utf8']).default('hex'),
  ivBytes: z.int().min(8).max(32).default(12),
  lossIfWrong: text.describe('Plain words: what is lost when the key does not match'),
});

const expectation = z.strictObject({
  equals: text.optional(),
  atLeast: z.number().optional(),
  manifestRowsOf: text.optional().describe('schema.table: equal to the count in the manifest'),
});

export const checklistItemSchema = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('query'), id, title: text, query: text, expect: expectation }),
  z.strictObject({
    kind: z.literal('http'),
    id,
    title: text,
    url: text,
    status: z.int().default(200),
    contains: text.optional(),
  }),
  z.strictObject({
    kind: z.literal('object'),
    id,
    title: text,
    query: text.describe('One column: keys of objects; the first row is fetched by a signed URL'),
  }),
  z.strictObject({
    kind: z.literal('references'),
    id,
    title: text,
    query: text.describe('One column: keys of objects; every one of them must be in the object store'),
    prefix: z
      .string()
      .optional()
      .describe('The other way round: objects below it that no row names are named, too'),
    unreferenced: z
      .enum(['report', 'fail'])
      .default('report')
      .describe('Whether such objects are a failure; uploads since the snapshot leave some'),
  }),
  z.strictObject({ kind: z.literal('attest'), id, title: text, instructions: text }),
]);

export const stepSchema = z.discriminatedUnion('kind', [
  z.strictObject({
    kind: z.literal('choose-snapshot'),
    ...common,
    pointInTime: optionalText.describe(
      'A moment somebody asks for: a dump knows only its own, so anything here is refused with the reason',
    ),
  }),
  z.strictObject({
    kind: z.literal('stop-writers'),
    ...common,
    services: z.array(text).min(1),
    settle: duration.default('15s').describe('How long clients may take to hang up'),
  }),
  z.strictObject({ kind: z.literal('fetch'), ...common }),
  z.strictObject({ kind: z.literal('decrypt'), ...common }),
  z.strictObject({
    kind: z.literal('restore-database'),
    ...common,
    jobs: z.int().min(1).max(64).optional().describe('Parallel jobs; the number of cores when left out'),
    stall: duration.default('15m').describe('No sign of life for that long counts as stalled'),
    createdColumn: text
      .default('created_at')
      .describe('Tells old rows from new ones when a drill compares with live'),
  }),
  z.strictObject({
    kind: z.literal('mirror-objects'),
    ...common,
    workers: z.int().min(1).max(64).default(32),
  }),
  z.strictObject({ kind: z.literal('bring-objects'), ...common, ...bringObjectsFields }),
  z.strictObject({
    kind: z.literal('restore-roles'),
    ...common,
    layout: text.describe(
      'Key pattern of what pg_dumpall --globals-only wrote: daily/globals_{timestamp}.sql.gz.gpg',
    ),
  }),
  z.strictObject({ kind: z.literal('dns-records'), ...common, ...dnsRecordsFields }),
  z.strictObject({ kind: z.literal('smtp-probe'), ...common, ...smtpProbeFields }),
  z.strictObject({ kind: z.literal('diagnose'), ...common, ...diagnoseFields }),
  z.strictObject({
    kind: z.literal('restore-files'),
    ...common,
    from: z.discriminatedUnion('kind', [
      z.strictObject({
        kind: z.literal('archive'),
        layout: text.describe(
          'Key pattern of a tar archive, wrapped as its endings say: docs/{timestamp}.tar.gz',
        ),
        store: storeSchema.optional().describe('The backup store when left out'),
      }),
      z.strictObject({
        kind: z.literal('tree'),
        prefix: z.string().describe('Folder or prefix of the files, of the time of the dump: media-{date}/'),
        store: storeSchema.optional().describe('The backup store when left out'),
      }),
    ]),
    which: z
      .enum(['of-snapshot', 'newest'])
      .default('of-snapshot')
      .describe('The files of the chosen dump, or the newest archive where the runbook chooses none'),
    into: text.describe('The folder that is replaced; the old one is kept beside it'),
    swap: z
      .enum(['folder', 'contents'])
      .default('folder')
      .describe(
        'contents: for a mount point, which cannot be renamed; the old files are kept in a folder inside',
      ),
    drillInto: optionalText.describe(
      'Where a drill makes a folder of its own; the work folder when left out',
    ),
    verify: z.enum(['contents', 'list']).default('contents').describe('Every byte again, or names and sizes'),
    apart: duration.default('1h').describe('How far the files may be from the database before it is told'),
  }),
  z.strictObject({
    kind: z.literal('open-secrets'),
    ...common,
    from: z
      .string()
      .describe(
        'A file encrypted with SOPS to an age key; where the placeholder comes out empty, what is in place stays as it is',
      ),
    format: z
      .enum(['dotenv', 'yaml', 'json', 'binary'])
      .default('dotenv')
      .describe('What it is, encrypted and opened'),
    into: optionalText.describe('The plain file; production.envFile when left out'),
    ageIdentityFile: optionalText.describe('The age key; backups.key.ageIdentityFile when left out'),
    required: z
      .array(text)
      .default([])
      .describe('Names that must be in it, and not empty; db.password in a tree'),
  }),
  z.strictObject({
    kind: z.literal('verify-secrets'),
    ...common,
    required: z.array(text).min(1),
    fingerprints: z
      .record(text, optionalText)
      .default({})
      .describe('Expected fingerprint by variable, where the manifest does not hold it'),
    probes: z.array(probe).default([]),
    lossIfWrong: z
      .record(text, text)
      .default({})
      .describe('Plain words by variable, where no probe says what is lost when it does not match'),
  }),
  z.strictObject({
    kind: z.literal('start-services'),
    ...common,
    services: z.array(text).default([]).describe('Empty means all'),
    healthy: duration.default('3m').describe('How long services may take to become healthy'),
    followLog: text.optional().describe('The service whose log is watched until it is quiet'),
    quiet: duration.default('5s'),
    quietWithin: duration.default('2m'),
  }),
  z.strictObject({ kind: z.literal('recover-cluster'), ...common, ...recoverClusterFields }),
  z.strictObject({
    kind: z.literal('smoke-checklist'),
    ...common,
    items: z.array(checklistItemSchema).min(1),
  }),
  z.strictObject({
    kind: z.literal('command'),
    ...common,
    program: text,
    args: z.array(z.string()).default([]),
    cwd: text.optional(),
    env: z
      .record(text, z.string())
      .default({})
      .describe('Added to a small clean environment; empty values are left out'),
    stall: duration.default('15m'),
    inDrill: z.boolean().default(false).describe('Whether a drill runs it too'),
  }),
  z.strictObject({
    kind: z.literal('export-query'),
    ...common,
    query: text.describe('Asked of the restored database'),
    into: text.describe('A CSV file; a drill writes into its work folder'),
    never: z.array(text).default([]).describe('Columns that are refused: what must not lie about in a file'),
  }),
  z.strictObject({
    kind: z.literal('confirm'),
    ...common,
    text,
    inDrill: z.boolean().default(true).describe('Whether a drill asks too'),
  }),
]);

export type Step = z.infer<typeof stepSchema>;
export type StepKind = Step['kind'];
export type StepOf<K extends StepKind> = Extract<Step, { kind: K }>;
export type ChecklistItem = z.infer<typeof checklistItemSchema>;
export type DecryptProbe = z.infer<typeof probe>;
