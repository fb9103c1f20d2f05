import { z } from 'zod';
import {
  leftOutFact,
  madePlaceFact,
  notCopiedFact,
  restoredFilesFact,
  snapshotFact,
  swappingFilesFact,
} from '../../kinds/facts.ts';
import { duration, type FilesSource, filesSource, optionalText, text } from '../../kinds/fields.ts';
import { declareKind } from '../../kinds/kind.ts';

export const restoreFilesKind = declareKind({
  kind: 'restore-files',
  title: 'Restore files',
  uses: ['host', 'stores', 'databases', 'keys', 'trees', 'services'],
  about:
    'Brings a folder back beside the live one, compares it, and swaps the two once a person has typed its name.',
  example:
    '- kind: restore-files\n  from: { kind: archive, layout: "docs/{timestamp}.tar.gz" }\n  into: /srv/documents',
  fields: {
    from: z
      .discriminatedUnion('kind', [filesSource.archive, filesSource.tree])
      .describe('Where the files are: one archive, or everything below a prefix'),
    which: z
      .enum(['of-snapshot', 'newest'])
      .default('of-snapshot')
      .describe('The files of the chosen dump, or the newest archive where the runbook chooses none'),
    into: text.describe('The folder that is replaced; the old one is kept beside it'),
    swap: z
      .enum(['folder', 'contents'])
      .default('folder')
      .describe(
        'contents: for a mount point, which cannot be renamed; the old files are kept in a folder inside',
      ),
    drillInto: optionalText.describe(
      'Where a drill makes a folder of its own; the work folder when left out',
    ),
    verify: z.enum(['contents', 'list']).default('contents').describe('Every byte again, or names and sizes'),
    apart: duration.default('1h').describe('How far the files may be from the database before it is told'),
  },
  afterCrash: 'look-first',
  gives: [restoredFilesFact, swappingFilesFact, madePlaceFact, notCopiedFact, leftOutFact],
  needs: (step) => (standsAlone(step) ? [] : [{ oneOf: [snapshotFact] }]),
  places: (step) => (standsAlone(step) ? [] : ['backups']),
  closesWayBack: [{ while: swappingFilesFact, because: 'files of this snapshot are already in place' }],
  fills: ['data'],
  // The newest files belong to no dump.
  artifacts: ({ which, from }) =>
    which === 'newest'
      ? []
      : [
          {
            kind: from.kind,
            pattern: from.kind === 'archive' ? from.layout : from.prefix,
            store: from.store,
          },
        ],
});

/** Files that belong to no dump, from a store of their own. */
function standsAlone(step: { readonly which: string; readonly from: FilesSource }): boolean {
  return step.which === 'newest' && step.from.store !== undefined;
}
