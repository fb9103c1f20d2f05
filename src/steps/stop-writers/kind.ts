import { z } from 'zod';
import { recoveredFact } from '../../kinds/cluster-facts.ts';
import { cameBackFact, snapshotFact, stoppedServicesFact, writersDownFact } from '../../kinds/facts.ts';
import { duration, text } from '../../kinds/fields.ts';
import { declareKind } from '../../kinds/kind.ts';
import { serviceOnRoute } from '../../kinds/targets.ts';

export const stopWritersKind = declareKind({
  kind: 'stop-writers',
  title: 'Stop writers',
  uses: ['host', 'databases', 'services'],
  about: 'Stops the services that write into the database, and waits until nobody is connected to it.',
  example: '- kind: stop-writers\n  services: [web, worker]',
  fields: {
    services: z.array(text).min(1).describe('Names of production.services that write into the database'),
    settle: duration.default('15s').describe('How long clients may take to hang up'),
  },
  afterCrash: 'run-again',
  gives: [writersDownFact, cameBackFact, stoppedServicesFact],
  needs: () => [
    {
      oneOf: [snapshotFact, recoveredFact],
      because: 'nothing is stopped for a backup that cannot be opened',
    },
  ],
  places: () => ['production.services', 'production.database'],
  lint(step, { production }) {
    const { services, database } = production;
    const stopped = serviceOnRoute({ services, via: database.via, names: step.services });
    return stopped === undefined
      ? []
      : [`stop-writers stops ${stopped}, through whose container the database is reached.`];
  },
});
