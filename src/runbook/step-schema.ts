import { z } from 'zod';
import { duration, id, optionalText, text } from './fields.ts';

/** The closed union of step kinds. A kind is one file in `steps/`; the compiler checks that none is missing. */

const common = {
  id: id.optional().describe('Defaults to the kind'),
  title: text.optional().describe('What the operator reads in the list; each kind has its own'),
  alongside: z.boolean().default(false).describe('Runs while the step before it runs'),
};

const probe = z.strictObject({
  title: text,
  secret: text.describe('The variable in the env file that holds the key'),
  query: text.describe('One column of encrypted values; a few rows are enough'),
  layout: z
    .enum(['iv:tag:ciphertext', 'iv:ciphertext:tag', 'iv+tag+ciphertext', 'iv+ciphertext+tag'])
    .describe('AES-256-GCM: parts joined by colons, or concatenated in one value'),
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
  }),
  z.strictObject({ kind: z.literal('attest'), id, title: text, instructions: text }),
]);

export const stepSchema = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('choose-snapshot'), ...common }),
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
    workers: z.int().min(1).max(64).default(16),
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
    stall: duration.default('15m'),
    inDrill: z.boolean().default(false).describe('Whether a drill runs it too'),
  }),
  z.strictObject({ kind: z.literal('confirm'), ...common, text }),
]);

export type Step = z.infer<typeof stepSchema>;
export type StepKind = Step['kind'];
export type StepOf<K extends StepKind> = Extract<Step, { kind: K }>;
export type ChecklistItem = z.infer<typeof checklistItemSchema>;
export type DecryptProbe = z.infer<typeof probe>;
