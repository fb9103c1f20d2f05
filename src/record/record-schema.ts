import { z } from 'zod';
import { modes } from '../base/mode.ts';
import { proofs } from '../base/proof.ts';
import { verdicts } from '../base/verdict.ts';
import { learned } from './learned-schema.ts';
import { recordedSchema } from './recorded.ts';
import { checkShape, measure, stepRecordSchema, timeText } from './step-record-schema.ts';

/**
 * The record of one run, rendered from its journal alone: whoever has the journal can render it again and compare. The published
 * schema/record.schema.json is made from this. Times are UTC, ISO 8601; durations are milliseconds.
 */
export const recordVersion = 1;

const text = recordedSchema(z.string());
const texts = recordedSchema(z.array(z.string()));
const durationMs = recordedSchema(z.number());

const signature = recordedSchema(
  z.strictObject({
    name: z.string(),
    at: timeText,
    entries: z.int(),
    head: z.string(),
    keyFingerprint: z.string(),
    file: z.string(),
    sha256: z.string(),
  }),
);

const identity = {
  recordVersion: z.literal(recordVersion),
  runId: z.string(),
  /** Says which kind it is, so that a tabletop can never be read as a restore test. */
  title: z.string(),
  mode: z.enum(modes),
  /** How much was really done: nothing (discussion), on throwaway targets (functional), or production itself. */
  exerciseKind: z.enum(['discussion', 'functional', 'live']),
  thawVersion: z.string(),
  classification: text,
  runbook: z.strictObject({
    name: z.string(),
    title: z.string(),
    path: z.string(),
    fingerprint: z.string(),
  }),
  host: z.strictObject({ name: z.string(), user: z.string(), sshFrom: z.string().exactOptional() }),
  identitySource: z.string(),
  clock: text,
  targets: z.record(z.string(), z.string()),
  window: z.strictObject({
    startedAt: timeText,
    endedAt: timeText,
    elapsedMs: z.number(),
    waitedForOperatorMs: z.number(),
  }),
};

const why = z.strictObject({
  objectives: texts,
  criteria: texts,
  scenario: text,
  threat: text,
  inScope: texts,
  outOfScope: texts,
  assumptions: texts,
  absences: texts,
});

const people = z.strictObject({
  commander: text,
  operator: text,
  witness: text,
  planApprover: text,
  resultApprover: text,
  observers: texts,
  absent: texts,
  /** Where one person holds two roles that should be apart, it says so. */
  remarks: z.array(z.string()),
});

const comparison = z.enum(['equal', 'differs', 'not-compared']);

const recoveryPoint = z.strictObject({
  snapshot: z.string(),
  key: z.string(),
  takenAt: timeText,
  ageMs: z.number(),
  sizeBytes: z.number(),
  /** What the dump says of itself, and the program at hand that reads it. */
  dump: recordedSchema(
    z.strictObject({
      format: z.enum(['custom', 'tar', 'directory', 'plain']),
      archiveVersion: z.string().exactOptional(),
      dumpVersion: z.string().exactOptional(),
      serverVersion: z.string().exactOptional(),
      createdAtLocal: z.string().exactOptional(),
      reader: z.strictObject({ program: z.string(), version: z.string() }),
    }),
  ),
  checksum: recordedSchema(
    z.strictObject({
      sha256: z.string(),
      /** Against what the manifest says, a note beside the dump (`key`), or the store itself. */
      compared: recordedSchema(
        z.strictObject({
          result: comparison,
          algorithm: z.enum(['SHA-256', 'MD5']),
          found: z.string(),
          expected: z.string(),
          by: z.enum(['manifest', 'noted', 'store']),
          key: z.string().exactOptional(),
        }),
      ),
    }),
  ),
  encryption: recordedSchema(
    z.strictObject({
      /** Outermost first, compression included. */
      layers: z.array(z.string()),
      /** The program or library that took them off. */
      openedWith: text,
      /** Key ids for which the producer encrypted. */
      recipients: texts,
    }),
  ),
  keyAtHand: recordedSchema(
    z.discriminatedUnion('kind', [
      z.strictObject({ kind: z.literal('key'), keyIds: z.array(z.string()), text: z.string() }),
      z.strictObject({ kind: z.literal('passphrase') }),
    ]),
  ),
  signature: text,
  objects: recordedSchema(z.strictObject({ count: z.int(), sizeBytes: z.number() })),
  envFile: text,
  /** Each secret by its fingerprint, beside the one it should have. */
  secretFingerprints: recordedSchema(
    z.array(
      z.strictObject({
        name: z.string(),
        found: z.string().exactOptional(),
        expected: z.string().exactOptional(),
        result: comparison,
      }),
    ),
  ),
});

