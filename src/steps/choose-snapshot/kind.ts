import { openedDumpFact } from '../../kinds/dump-facts.ts';
import { authorFact, manifestFact, snapshotFact } from '../../kinds/facts.ts';
import { optionalText } from '../../kinds/fields.ts';
import { declareKind } from '../../kinds/kind.ts';

export const chooseSnapshotKind = declareKind({
  kind: 'choose-snapshot',
  title: 'Choose snapshot',
  uses: ['host', 'stores', 'dumpTools', 'databases', 'keys'],
  about:
    'Lists the dumps of the backup store, lets a person choose one, and opens its head with the key at hand.',
  example: '- kind: choose-snapshot',
  fields: {
    pointInTime: optionalText.describe(
      'A moment somebody asks for: a dump knows only its own, so anything here is refused with the reason',
    ),
  },
  afterCrash: 'run-again',
  essential: 'everything after it needs a snapshot',
  once: true,
  gives: [snapshotFact, manifestFact, authorFact, openedDumpFact],
  places: () => ['backups'],
  goBackTo: 'choose another snapshot',
});
