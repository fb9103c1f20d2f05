import { z } from 'zod';
import { recoveredFact } from '../../kinds/cluster-facts.ts';
import { defineFact, defineFacts } from '../../kinds/fact.ts';
import { swappedFact } from '../../kinds/facts.ts';
import { duration, text } from '../../kinds/fields.ts';
import { declareKind } from '../../kinds/kind.ts';

export const logFollowedFact = defineFact(
  'log-followed',
  1,
  z.object({ quiet: z.boolean(), text: z.string() }),
);

/** By step: what was up and steady, and which start of it that was. */
export const servicesUpFact = defineFacts(
  'services-up:',
  1,
  z.array(z.object({ name: z.string(), incarnation: z.string().exactOptional() })),
);

/** By step: what ran already as another configuration than its files say, and was left so. */
export const leftRunningFact = defineFacts('left-running:', 1, z.array(z.string()));

export const startServicesKind = declareKind({
  kind: 'start-services',
  title: 'Start services',
  uses: ['host', 'services'],
  about:
    'Starts the services, waits until they are healthy and stay so, and watches the log of one of them until it is quiet. Looked at again before the run ends.',
  example: '- kind: start-services\n  followLog: web',
  fields: {
    services: z
      .array(text)
      .default([])
      .describe('Empty means all. What this walk stopped is started in any case'),
    healthy: duration.default('3m').describe('How long services may take to become healthy'),
    steady: duration
      .default('5s')
      .describe('How long they must stay up, without being started anew, to count as up'),
    followLog: text.optional().describe('The service whose log is watched until it is quiet'),
    quiet: duration.default('5s').describe('How long the log must say nothing to count as quiet'),
    quietWithin: duration.default('2m').describe('How long the log may take to become quiet'),
  },
  afterCrash: 'run-again',
  gives: [logFollowedFact, servicesUpFact, leftRunningFact],
  needs: () => [{ oneOf: [swappedFact, recoveredFact] }],
  places: () => ['production.services'],
  fills: ['services'],
});