const markNames = [
  ...['disruption', 'detected', 'declared', 'run-started', 'restore-started', 'data-restored', 'service-up'],
  ...['verified', 'recovery-declared'],
] as const;

const result = {
  result: z.strictObject({
    state: z.enum(['finished', 'stopped', 'open']),
    verdict: z.enum(verdicts),
    /** The least that had to be proven of the restored dump, and what was, weakest first; left out where no dump is restored. */
    proof: z.enum(proofs).exactOptional(),
    proven: z.array(z.enum(proofs)).exactOptional(),
    /** What nobody asked for and what was not held against anything, with what would check it. */
    notChecked: z.array(z.strictObject({ text: z.string(), remedy: z.string() })).exactOptional(),
    reason: z.string().exactOptional(),
    rolledBack: z.boolean(),
    /** Completed only where everything was brought back and the checks say so; not verified where all acts were done, and no more is known. */
    restoreStatus: z.enum(['completed', 'not-verified', 'incomplete', 'not-attempted']),
    /** What the checks say of what was brought back. */
    validationStatus: z.enum(['successful', 'failed', 'incomplete', 'not-attempted']),
    justification: z.string(),
  }),
  marks: z.array(z.strictObject({ name: z.enum(markNames), at: text, source: z.string() })),
  /** Reached only by a run whose result is verified; a tabletop measures nothing. */
  rto: measure.extend({
    notMeasured: z.string().exactOptional(),
    notReached: z.strictObject({ spentMs: z.number(), because: z.string() }).exactOptional(),
    source: z.string(),
    countsFrom: z.string(),
    phases: z.strictObject({
      detect: durationMs,
      decide: durationMs,
      execute: durationMs,
      verify: durationMs,
    }),
    /** Inside the phases, not beside them. */
    waitedForOperatorMs: z.number(),
  }),
  rpo: measure.extend({
    source: z.string(),
    /** One recovery point for each set of data; the oldest rules. */
    dataSets: z.array(z.strictObject({ name: z.string(), at: text, lossMs: durationMs })),
  }),
  criteria: z.array(
    z.strictObject({
      text: z.string(),
      verdict: z.enum(['PASS', 'FAIL', 'PARTIAL', 'NOT JUDGED']),
      because: z.string(),
    }),
  ),
  recoveryPoint: recoveryPoint.exactOptional(),
  lostAt: timeText,
};

const evidence = {
  preflight: z.array(checkShape.extend({ stepId: z.string() })),
  steps: z.array(stepRecordSchema),
  verification: z.array(
    z.strictObject({
      ...checkShape.shape,
      stepId: z.string(),
      expected: text,
      actual: text,
      command: text,
    }),
  ),
  questions: z.array(
    z.strictObject({
      id: z.string(),
      stepId: z.string().exactOptional(),
      title: z.string(),
      askedAt: timeText,
      answeredAt: timeText.exactOptional(),
      answer: z.string().exactOptional(),
      note: z.string().exactOptional(),
      by: z.string().exactOptional(),
    }),
  ),
  notes: z.array(z.strictObject({ at: timeText, text: z.string() })),
  /** Who went on with it, each time: another person may. */
  resumed: z.array(z.strictObject({ at: timeText, user: z.string(), sshFrom: z.string().exactOptional() })),
  /** Of the kit beside the backups, where the runbook has one and a drill looked at it. */
  kit: z.array(checkShape).exactOptional(),
  cleanUp: z.array(checkShape),
  outputs: z.array(z.strictObject({ name: z.string(), sha256: z.string() })),
  screenshots: texts,
  signOff: z.strictObject({
    commander: signature,
    operator: signature,
    witness: signature,
    approver: signature,
  }),
  nextDue: text,
  journal: z.strictObject({
    entries: z.int(),
    firstSeq: z.int(),
    lastSeq: z.int(),
    head: z.string(),
    anchor: text,
  }),
  redaction: z.strictObject({ masked: z.array(z.string()), kept: z.array(z.string()) }).exactOptional(),
};

export const recordSchema = z.strictObject({
  ...identity,
  why,
  people,
  ...result,
  ...learned,
  ...evidence,
});

export type DrillRecord = z.infer<typeof recordSchema>;
export type QuestionRecord = DrillRecord['questions'][number];
export type Finding = DrillRecord['findings']['gaps'][number];
export type { AttemptRecord, StepRecord } from './step-record-schema.ts';

export function recordJsonSchema(): unknown {
  return {
    title: 'Record of a thaw run',
    ...(z.toJSONSchema(recordSchema, { target: 'draft-2020-12', reused: 'ref' }) as object),
  };
}
