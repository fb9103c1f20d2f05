import { handlerOf } from '../kinds/handlers.ts';
import { stepId } from '../kinds/kind.ts';
import type { Targets } from '../kinds/targets.ts';
import type { ObjectStore } from '../ports/object-store.ts';
import type { World } from '../ports/world.ts';
import { handlers } from '../registry/kinds.ts';
import type { Runbook } from '../runbook/schema.ts';

/** Where the objects of a step live, as its kind says. */
export function liveStores(of: {
  readonly filled: Pick<Runbook, 'steps'>;
  readonly targets: Targets;
  readonly world: Pick<World, 'openStore'>;
}): (id: string) => ObjectStore | undefined {
  return (id) => {
    const step = of.filled.steps.find((one) => stepId(one) === id);
    const config = step && handlerOf(handlers, step).liveStore?.(step, of.targets);
    return config === undefined ? undefined : of.world.openStore(config);
  };
}
