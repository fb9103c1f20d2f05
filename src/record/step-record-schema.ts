import { z } from 'zod';
import { proofs } from '../base/proof.ts';
import { verdicts } from '../base/verdict.ts';
import { recordedSchema } from './recorded.ts';

export const timeText = z.string().describe('UTC, ISO 8601');

export const checkShape = z.strictObject({
  verdict: z.enum(verdicts),
  text: z.string(),
  remedy: z.string().exactOptional(),
  /** What of the proof it belongs to. */
  against: z.enum(proofs).exactOptional(),
  expected: z.string().exactOptional(),
  actual: z.string().exactOptional(),
  command: z.string().exactOptional(),
});

export const measure = z.strictObject({
  targetMs: z.number(),
  actualMs: z.number().exactOptional(),
  met: z.boolean().exactOptional(),
});

const programRun = z.strictObject({
  command: z.string(),
  exitCode: recordedSchema(z.int()),
  durationMs: z.number(),
});

const attemptSchema = z.strictObject({
  attempt: z.int(),
  startedAt: timeText,
  endedAt: timeText.exactOptional(),
  durationMs: z.number().exactOptional(),
  waitedForOperatorMs: z.number(),
  /** What the step said it would do, before it did it. */
  expected: z.array(z.string()),
  /** The commands as they were shown beforehand: all there is of a tabletop. */
  wouldRun: z.array(z.string()),
  /** Resolved, secrets masked. */
  commands: z.array(z.string()),
  programs: z.array(programRun),
  checks: z.array(checkShape),
  failure: z.strictObject({ code: z.string(), message: z.string(), remedy: z.string() }).exactOptional(),
});

export const stepRecordSchema = z.strictObject({
  number: z.int(),
  id: z.string(),
  kind: z.string(),
  title: z.string(),
  /** Who acted: the program alone, a person who attested, both, or nobody. */
  by: z.enum(['automatic', 'attested', 'mixed', 'discussed', 'nobody']),
  operator: recordedSchema(z.string()),
  /** What the runbook allows it of the RTO, and whose work it is there. */
  budgetMs: z.number().exactOptional(),
  role: z.string().exactOptional(),
  outcome: z.enum([...verdicts, 'pending', 'interrupted', 'discussed']),
  reason: z.string().exactOptional(),
  attempts: z.array(attemptSchema),
  output: recordedSchema(z.strictObject({ path: z.string(), sha256: z.string() })),
  usually: recordedSchema(z.strictObject({ medianMs: z.number(), longestMs: z.number(), runs: z.int() })),
  /** Of the last attempt, without waiting for answers: whether it took far longer than ever before. */
  pace: recordedSchema(z.strictObject({ workedMs: z.number(), isFarBeyond: z.boolean() })),
});

export type StepRecord = z.infer<typeof stepRecordSchema>;
export type AttemptRecord = z.infer<typeof attemptSchema>;
