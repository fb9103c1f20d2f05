import { z } from 'zod';
import { defineFacts } from '../../kinds/fact.ts';
import { swappedFact } from '../../kinds/facts.ts';
import { text } from '../../kinds/fields.ts';
import { declareKind } from '../../kinds/kind.ts';

export const exportedFact = defineFacts(
  'exported:',
  1,
  z.object({ path: z.string(), rows: z.number(), sha256: z.string() }),
);

export const exportQueryKind = declareKind({
  kind: 'export-query',
  title: 'Export a query',
  uses: ['host', 'databases'],
  about: 'Writes rows of the restored database into a CSV file, and never a column that is forbidden.',
  example:
    '- kind: export-query\n  query: SELECT id, name FROM connectors ORDER BY id\n  into: /srv/export/connectors.csv',
  fields: {
    query: text.describe('Asked of the restored database'),
    into: text.describe('A CSV file; a drill writes into its work folder'),
    never: z
      .array(text)
      .default([])
      .describe(
        'Columns that are refused, whatever the query calls them: what must not lie about in a file. With it the query names columns of tables alone, and computes nothing',
      ),
  },
  afterCrash: 'run-again',
  gives: [exportedFact],
  needs: () => [{ oneOf: [swappedFact] }],
});
