import { z } from 'zod';
import { attestedFact, swappedFact } from '../../kinds/facts.ts';
import { id, text } from '../../kinds/fields.ts';
import { declareKind } from '../../kinds/kind.ts';

const expectation = z.strictObject({
  equals: text.optional().describe('The first value of the first row, exactly'),
  atLeast: z.number().optional().describe('The first value of the first row as a number, or more'),
  manifestRowsOf: text
    .optional()
    .describe(
      'schema.table: as many as the manifest counts there; in a live restore, where services run again, no fewer',
    ),
});

const itemId = id.describe('Names the item in answers and in the record');
const title = text.describe('What is looked at, for people');

export const checklistItemSchema = z.discriminatedUnion('kind', [
  z
    .strictObject({
      kind: z.literal('query'),
      id: itemId,
      title,
      query: text.describe('Asked of the restored database, read-only'),
      expect: expectation.describe('What the answer must be'),
    })
    .describe('A question to the restored database'),
  z
    .strictObject({
      kind: z.literal('http'),
      id: itemId,
      title,
      url: text.describe('Asked from this host'),
      status: z.int().default(200).describe('The HTTP status it must answer with'),
      contains: text.optional().describe('Text that must be in the answer'),
    })
    .describe('A page that must answer'),
  z
    .strictObject({
      kind: z.literal('object'),
      id: itemId,
      title,
      query: text.describe('One column: keys of objects; the first row is fetched by a signed URL'),
    })
    .describe('One object that a row names is fetched'),
  z
    .strictObject({
      kind: z.literal('references'),
      id: itemId,
      title,
      query: text.describe('One column: keys of objects; every one of them must be in the object store'),
      prefix: z
        .string()
        .optional()
        .describe('The other way round: objects below it that no row names are named, too'),
      unreferenced: z
        .enum(['report', 'fail'])
        .default('report')
        .describe('Whether such objects are a failure; uploads since the snapshot leave some'),
    })
    .describe('Every object that rows name must be there'),
  z
    .strictObject({
      kind: z.literal('attest'),
      id: itemId,
      title,
      instructions: text.describe('What a person does and looks at'),
    })
    .describe('A person looks, and says what they saw'),
]);

export type ChecklistItem = z.infer<typeof checklistItemSchema>;

const withItems = z.object({ items: z.array(z.object({ id: z.string() })) });

export const smokeChecklistKind = declareKind({
  kind: 'smoke-checklist',
  title: 'Smoke checklist',
  uses: ['host', 'stores', 'databases'],
  about: 'Looks whether the application can be used: rows, pages, objects, and what only a person can see.',
  example:
    '- kind: smoke-checklist\n  items:\n    - { kind: http, id: login, title: The login page answers, url: "http://127.0.0.1:3000/login" }',
  fields: { items: z.array(checklistItemSchema).min(1).describe('In this order') },
  afterCrash: 'run-again',
  gives: [attestedFact],
  needs: ({ items }) =>
    items.some(({ kind }) => kind !== 'http' && kind !== 'attest') ? [{ oneOf: [swappedFact] }] : [],
  // A person's answer is kept under the item's id, whichever list it stands in.
  lint(step, { steps }) {
    const lists = steps.filter(({ kind }) => kind === step.kind);
    if (lists[0] !== step) return [];
    const ids = lists.flatMap((list) => withItems.parse(list).items.map((item) => item.id));
    return [...new Set(ids.filter((one, index) => ids.indexOf(one) !== index))].map(
      (one) => `Two checklist items have the id ${one}.`,
    );
  },
  fills: ['proof'],
});
