import { kindOf } from '../platform/declare-fields.ts';
import type { ObjectStoreConfig, StoreDriver } from '../ports/object-store.ts';
import { stores } from './list.ts';
import type { StoreTools } from './store-kind.ts';
import { withLimits } from './with-limits.ts';
import { publishRequest, withObservation } from './with-observation.ts';
import { withRetries } from './with-retries.ts';

/**
 * A store as the program uses it: its kind speaks to it, and around that stands what all stores share. The innermost sees each attempt:
 * observed, then tried again, then its bodies watched. Contacts nobody before the first request.
 */
export function openStore(config: ObjectStoreConfig, tools: StoreTools): StoreDriver {
  const kind = kindOf(stores, config);
  const named = { ...kind.open(config, tools), address: kind.names(config).address };
  const observed = withObservation(named, publishRequest);
  return withLimits(kind.triesAgainItself ? observed : withRetries(observed));
}

/** The same text for what is one store with one credential; it holds the credential. */
export function keyOfStore(config: ObjectStoreConfig): string {
  return kindOf(stores, config).key(config);
}
