import { shorten } from '../backups/compare-inventories.ts';
import { formatCount } from '../base/units.ts';
import { type Check, couldNotVerify, failed, passed } from '../base/verdict.ts';
import type { ObjectInfo } from '../ports/object-store.ts';

/** Byte order of keys does not matter here: both sides are looked up by key. */
export type ObjectPlan = {
  /** Not in the target, or different there. */
  readonly copy: readonly ObjectInfo[];
  readonly overwrites: number;
  readonly equal: number;
  readonly sizeBytes: number;
};

/** What differs. Not being able to tell counts as different: copying once too often harms nothing. */
export function planMirror(request: {
  readonly source: readonly ObjectInfo[];
  readonly target: readonly ObjectInfo[];
  readonly toTargetKey: (key: string) => string;
}): ObjectPlan {
  const there = new Map(request.target.map((object) => [object.key, object]));
  const copy = request.source.filter(
    (object) => !sameContent(object, there.get(request.toTargetKey(object.key))),
  );
  return {
    copy,
    overwrites: copy.filter((object) => there.has(request.toTargetKey(object.key))).length,
    equal: request.source.length - copy.length,
    sizeBytes: copy.reduce((sum, object) => sum + object.sizeBytes, 0),
  };
}

const md5 = /^[0-9a-f]{32}$/;

/** An ETag is the MD5 of the content only for objects of one part; others depend on the part size and prove nothing. */
export function sameContent(a: ObjectInfo, b: ObjectInfo | undefined): boolean {
  if (b === undefined || a.sizeBytes !== b.sizeBytes) return false;
  return a.etag !== undefined && b.etag !== undefined && md5.test(a.etag) && a.etag === b.etag;
}

/** What was mirrored against what is there, key by key. Objects that only the target has stay, and are named. */
export function reconcileObjects(request: {
  readonly source: readonly ObjectInfo[];
  readonly target: readonly ObjectInfo[];
  readonly toTargetKey: (key: string) => string;
}): readonly Check[] {
  const { source, target, toTargetKey } = request;
  const there = new Map(target.map((object) => [object.key, object]));
  const at = (object: ObjectInfo) => there.get(toTargetKey(object.key));
  const missing = source.filter((object) => at(object) === undefined);
  const wrong = source.filter((object) => differs(object, at(object)));
  const names = (list: readonly ObjectInfo[]) => shorten(list.map((object) => object.key));
  if (missing.length + wrong.length > 0) {
    return [
      failed(
        `${missing.length} objects are missing and ${wrong.length} differ: ${names([...missing, ...wrong])}`,
        'Retry; only what is missing is copied.',
      ),
    ];
  }
  const bySize = source.filter((object) => !sameContent(object, at(object)));
  const wanted = new Set(source.map((object) => toTargetKey(object.key)));
  const extra = target.filter((object) => !wanted.has(object.key));
  const more =
    extra.length > 0
      ? `; ${formatCount(extra.length)} more are only in the target and stay: ${names(extra)}`
      : '';
  const checks = [
    passed(
      `${formatCount(source.length - bySize.length)} of ${formatCount(source.length)} objects equal by size and MD5${more}`,
    ),
  ];
  if (bySize.length === 0) return checks;
  return [
    ...checks,
    couldNotVerify(
      `${formatCount(bySize.length)} objects of several parts are equal by size; their ETags cannot be compared: ${names(bySize)}`,
      'Open one of them by hand.',
    ),
  ];
}

/** Another size, or another MD5 where both sides tell one. */
function differs(a: ObjectInfo, b: ObjectInfo | undefined): boolean {
  if (b === undefined) return false;
  if (a.sizeBytes !== b.sizeBytes) return true;
  const told = a.etag !== undefined && b.etag !== undefined && md5.test(a.etag) && md5.test(b.etag);
  return told && a.etag !== b.etag;
}

/**
 * Keys that MinIO cannot hold side by side or at all: `a` beside `a/b`, a leading slash, content under a key ending in a
 * slash. Found before the first copy, since each would fail or, worse, hide another.
 */
export function awkwardKeys(objects: readonly ObjectInfo[]): readonly string[] {
  const keys = new Set(objects.map((object) => object.key));
  const found: string[] = [];
  for (const { key, sizeBytes } of objects) {
    if (key.startsWith('/')) found.push(`${key} begins with a slash`);
    if (key.endsWith('/') && sizeBytes > 0) found.push(`${key} ends in a slash and is not empty`);
    for (let slash = key.indexOf('/'); slash > 0; slash = key.indexOf('/', slash + 1)) {
      const parent = key.slice(0, slash);
      if (keys.has(parent)) found.push(`${parent} stands beside ${key}`);
    }
  }
  return found;
}
