import { type Failure, fail, type Outcome, succeed } from '../base/failure.ts';
import type { BoundPlaces } from '../journal/entry.ts';
import { handlerOf, type StepHandlers } from '../kinds/handlers.ts';
import type { AnyCheckContext } from '../kinds/kind.ts';
import type { ObjectStoreConfig } from '../ports/object-store.ts';
import { undeclared } from '../runbook/schema.ts';

/**
 * What a run works on, by what it is and not by how it is called: the system identifier of a PostgreSQL server, endpoint and
 * bucket of a store, the real path of a folder. A run stays with the ones it first saw.
 */

type Reach = Pick<AnyCheckContext, 'world' | 'targets' | 'mode' | 'steps'> & {
  readonly handlers: StepHandlers;
};

/** Every place that answers now. One that does not is left out: nothing can be done to it either, and it is bound when it is first seen. */
export async function lookAtPlaces(context: Reach): Promise<BoundPlaces> {
  if (context.mode === 'tabletop') return {};
  const { backups, production, target } = context.targets;
  const found = await Promise.all([
    // A throwaway cluster is made by the run itself, perhaps more than once.
    makesItsServer(context) ? undefined : lookAtServer('database', { place: target, context }),
    context.mode === 'drill' ? lookAtServer('production', { place: production, context }) : undefined,
    lookAtStore('backups', { config: backups.store, context }),
    lookAtStore('objects', { config: target.objects, context }),
  ]);
  return Object.fromEntries(found.flatMap((one) => (one === undefined ? [] : [one])));
}

/** Undefined when every place that answers is the one that the run is bound to, or none is bound yet. */
export function refuseOtherPlaces(
  run: { readonly runId: string; readonly places: BoundPlaces },
  now: BoundPlaces,
): Failure | undefined {
  const others = Object.entries(run.places).flatMap(([name, bound]) => {
    const here = now[name];
    return here === undefined || here.id === bound.id ? [] : [`${bound.what}, and not to ${here.what}`];
  });
  if (others.length === 0) return undefined;
  return {
    code: 'conflict',
    message: `The values given now lead elsewhere: run ${run.runId} belongs to ${others.join('; to ')}. Nothing was touched.`,
    remedy:
      'Give the values that this run began with (`thaw check` says where each comes from), or start a new run for the other place.',
    retry: 'after-fix',
  };
}

/** For a run that is entered again: looks, and compares. */
export async function refuseElsewhere(
  run: Parameters<typeof refuseOtherPlaces>[0],
  context: Reach,
): Promise<Outcome<void>> {
  if (Object.keys(run.places).length === 0) return succeed(undefined);
  const refusal = refuseOtherPlaces(run, await lookAtPlaces(context));
  return refusal === undefined ? succeed(undefined) : fail(refusal);
}

type Found = readonly [string, BoundPlaces[string]];

function makesItsServer({ mode, steps, targets, handlers }: Reach): boolean {
  if (targets.target.throwaway !== undefined) return true;
  return mode === 'drill' && steps.some((step) => handlerOf(handlers, step).makesServer);
}

async function lookAtServer(
  name: string,
  at: { readonly place: Reach['targets']['production']; readonly context: Reach },
): Promise<Found | undefined> {
  const { databaseUrl, databaseRoute } = at.place;
  if (databaseUrl.reveal() === undeclared.database.url) return undefined;
  const server = at.context.world.openDatabaseServer(databaseUrl, databaseRoute);
  const identity = await server.identity();
  if (!identity.ok) return undefined;
  const { systemIdentifier } = identity.value;
  return [
    name,
    {
      what: `database ${server.databaseName} of the PostgreSQL server ${systemIdentifier} (at ${server.address})`,
      id: `${systemIdentifier}/${server.databaseName}`,
    },
  ];
}

async function lookAtStore(
  name: string,
  at: { readonly config: ObjectStoreConfig | undefined; readonly context: Reach },
): Promise<Found | undefined> {
  if (at.config === undefined) return undefined;
  const store = at.context.world.openStore(at.config);
  const access = await store.access();
  if (!access.ok) return undefined;
  const { endpoint, bucket } = access.value.identity;
  return [
    name,
    {
      what: `${name === 'backups' ? 'the backups in' : 'the objects in'} ${store.address}`,
      id: `${endpoint} ${bucket}`,
    },
  ];
}
