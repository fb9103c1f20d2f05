import { z } from 'zod';
import { archiveFileFact } from '../../kinds/dump-facts.ts';
import {
  cellFact,
  incomingDatabaseFact,
  restoredFact,
  swappedFact,
  swappingFact,
  targetFact,
  writersDownFact,
} from '../../kinds/facts.ts';
import { byteSize, duration, optionalText, text } from '../../kinds/fields.ts';
import { declareKind } from '../../kinds/kind.ts';
import {
  applicationFact,
  applicationReadFact,
  catalogueFact,
  databaseSettingsFact,
  dumpRightsFact,
  rightsFact,
} from '../../kinds/rights-facts.ts';

/** A server of its own on this host, which ends with thaw. */
const throwawayPrograms = (['postgres', 'initdb', 'setpriv'] as const).map((program) => ({ program }));

export const restoreDatabaseKind = declareKind({
  kind: 'restore-database',
  title: 'Restore PostgreSQL',
  uses: ['host', 'stores', 'databases', 'dumpTools', 'keys', 'clusters', 'services'],
  about:
    'Restores the archive into a database beside the one to be replaced, counts every table, and swaps the two by renaming once a person has typed the name. The old database is kept.',
  example: '- kind: restore-database\n  jobs: 4',
  fields: {
    jobs: z.int().min(1).max(64).optional().describe('Parallel jobs; the number of cores when left out'),
    stall: duration.default('15m').describe('No sign of life for that long counts as stalled'),
    longest: duration.default('24h').describe('What takes longer is ended, whatever it still does'),
    largest: byteSize
      .optional()
      .describe(
        'A database that grows beyond is not gone on with. Left out: three times what the manifest says, and a hundred times the dump where nobody proves who wrote it',
      ),
    searchPath: z
      .array(text)
      .min(1)
      .optional()
      .describe(
        'Schemas in which functions of the dump look while tables are filled, where they say none themselves. pg_dump leaves none, so a function of a generated column, a check or an index that names things without their schema fails. Left out: it is offered when that happens',
      ),
    createdColumn: text
      .default('created_at')
      .describe('Tells old rows from new ones when a drill compares with live'),
    application: z
      .strictObject({
        role: optionalText.describe('The role it logs in as'),
        url: optionalText.describe(
          'The database URL it uses: user and password of it count, at the address of this restore. With it the swap is followed by a read as that login',
        ),
      })
      .optional()
      .describe(
        'Whom the application logs in as: before the swap the catalogue tells what that role would lose. Left out: every login that owns a table of the live database, or was granted something on one',
      ),
  },
  afterCrash: 'look-first',
  essential: 'without the database there is nothing to bring up',
  once: true,
  gives: [
    targetFact,
    incomingDatabaseFact,
    cellFact,
    dumpRightsFact,
    rightsFact,
    databaseSettingsFact,
    catalogueFact,
    applicationFact,
    applicationReadFact,
    restoredFact,
    swappingFact,
    swappedFact,
  ],
  // On new machines nothing writes yet; a runbook that names no services has nothing to stop.
  needs: (_step, plan) => [
    { oneOf: [archiveFileFact] },
    ...(plan.declares('production.services') ? [{ oneOf: [writersDownFact] }] : []),
  ],
  places: () => ['backups', 'production.database'],
  closesWayBack: [
    { while: swappedFact, because: 'the database is already in place; use `thaw rollback` first' },
    { while: swappingFact, because: 'the swap of the databases has begun; retry to end it' },
  ],
  fills: ['data'],
  provesDump: true,
  programs: (_step, { target: { databaseRoute, throwaway }, backups: { layout } }) => [
    ...(databaseRoute === undefined
      ? [{ program: /\.sql(\.|$)/.test(layout) ? ('psql' as const) : ('pg_restore' as const) }]
      : []),
    ...(throwaway === undefined ? [] : throwawayPrograms),
  ],
});
