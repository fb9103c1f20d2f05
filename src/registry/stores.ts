import type { ObjectStoreConfig, StoreNames } from '../ports/object-store.ts';
import { directory } from '../stores/directory/store.ts';
import { rclone } from '../stores/rclone/store.ts';
import { s3 } from '../stores/s3/store.ts';
import type { StoreKind } from '../stores/store-kind.ts';
import { kindOf } from './kind-of.ts';

/** Every kind of store, one line each. */
export const stores: readonly StoreKind[] = [s3, directory, rclone];

export function nameStore(config: ObjectStoreConfig): StoreNames {
  return kindOf(stores, config).names(config);
}
