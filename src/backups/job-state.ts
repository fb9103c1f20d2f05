import { z } from 'zod';
import { parseJson } from '../base/parse-json.ts';

/**
 * What the last run of one scheduled command came to, beside the records of the runs: so that `thaw monitor` knows of a
 * verification, and nobody is told of the same trouble every hour.
 */
const jobSchema = z.object({
  job: z.literal(1),
  at: z.iso.datetime(),
  verdict: z.enum(['passed', 'failed', 'could-not-verify']),
  /** One sentence, secrets masked. */
  why: z.string(),
  lastPassedAt: z.iso.datetime().optional(),
  /** Of each channel the troubles that it was told of and that have not ended. */
  rang: z.record(z.string(), z.array(z.string())).default({}),
});

export type JobState = z.infer<typeof jobSchema>;

export function readJobState(text: string): JobState | undefined {
  return jobSchema.safeParse(parseJson(text)).data;
}
