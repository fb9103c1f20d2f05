import type { Outcome } from '../base/failure.ts';
import type { Targets } from '../kinds/targets.ts';
import type { ObjectStoreConfig } from '../ports/object-store.ts';
import type { World } from '../ports/world.ts';

export type HealthRequest = {
  readonly world: World;
  readonly targets: Targets;
  /** Percent used of the file system that holds a path. */
  readonly diskUsage: (path: string) => Promise<Outcome<number>>;
  readonly diskPaths: readonly string[];
  readonly lookAtWal: boolean;
  /** The archive in the backup store, where there is one. */
  readonly walArchive: { readonly prefix: string; readonly segmentBytes: number } | undefined;
  readonly archives: readonly {
    readonly id: string;
    readonly title: string;
    readonly here: ObjectStoreConfig;
    readonly there: ObjectStoreConfig;
    readonly settledMs: number;
  }[];
  readonly signal: AbortSignal;
};
