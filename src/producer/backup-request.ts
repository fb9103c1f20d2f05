import type { ChainLink } from '../backups/author.ts';
import type { Outcome } from '../base/failure.ts';
import type { Targets } from '../kinds/targets.ts';
import type { World } from '../ports/world.ts';
import type { ProducerSettings } from './producer-settings.ts';

export type BackupRequest = {
  readonly world: World;
  readonly targets: Pick<Targets, 'backups' | 'production'>;
  readonly settings: ProducerSettings;
  /** Goes into the manifest. */
  readonly thawVersion: string;
  /** With what the manifest is signed; left out: with nothing. */
  readonly sign?: {
    readonly runbook: string;
    /** An SSH signature over a text, for the namespace of manifests. */
    readonly make: (message: string) => Promise<Outcome<string>>;
    /** The last links that this host has made or seen, by chain. */
    readonly remembered: ReadonlyMap<string, ChainLink>;
  };
  readonly onLine: (line: string) => void;
  readonly onBytes?: (done: number) => void;
  readonly signal: AbortSignal;
};
