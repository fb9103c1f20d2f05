import { z } from 'zod';
import {
  leftOutFact,
  mirroredFact,
  notCopiedFact,
  overwritingFact,
  provenContentFact,
} from '../../kinds/facts.ts';
import { publicObjects } from '../../kinds/fields.ts';
import { declareKind } from '../../kinds/kind.ts';

export const mirrorObjectsKind = declareKind({
  kind: 'mirror-objects',
  title: 'Mirror objects',
  uses: ['host', 'stores', 'databases', 'services'],
  about:
    'Copies the objects of the backup that are missing or differ into the live bucket. Deletes nothing there; what it overwrites is kept.',
  example: '- kind: mirror-objects\n  alongside: true',
  fields: {
    workers: z.int().min(1).max(64).default(32).describe('How many objects are copied at the same time'),
    publicObjects,
  },
  afterCrash: 'run-again',
  once: true,
  gives: [mirroredFact, leftOutFact, notCopiedFact, overwritingFact, provenContentFact],
  places: () => ['backups', 'backups.objects', 'production.objects', 'drill.objects'],
  fills: ['data'],
});
