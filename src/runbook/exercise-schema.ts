import { z } from 'zod';
import { duration, id, text } from '../kinds/fields.ts';

/** Why drills of this system are done and how they are judged. Nothing here changes what a run does, except to ask. */

const criterion = z.union([
  text,
  z.strictObject({
    text: text.describe('What has to be true, in a sentence'),
    judgedBy: z
      .enum(['rto', 'rpo', 'result', 'clean-up'])
      .exactOptional()
      .describe('What the record measures anyway and judges it by'),
    step: id.exactOptional().describe('Judged by how this step came out'),
  }),
]);

export const exerciseFieldSchema = z.strictObject({
  objectives: z.array(text).default([]).describe('What the exercise is to show'),
  criteria: z.array(criterion).default([]).describe('What makes it a success, beside RTO and RPO'),
  scenario: text.exactOptional().describe('What is supposed to have happened'),
  threat: text.exactOptional().describe('What it stands for: ransomware, a lost host'),
  scope: z
    .strictObject({
      in: z.array(text).default([]).describe('What is exercised'),
      out: z.array(text).default([]).describe('What is not'),
    })
    .default({ in: [], out: [] })
    .describe('What belongs to the exercise'),
  assumptions: z.array(text).default([]).describe('What is taken for given'),
  absences: z.array(text).default([]).describe('Key people who are simulated as absent'),
  classification: text.exactOptional().describe('Who may read the record: internal'),
  every: duration.exactOptional().describe('How often; the record says when the next one is due'),
  people: z
    .strictObject({
      commander: text.exactOptional().describe('Who leads, and declares the recovery'),
      operator: text.exactOptional().describe('Who works at the terminal'),
      witness: text.exactOptional().describe('Who watches'),
      planApprover: text.exactOptional().describe('Who approved the plan'),
      resultApprover: text.exactOptional().describe('Who is to approve the result'),
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
    .default([])
    .describe('What is put to the table, and when'),
});

export const recordsSchema = z.strictObject({
  anchor: text.describe(
    'Prefix in the backup store under which the head of each record is written; the backup credential must be allowed to write there',
  ),
});
