import { type Kinds, kindOf } from '../platform/declare-fields.ts';
import type { ObjectStoreConfig, StoreNames } from '../ports/object-store.ts';
import { directory } from './directory/store.ts';
import { rclone } from './rclone/store.ts';
import { s3 } from './s3/store.ts';
import type { StoreKind } from './store-kind.ts';

/** Every kind of store, one line each. */
export const stores: Kinds<StoreKind> = [s3, directory, rclone];

export function nameStore(config: ObjectStoreConfig): StoreNames {
  return kindOf(stores, config).names(config);
}
