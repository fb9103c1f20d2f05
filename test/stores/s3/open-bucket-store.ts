import type { StoreDriver } from '../../../src/ports/object-store.ts';
import type { S3Config, S3Limits } from '../../../src/stores/s3/open-client.ts';
import { openS3ObjectStore } from '../../../src/stores/s3/s3-object-store.ts';
import { defaultBodyLimits, withLimits } from '../../../src/stores/with-limits.ts';

/** A bucket as the program opens it, with limits that a test can wait for. */
export function openBucketStore(
  config: S3Config,
  limits: Partial<S3Limits> & { readonly stallMs?: number } = {},
): StoreDriver {
  const { stallMs = defaultBodyLimits.stallMs, ...ofS3 } = limits;
  return withLimits(openS3ObjectStore(config, ofS3), { stallMs });
}
