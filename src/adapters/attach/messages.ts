import { z } from 'zod';

/** What a process of a run is told: nothing is done for a message of another shape, whoever sent it. */

/** By the terminal that began it, first of all. */
const beginSchema = z.strictObject({
  kind: z.literal('begin'),
  command: z.string(),
  /** Operands and options as the declaration of the command read them, in the form of node:v8. */
  given: z.base64(),
  whenAlone: z.enum(['waits', 'stops']),
  isErrorTerminal: z.boolean(),
});

/** By the same terminal, when it was asked for values that are missing; without them: whoever sits there gave up. */
const inputsSchema = z.strictObject({
  kind: z.literal('inputs'),
  values: z.array(z.tuple([z.string(), z.string()])).optional(),
});

const seq = z.int().positive();

/** By every terminal. `seq` counts from 1. */
const wordSchema = z.discriminatedUnion('kind', [
  z.strictObject({
    kind: z.literal('answer'),
    seq,
    questionId: z.string(),
    value: z.string(),
    note: z.string().optional(),
  }),
  z.strictObject({ kind: z.literal('note'), seq, text: z.string() }),
  z.strictObject({ kind: z.literal('stop'), seq }),
]);

export function readBegin(message: unknown): z.infer<typeof beginSchema> | undefined {
  return beginSchema.safeParse(message).data;
}

export function readInputs(message: unknown): z.infer<typeof inputsSchema> | undefined {
  return inputsSchema.safeParse(message).data;
}

export function readWord(message: unknown): z.infer<typeof wordSchema> | undefined {
  return wordSchema.safeParse(message).data;
}
