import { dumpDigestFact, dumpFileFact } from '../../kinds/dump-facts.ts';
import { snapshotFact } from '../../kinds/facts.ts';
import { declareKind } from '../../kinds/kind.ts';

export const fetchKind = declareKind({
  kind: 'fetch',
  title: 'Fetch',
  uses: ['host', 'stores'],
  about: 'Downloads the chosen dump in parts that survive an interruption, and compares its digest.',
  example: '- kind: fetch',
  fields: {},
  afterCrash: 'run-again',
  essential: 'there is nothing to restore without the dump',
  once: true,
  gives: [dumpFileFact, dumpDigestFact],
  needs: () => [{ oneOf: [snapshotFact] }],
  places: () => ['backups'],
});
