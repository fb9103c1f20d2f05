import { z } from 'zod';
import { duration, id, text } from '../kinds/fields.ts';

/** Why drills of this system are done and how they are judged. Nothing here changes what a run does, except to ask. */

const criterion = z.union([
  text,
  z.strictObject({
    text,
    judgedBy: z.enum(['rto', 'rpo', 'result', 'clean-up']).exactOptional(),
    step: id.exactOptional().describe('Judged by how this step came out'),
  }),
]);

export const exerciseFieldSchema = z.strictObject({
  objectives: z.array(text).default([]).describe('What the exercise is to show'),
  criteria: z.array(criterion).default([]).describe('What makes it a success, beside RTO and RPO'),
  scenario: text.exactOptional(),
  threat: text.exactOptional(),
  scope: z
    .strictObject({ in: z.array(text).default([]), out: z.array(text).default([]) })
    .default({ in: [], out: [] }),
  assumptions: z.array(text).default([]),
  absences: z.array(text).default([]).describe('Key people who are simulated as absent'),
  classification: text.exactOptional(),
  every: duration.exactOptional().describe('How often; the record says when the next one is due'),
  people: z
    .strictObject({
      commander: text.exactOptional(),
      operator: text.exactOptional(),
      witness: text.exactOptional(),
      planApprover: text.exactOptional(),
      resultApprover: text.exactOptional(),
    })
    .default({})
    .describe('Roles where the command line names nobody'),
});

export const tabletopSchema = z.strictObject({
  injects: z
    .array(
      z.strictObject({
        before: id.describe('Id of the step before which it is put to the table'),
        text: text.describe('The GPG key is on the dead host.'),
      }),
    )
    .default([]),
});

export const recordsSchema = z.strictObject({
  anchor: text.describe(
    'Prefix in the backup store under which the head of each record is written; the backup credential must be allowed to write there',
  ),
});

export type ExerciseField = z.infer<typeof exerciseFieldSchema>;
