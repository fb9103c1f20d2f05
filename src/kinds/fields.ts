import { z } from 'zod';
import { parseBytes, parseDuration } from '../base/units.ts';
import {
  type DeclaredFields,
  type Kinds,
  optionalText,
  type Place,
  text,
} from '../platform/declare-fields.ts';
import { routes, services } from '../services/list.ts';
import { stores } from '../stores/list.ts';

/** Building blocks of the runbook's schema. Every text may hold ${NAME} placeholders unless it is an id. */

export { optionalText, text };

export const id = z
  .string()
  .regex(/^[a-z][a-z0-9-]*$/, 'Use lower-case letters, digits and dashes, beginning with a letter.');

export const duration = z
  .string()
  .refine((text) => parseDuration(text) !== undefined, 'Write a duration as 90s, 30m, 1h or 1h 30m.');

export const byteSize = z
  .string()
  .refine((text) => parseBytes(text) !== undefined, 'Write a size as 500 MB, 20 GB or 1.5 TB.');

function unionOf([first, ...rest]: Kinds<DeclaredFields>): z.ZodType<Place> {
  return z.discriminatedUnion('kind', [first.schema, ...rest.map(({ schema }) => schema)]);
}

/** One of the stores that `stores/list.ts` names. */
export const storeSchema = unionOf(stores);

/** Where files or objects are that belong to a dump: the two ways to say it. */
export const filesSource = {
  archive: z
    .strictObject({
      kind: z.literal('archive'),
      layout: text.describe(
        'Key pattern of a tar archive, wrapped as its endings say: docs/{timestamp}.tar.gz',
      ),
      store: storeSchema.optional().describe('The backup store when left out'),
    })
    .describe('One archive'),
  tree: z
    .strictObject({
      kind: z.literal('tree'),
      prefix: z
        .string()
        .describe(
          'Folder or prefix, of the time of the dump where it belongs to one: media-{date}/; everything when empty',
        ),
      store: storeSchema.optional().describe('The backup store when left out'),
    })
    .describe('Everything below a prefix'),
};

export type FilesSource = z.infer<typeof filesSource.archive> | z.infer<typeof filesSource.tree>;

export const servicesSchema = unionOf(services);

export const databaseSchema = z.strictObject({
  url: text.describe('postgresql://user:password@host:port/name'),
  expectName: optionalText.describe('The name it must have: the URL of another environment is refused'),
  via: unionOf(routes)
    .optional()
    .describe('For a database without a port on this host: then the host in the URL is the one valid there'),
  cell: z
    .strictObject({
      role: text.default('thaw_cell').describe('Its name'),
      password: optionalText.describe('Its password; empty: there is no such role'),
    })
    .optional()
    .describe(
      'The role that dumps are restored by, where the user of the URL may make none: an administrator makes it once (`thaw cell`)',
    ),
});

export type ServicesField = z.infer<typeof servicesSchema>;
export type DatabaseField = z.infer<typeof databaseSchema>;

export const publicObjects = z
  .enum(['name', 'keep'])
  .default('name')
  .describe(
    'What becomes of objects that anybody may read: keep makes them so again, name leaves them private and says which',
  );
