import type { Mode } from '../base/mode.ts';
import type { ObjectStore } from '../ports/object-store.ts';
import type { World } from '../ports/world.ts';
import type { ReadyRunbook } from './load-runbook.ts';

/** Where the runbook has heads anchored. A tabletop contacts nothing, so its head stays on this host. */
export function anchorPlace(run: {
  readonly mode: Mode;
  readonly ready: ReadyRunbook;
  readonly world: World;
}): { readonly anchor?: { readonly store: ObjectStore; readonly prefix: string } } {
  const { mode, ready, world } = run;
  const prefix = ready.filled.records?.anchor;
  if (prefix === undefined || mode === 'tabletop') return {};
  return { anchor: { store: world.openStore(ready.targets.backups.store), prefix } };
}
