import { z } from 'zod';
import { openActionSchema } from '../journal/exercise.ts';
import { recordedSchema } from './recorded.ts';
import { timeText } from './step-record-schema.ts';

const text = recordedSchema(z.string());

const finding = z.strictObject({ at: timeText, text: z.string(), severity: z.string().exactOptional() });

/** What went otherwise, what was found, what is to be done, and what was decided at a table. */
export const learned = {
  deviations: z.array(
    z.strictObject({
      stepId: z.string(),
      what: z.string(),
      why: z.string(),
      approvedBy: text,
      runbookChange: text,
    }),
  ),
  findings: z.strictObject({
    wentWell: z.array(finding),
    failed: z.array(finding),
    gaps: z.array(finding),
    causes: z.array(finding),
    runbookChanges: z.array(finding),
    feedback: z.array(finding),
    /** Raised at once, since waiting for a report would have been dangerous. */
    danger: z.array(finding),
  }),
  actions: z.array(
    z.strictObject({
      id: z.string(),
      at: timeText,
      text: z.string(),
      owner: text,
      due: text,
      priority: text,
      ticket: text,
      status: z.enum(['open', 'done']),
    }),
  ),
  openFromBefore: z.array(openActionSchema),
  decisions: z.array(
    z.strictObject({
      stepId: z.string(),
      inject: z.string().exactOptional(),
      decision: z.string(),
      note: z.string().exactOptional(),
      tookMs: z.number(),
      gap: z.boolean(),
    }),
  ),
};
