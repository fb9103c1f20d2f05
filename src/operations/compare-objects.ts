import { shorten } from '../backups/compare-inventories.ts';
import { type Failure, type Outcome, succeed } from '../base/failure.ts';
import { formatBytes, formatCount } from '../base/units.ts';
import { type Check, couldNotVerify, failed, passed } from '../base/verdict.ts';
import type { ObjectInfo } from '../ports/object-store.ts';
import type { StoreLooks } from '../ports/world.ts';
import { leftOutCheck } from './leave-out.ts';
import { isContentTag, proofMark, sameContent, sameWhenRead } from './prove-content.ts';

/** So much is read again at most where tags do not tell: at 100 MB/s that is some ten minutes. */
const mostReadAgainBytes = 64 * 1024 ** 3;
const readersAtOnce = 4;

export type Pair = { readonly source: ObjectInfo; readonly target: ObjectInfo };

/** Each object of the source, held against what stands in its place. */
export type Comparison = {
  readonly missing: readonly ObjectInfo[];
  readonly different: readonly Pair[];
  /** The same size, and nothing that tells more: neither tags nor a reading. */
  readonly unknown: readonly (Pair & { readonly why?: Failure })[];
  readonly equal: {
    readonly byMd5: number;
    /** Of several parts, with the same tag. */
    readonly byParts: number;
    readonly whileCopied: number;
    readonly byReading: number;
  };
  readonly equalPairs: readonly Pair[];
  /** Only in the target. */
  readonly extra: readonly ObjectInfo[];
  /** Marks of what the reading proved, so that it need not be read once more. */
  readonly proofs: readonly string[];
};

/** Tags first, then what was hashed while it was copied, then a reading within a bound. Fails only when it is cancelled. */
export async function compareObjects(request: {
  readonly source: readonly ObjectInfo[];
  readonly target: readonly ObjectInfo[];
  readonly toTargetKey: (key: string) => string;
  readonly from: StoreLooks;
  readonly to: StoreLooks;
  readonly proofs: ReadonlySet<string>;
  readonly onLine: (line: string) => void;
  readonly signal: AbortSignal;
}): Promise<Outcome<Comparison>> {
  const there = new Map(request.target.map((object) => [object.key, object]));
  const missing: ObjectInfo[] = [];
  const different: Pair[] = [];
  const untold: Pair[] = [];
  const equalPairs: Pair[] = [];
  const equal = { byMd5: 0, byParts: 0, whileCopied: 0, byReading: 0 };
  for (const source of request.source) {
    const target = there.get(request.toTargetKey(source.key));
    if (target === undefined) {
      missing.push(source);
      continue;
    }
    const pair = { source, target };
    const how = toldEqual(pair, request.proofs);
    if (how !== undefined) {
      equal[how] += 1;
      equalPairs.push(pair);
    } else if (source.sizeBytes !== target.sizeBytes) different.push(pair);
    else untold.push(pair);
  }
  const read = await readAgain(untold, request);
  if (!read.ok) return read;
  const wanted = new Set(request.source.map(({ key }) => request.toTargetKey(key)));
  return succeed({
    missing,
    different: [...different, ...read.value.different],
    unknown: read.value.unknown,
    equal: { ...equal, byReading: read.value.equal.length },
    equalPairs: [...equalPairs, ...read.value.equal],
    extra: request.target.filter(({ key }) => !wanted.has(key)),
    proofs: read.value.equal.map(({ source, target }) => proofMark(source, target)),
  });
}

/** How it is known without reading either of them. */
function toldEqual({ source, target }: Pair, proofs: ReadonlySet<string>) {
  if (sameContent(source, target)) return isContentTag(source.etag) ? 'byMd5' : 'byParts';
  if (source.sizeBytes !== target.sizeBytes) return undefined;
  return proofs.has(proofMark(source, target)) ? 'whileCopied' : undefined;
}

async function readAgain(
  pairs: readonly Pair[],
  request: Omit<Parameters<typeof compareObjects>[0], 'source' | 'target'>,
): Promise<Outcome<{ equal: Pair[]; different: Pair[]; unknown: (Pair & { why?: Failure })[] }>> {
  const [equal, different]: [Pair[], Pair[]] = [[], []];
  const unknown: (Pair & { why?: Failure })[] = [];
  // Two digests that differ tell, unless a store encrypts with a key of its own: then they are none. So those are read as well.
  const untold = (pair: Pair & { why?: Failure }) =>
    digestsDiffer(pair) ? different.push(pair) : unknown.push(pair);
  const toRead: Pair[] = [];
  let sizeBytes = 0;
  for (const pair of pairs) {
    if (sizeBytes + pair.source.sizeBytes > mostReadAgainBytes) untold(pair);
    else {
      sizeBytes += pair.source.sizeBytes;
      toRead.push(pair);
    }
  }
  if (toRead.length > 0)
    request.onLine(
      `reading ${formatCount(toRead.length)} objects again, ${formatBytes(sizeBytes)}: their tags cannot be compared`,
    );
  let cancelled: Failure | undefined;
  const queue = toRead.values();
  const work = async () => {
    for (const pair of queue) {
      const same = await sameWhenRead({ ...request, ...pair }, request.signal);
      if (same.ok) (same.value ? equal : different).push(pair);
      else if (request.signal.aborted) cancelled = same.failure;
      else untold({ ...pair, why: same.failure });
      if (request.signal.aborted) return;
    }
  };
  await Promise.all(Array.from({ length: readersAtOnce }, work));
  return cancelled === undefined ? succeed({ equal, different, unknown }) : { ok: false, failure: cancelled };
}

