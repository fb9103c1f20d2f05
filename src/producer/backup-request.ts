import type { Targets } from '../kinds/targets.ts';
import type { World } from '../ports/world.ts';
import type { ProducerSettings } from './producer-settings.ts';

export type BackupRequest = {
  readonly world: World;
  readonly targets: Pick<Targets, 'backups' | 'production'>;
  readonly settings: ProducerSettings;
  /** Goes into the manifest. */
  readonly thawVersion: string;
  readonly onLine: (line: string) => void;
  readonly onBytes?: (done: number) => void;
  readonly signal: AbortSignal;
};
