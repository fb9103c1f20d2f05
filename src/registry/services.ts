import type { ServicesConfig } from '../ports/services.ts';
import { compose, throughCompose } from '../services/compose/kind.ts';
import { kubernetes, throughPod } from '../services/kubernetes/kind.ts';
import type { RouteKind, ServicesKind } from '../services/services-kind.ts';
import { supervised } from '../services/supervisor/kind.ts';
import { kindOf } from './kind-of.ts';

/** Everything that stops and starts services, one line each. */
export const services: readonly ServicesKind[] = [compose, supervised, kubernetes];

/** Every way to a database that has no port on this host, one line each. */
export const routes: readonly RouteKind[] = [throughCompose, throughPod];

export function nameServices(config: ServicesConfig): string {
  return kindOf(services, config).name(config);
}