function digestsDiffer({ source, target }: Pair): boolean {
  return isContentTag(source.etag) && isContentTag(target.etag) && source.etag !== target.etag;
}

/** What differs on purpose, since a person said so. */
type Agreed = {
  /** Keys of the source that were not copied, and why not. */
  readonly leftOut?: { readonly keys: ReadonlySet<string>; readonly reason: string } | undefined;
  /** Keys of the source whose live objects were kept, and what is to be done about it. */
  readonly keptLive?: { readonly keys: ReadonlySet<string>; readonly why: string } | undefined;
};

/** What was copied against what is there, key by key. Objects that only the target has stay, and are named. */
export function judgeObjects(found: Comparison, agreed: Agreed = {}): readonly Check[] {
  const left = agreed.leftOut?.keys ?? new Set();
  const kept = agreed.keptLive?.keys ?? new Set();
  const missing = found.missing.filter(({ key }) => !left.has(key));
  const wrong = found.different.filter(({ source: { key } }) => !left.has(key) && !kept.has(key));
  if (missing.length + wrong.length > 0) {
    const names = shorten([...missing, ...wrong.map(({ source }) => source)].map(({ key }) => key));
    return [
      failed(
        `${missing.length} objects are missing and ${wrong.length} differ: ${names}`,
        'Retry; only what is missing is copied.',
      ),
    ];
  }
  return [...equalCheck(found, left), ...keptChecks(found, agreed), ...unknownCheck(found.unknown)];
}

function equalCheck(found: Comparison, left: ReadonlySet<unknown>): readonly Check[] {
  const { byMd5, byParts, whileCopied, byReading } = found.equal;
  const equal = byMd5 + byParts + whileCopied + byReading;
  const kept = found.different.filter(({ source }) => !left.has(source.key)).length;
  const total = equal + found.unknown.length + kept;
  const names = shorten(found.extra.map(({ key }) => key));
  const more =
    found.extra.length > 0
      ? `; ${formatCount(found.extra.length)} more are only in the target and stay: ${names}`
      : '';
  const counted = `${formatCount(equal)} of ${formatCount(total)} objects equal by size and`;
  if (equal === byMd5) return [passed(`${counted} MD5${more}`)];
  const ways = [
    [byMd5, 'by MD5'],
    [byParts, 'by the digests of their parts'],
    [whileCopied, 'by what was hashed while they were copied'],
    [byReading, 'by reading them again'],
  ] as const;
  const how = ways.flatMap(([count, way]) => (count === 0 ? [] : [`${formatCount(count)} ${way}`]));
  return [passed(`${counted} content (${how.join(', ')})${more}`)];
}

function keptChecks(found: Comparison, { leftOut, keptLive }: Agreed): readonly Check[] {
  const checks: Check[] = [];
  const missing = [...found.missing, ...found.different.map(({ source }) => source)].filter(({ key }) =>
    leftOut?.keys.has(key),
  );
  if (leftOut !== undefined && missing.length > 0) {
    checks.push(
      leftOutCheck(
        missing.map(({ key }) => key),
        leftOut.reason,
      ),
    );
  }
  const kept = found.different.filter(({ source }) => keptLive?.keys.has(source.key));
  if (keptLive !== undefined && kept.length > 0) {
    checks.push(
      couldNotVerify(
        `${formatCount(kept.length)} objects differ and the live ones were kept: ${shorten(kept.map(({ source }) => source.key))}`,
        keptLive.why,
      ),
    );
  }
  return checks;
}

function unknownCheck(unknown: Comparison['unknown']): readonly Check[] {
  if (unknown.length === 0) return [];
  const why = unknown.find((pair) => pair.why !== undefined)?.why;
  const because =
    why === undefined
      ? `they are more than ${formatBytes(mostReadAgainBytes)} to read again`
      : `they cannot be read: ${why.message}`;
  return [
    couldNotVerify(
      `${formatCount(unknown.length)} objects are equal by size alone; their tags cannot be compared, and ${because}. ${shorten(unknown.map(({ source }) => source.key))}`,
      why?.remedy ?? 'Open some of them by hand.',
    ),
  ];
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
