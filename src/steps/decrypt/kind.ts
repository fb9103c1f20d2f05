import { archiveFileFact, dumpFileFact, keyAtHandFact } from '../../kinds/dump-facts.ts';
import { declareKind } from '../../kinds/kind.ts';

export const decryptKind = declareKind({
  kind: 'decrypt',
  title: 'Decrypt and unpack',
  uses: ['host', 'stores', 'dumpTools', 'databases', 'keys', 'trees'],
  about: 'Opens the layers of the dump (encryption, compression) and reads the archive inside to its end.',
  example: '- kind: decrypt',
  fields: {},
  afterCrash: 'run-again',
  essential: 'there is nothing to restore without the archive',
  once: true,
  gives: [archiveFileFact, keyAtHandFact],
  needs: () => [{ oneOf: [dumpFileFact] }],
  places: () => ['backups'],
});
