import { type Kinds, kindOf } from '../platform/declare-fields.ts';
import type { DatabaseRouteConfig } from '../ports/database-route.ts';
import type { ServicesConfig } from '../ports/services.ts';
import { compose, throughCompose } from './compose/kind.ts';
import { kubernetes, throughPod } from './kubernetes/kind.ts';
import type { RouteKind, ServicesKind } from './services-kind.ts';
import { supervised } from './supervisor/kind.ts';

/** Everything that stops and starts services, one line each. */
export const services: Kinds<ServicesKind> = [compose, supervised, kubernetes];

/** Every way to a database that has no port on this host, one line each. */
export const routes: Kinds<RouteKind> = [throughCompose, throughPod];

export function nameServices(config: ServicesConfig): string {
  return kindOf(services, config).name(config);
}

export function nameRoute(config: DatabaseRouteConfig): string {
  return kindOf(routes, config).name(config);
}
