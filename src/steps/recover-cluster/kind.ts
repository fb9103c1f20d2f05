import { z } from 'zod';
import {
  clusterBringingFact,
  clusterFilesFact,
  promotingFact,
  recoveredFact,
} from '../../kinds/cluster-facts.ts';
import { duration, optionalText, text } from '../../kinds/fields.ts';
import { declareKind } from '../../kinds/kind.ts';

const question = z.strictObject({
  title: text.describe('What is asked, for people'),
  database: optionalText.describe('The database of production.database.url when left out'),
  query: text.describe('One row, whose first value is looked at'),
  expect: z
    .strictObject({
      equals: text.optional().describe('The value, exactly'),
      atLeast: z.number().optional().describe('The value as a number, or more'),
    })
    .default({})
    .describe('What the answer must be; a person judges it when left out'),
});

export const recoverClusterKind = declareKind({
  kind: 'recover-cluster',
  title: 'Recover PostgreSQL to a point in time',
  uses: ['host', 'stores', 'databases', 'keys', 'trees', 'clusters'],
  about:
    'Recovers a whole PostgreSQL cluster to a moment in time, from a base backup and the WAL archive, in a new folder; the old one stays.',
  example: '- kind: recover-cluster\n  folder: /srv/postgres-recovered\n  port: "5433"',
  fields: {
    to: optionalText.describe(
      'A moment with its zone: 2025-10-17 14:30:00 UTC; to the end of the archive when empty',
    ),
    inclusive: z.boolean().default(false).describe('Whether a commit at exactly that moment is kept'),
    timeline: z
      .string()
      .regex(
        /^(latest|current|[1-9]\d*|\$\{[A-Z][A-Z0-9_]*\})$/,
        'Write latest, current, or the number of a timeline.',
      )
      .default('latest')
      .describe('Which history of the cluster is followed: latest, current, or a number'),
    folder: text.describe('Data folder of the new cluster: empty or absent; a drill uses one beside it'),
    port: text.describe('Where the new cluster listens, on 127.0.0.1 alone'),
    superuser: text.default('postgres').describe('A role of the recovered cluster that may look everywhere'),
    queries: z
      .array(question)
      .default([])
      .describe('Asked before the cluster is given a timeline of its own'),
    stall: duration.default('15m').describe('No sign of life for that long counts as stalled'),
  },
  afterCrash: 'look-first',
  essential: 'without the database there is nothing to bring up',
  once: true,
  gives: [clusterBringingFact, clusterFilesFact, recoveredFact, promotingFact],
  places: () => ['backups', 'backups.cluster', 'production.database', 'drill.database'],
  fills: ['data'],
  makesServer: true,
  programs: (_step, { backups: { cluster } }) =>
    (['postgres', 'pg_ctl', cluster?.engine === 'pgbackrest' ? 'pgbackrest' : 'tar'] as const).map(
      (program) => ({
        program,
      }),
    ),
});
