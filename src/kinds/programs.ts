import type { Mode } from '../base/mode.ts';
import type { Lack } from '../base/programs.ts';
import { kindOf } from '../platform/declare-fields.ts';
import type { DatabaseRouteConfig } from '../ports/database-route.ts';
import type { ObjectStoreConfig } from '../ports/object-store.ts';
import type { ServicesConfig } from '../ports/services.ts';
import { nameRoute, routes, services } from '../services/list.ts';
import { stores } from '../stores/list.ts';
import { handlerOf, type StepHandlers } from './handlers.ts';
import type { Step } from './kind.ts';
import type { Targets } from './targets.ts';

/** What a walk starts on this host, as its steps and its places declare it. What only may be needed the steps' own checks tell. */
export function programsOf(
  walk: { readonly steps: readonly Step[]; readonly handlers: StepHandlers },
  { mode, targets }: { readonly mode: Mode; readonly targets: Targets },
): readonly Lack[] {
  const { backups, target } = targets;
  return [
    ...programsOfPlaces({
      stores: [backups.store, target.objects],
      route: target.databaseRoute,
      // A drill leaves the services of production alone.
      services: mode === 'drill' ? undefined : target.services,
    }),
    ...walk.steps.flatMap((step) => handlerOf(walk.handlers, step).programs?.(step, targets) ?? []),
  ];
}

export function programsOfPlaces(places: {
  readonly stores: readonly (ObjectStoreConfig | undefined)[];
  readonly route: DatabaseRouteConfig | undefined;
  readonly services?: ServicesConfig | undefined;
}): readonly Lack[] {
  const { route, services: among } = places;
  const names = [
    ...places.stores.flatMap((store) => (store === undefined ? [] : kindOf(stores, store).programs)),
    ...(among === undefined ? [] : kindOf(services, among).programs),
    ...(route === undefined || nameRoute(route) === '' ? [] : kindOf(routes, route).programs),
  ];
  return names.map((program) => ({ program }));
}
