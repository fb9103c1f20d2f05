import { z } from 'zod';

/** What stands around a run and is known when it begins: why it is done, who does it, and how it went before. */

const texts = z.array(z.string());

/** Names as given on the command line, else the roles as the runbook names them. */
export const peopleSchema = z.object({
  commander: z.string().exactOptional(),
  operator: z.string().exactOptional(),
  witness: z.string().exactOptional(),
  planApprover: z.string().exactOptional(),
  resultApprover: z.string().exactOptional(),
  observers: texts,
  absent: texts,
});
export type People = z.infer<typeof peopleSchema>;

/** What a criterion is judged by; left out, only a person can judge it. */
const criterionSchema = z.object({
  text: z.string(),
  judgedBy: z.enum(['rto', 'rpo', 'result', 'clean-up']).exactOptional(),
  step: z.string().exactOptional(),
});

const injectSchema = z.object({
  /** Id of the step before which it is put to the table. */
  before: z.string(),
  text: z.string(),
});
export type Inject = z.infer<typeof injectSchema>;

export const exerciseSchema = z.object({
  objectives: texts,
  criteria: z.array(criterionSchema),
  scenario: z.string().exactOptional(),
  threat: z.string().exactOptional(),
  inScope: texts,
  outOfScope: texts,
  assumptions: texts,
  absences: texts,
  classification: z.string().exactOptional(),
  /** How long after this one the next is due. */
  repeatMs: z.number().exactOptional(),
  injects: z.array(injectSchema),
});
export type Exercise = z.infer<typeof exerciseSchema>;

/** How long a step took in earlier runs of the same runbook and mode, without waiting for answers. */
const expectationSchema = z.object({
  medianMs: z.number(),
  longestMs: z.number(),
  runs: z.int(),
});
export type Expectation = z.infer<typeof expectationSchema>;

export const openActionSchema = z.object({
  runId: z.string(),
  text: z.string(),
  owner: z.string().exactOptional(),
  due: z.string().exactOptional(),
});
export type OpenAction = z.infer<typeof openActionSchema>;

export const historySchema = z.object({
  runs: z.array(z.string()),
  steps: z.record(z.string(), expectationSchema),
  openActions: z.array(openActionSchema),
});
export type History = z.infer<typeof historySchema>;

/** Times that only people know. Milliseconds since 1970. */
export const marksSchema = z.object({
  detectedAtMs: z.number().exactOptional(),
  declaredAtMs: z.number().exactOptional(),
  /** False where nobody said when production was lost, and the start of the run stands for it. */
  lostAtGiven: z.boolean(),
});
