/** What is known of a file in a listing. */
export type Listed = {
  readonly key: string;
  readonly sizeBytes: number;
  readonly etag?: string;
  readonly modifiedAtMs: number;
};

export type PlaceDifferences = {
  /** Here for long enough, and not there. */
  readonly missing: readonly string[];
  /** There and gone from here: nothing is ever removed from an archive. */
  readonly gone: readonly string[];
  /** Another size or another digest, or shorter here than there. */
  readonly differing: readonly string[];
};

const md5 = /^[0-9a-f]{32}$/;

/**
 * An archive that only grows, and its copy elsewhere. What was written here a moment ago may not have arrived; but what
 * arrived once and is shorter, different or gone here now was changed by somebody.
 */
export function comparePlaces(places: {
  readonly here: readonly Listed[];
  readonly there: readonly Listed[];
  /** Younger than this may still be on its way. */
  readonly settledBeforeMs: number;
}): PlaceDifferences {
  const copies = new Map(places.there.map((object) => [object.key, object]));
  const originals = new Set(places.here.map(({ key }) => key));
  const missing: string[] = [];
  const differing: string[] = [];
  for (const object of places.here) {
    const copy = copies.get(object.key);
    const isSettled = object.modifiedAtMs < places.settledBeforeMs;
    if (copy === undefined) {
      if (isSettled) missing.push(object.key);
    } else if (isSettled ? !isSame(object, copy) : copy.sizeBytes > object.sizeBytes) {
      differing.push(object.key);
    }
  }
  const gone = places.there.map(({ key }) => key).filter((key) => !originals.has(key));
  return { missing, gone, differing };
}

function isSame(a: Listed, b: Listed): boolean {
  if (a.sizeBytes !== b.sizeBytes) return false;
  const bothDigests = md5.test(a.etag ?? '') && md5.test(b.etag ?? '');
  return !bothDigests || a.etag === b.etag;
}
