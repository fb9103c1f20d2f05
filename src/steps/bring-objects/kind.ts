import { z } from 'zod';
import {
  leftOutFact,
  notCopiedFact,
  overwritingFact,
  provenContentFact,
  snapshotFact,
} from '../../kinds/facts.ts';
import { filesSource, publicObjects, storeSchema } from '../../kinds/fields.ts';
import { declareKind } from '../../kinds/kind.ts';

/** Objects of one bucket from somewhere else than the mirror of the backups: an archive of it, or another bucket. */
export const bringObjectsKind = declareKind({
  kind: 'bring-objects',
  title: 'Bring objects',
  uses: ['host', 'stores', 'databases', 'keys', 'trees', 'services'],
  about: 'Brings the objects of one bucket back from an archive of it, or from another bucket.',
  example:
    '- kind: bring-objects\n  from: { kind: archive, layout: "minio/company-data_{timestamp}.tar.gz" }\n  into: { kind: directory, path: /srv/company-data }',
  fields: {
    from: z
      .discriminatedUnion('kind', [
        filesSource.archive.extend({
          strip: z
            .int()
            .min(0)
            .default(0)
            .describe('Folders at the beginning of each name that are no part of the key'),
        }),
        filesSource.tree,
      ])
      .describe('Where the objects are: one archive, or everything below a prefix'),
    into: storeSchema.describe('The live bucket'),
    drillInto: storeSchema.optional().describe('A drill does without this step when left out'),
    workers: z.int().min(1).max(64).default(16).describe('How many objects are copied at the same time'),
    publicObjects,
  },
  afterCrash: 'run-again',
  gives: [leftOutFact, notCopiedFact, overwritingFact, provenContentFact],
  // Which archive belongs to the dump is told by the dump's name.
  needs: ({ from }) => (from.kind === 'archive' ? [{ oneOf: [snapshotFact] }] : []),
  places: () => ['backups'],
  fills: ['data'],
  // A tree is the bucket itself, or a replica of it: of no dump more than of another.
  artifacts: ({ from }) =>
    from.kind === 'archive' ? [{ kind: 'archive', pattern: from.layout, store: from.store }] : [],
});
