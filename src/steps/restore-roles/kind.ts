import { z } from 'zod';
import { archiveFileFact } from '../../kinds/dump-facts.ts';
import { defineFact } from '../../kinds/fact.ts';
import { snapshotFact } from '../../kinds/facts.ts';
import { text } from '../../kinds/fields.ts';
import { declareKind } from '../../kinds/kind.ts';

/** What was found and made. */
export const rolesFact = defineFact(
  'roles',
  1,
  z.object({
    key: z.string(),
    wanted: z.array(z.string()).readonly(),
    made: z.array(z.string()).readonly(),
    /** Statements that the file asks for and that were not run. */
    withheld: z.array(z.string()).readonly().exactOptional(),
    leftOut: z.number(),
    isComplete: z.boolean(),
  }),
);

export const restoreRolesKind = declareKind({
  kind: 'restore-roles',
  title: 'Restore roles',
  uses: ['host', 'stores', 'databases', 'keys'],
  about:
    'Makes the roles of the application that are missing on the server, from what pg_dumpall --globals-only wrote.',
  example: '- kind: restore-roles\n  layout: "daily/globals_{timestamp}.sql.gz.gpg"',
  fields: {
    layout: text
      .optional()
      .describe(
        'Key pattern of what pg_dumpall --globals-only wrote: daily/globals_{timestamp}.sql.gz.gpg. Left out: what lies beside the dump, or stands at the beginning of a dump of a whole server; then the step comes after `decrypt`.',
      ),
  },
  afterCrash: 'run-again',
  gives: [rolesFact],
  needs: ({ layout }) => [{ oneOf: [layout === undefined ? archiveFileFact : snapshotFact] }],
  places: () => ['backups'],
  artifacts: ({ layout }) => (layout === undefined ? [] : [{ kind: 'archive', pattern: layout }]),
});
