import { createHash } from 'node:crypto';
import { Readable } from 'node:stream';
import { brokenBodyFailure } from '../base/body-error.ts';
import { fail, type Outcome, succeed } from '../base/failure.ts';
import type { ObjectInfo } from '../ports/object-store.ts';
import type { StoreLooks } from '../ports/world.ts';

const mebibyte = 1024 * 1024;
const md5 = /^[0-9a-f]{32}$/;
const md5OfParts = /^[0-9a-f]{32}-([1-9]\d*)$/;

/** Parts as programs cut them when nobody says otherwise: ours, the SDKs, mc, rclone, s3cmd, s3fs. */
const usualParts = [5, 6, 7, 8, 10, 12, 15, 16, 20, 24, 25, 32, 50, 64, 100, 128, 256, 512, 1024].map(
  (size) => size * mebibyte,
);

/** S3's own limit: what is larger than that many of the usual parts is cut into larger ones. */
const mostParts = 10_000;

/** The tag is the MD5 of the content, unless the store encrypts with a key of its own. */
export function isContentTag(tag: string | undefined): tag is string {
  return tag !== undefined && md5.test(tag);
}

/**
 * The same size, and the same digest. A tag of several parts is the digest of their digests: where two are the same, so are the
 * parts; where they differ, the parts may only have been cut at other places.
 */
export function sameContent(a: ObjectInfo, b: ObjectInfo | undefined): boolean {
  if (b === undefined || a.sizeBytes !== b.sizeBytes || a.etag !== b.etag) return false;
  return a.etag !== undefined && (md5.test(a.etag) || md5OfParts.test(a.etag));
}

/** The sizes of parts that may be behind a tag; none for a tag of the whole. */
function possibleParts({ sizeBytes, etag }: ObjectInfo): readonly number[] {
  const count = Number(md5OfParts.exec(etag ?? '')?.[1] ?? 0);
  if (count === 0) return [];
  const even = Math.ceil(sizeBytes / count / mebibyte) * mebibyte;
  const sizes = [...usualParts, even].filter(
    (partBytes) => partBytes > 0 && Math.ceil(sizeBytes / partBytes) === count,
  );
  return [...new Set(sizes)];
}

/** How our own writer cuts an object of that size. */
function ownParts(sizeBytes: number): number {
  const usual = 8 * mebibyte;
  return sizeBytes / usual <= mostParts ? usual : Math.ceil(sizeBytes / mostParts / mebibyte) * mebibyte;
}

type Hashed = { readonly md5: string; readonly tags: ReadonlySet<string> };

/** Every tag that a store could give this content, cut into parts of these sizes. Holds no content. */
function createContentHash(partSizes: readonly number[]) {
  const whole = createHash('md5');
  const cuts = partSizes.map((partBytes) => ({
    partBytes,
    digests: createHash('md5'),
    part: createHash('md5'),
    filled: 0,
    count: 0,
  }));
  const endPart = (cut: (typeof cuts)[number]) => {
    cut.digests.update(cut.part.digest());
    cut.part = createHash('md5');
    cut.filled = 0;
    cut.count += 1;
  };
  return {
    update(chunk: Buffer): void {
      whole.update(chunk);
      for (const cut of cuts) {
        for (let used = 0; used < chunk.length; ) {
          const taken = Math.min(cut.partBytes - cut.filled, chunk.length - used);
          cut.part.update(chunk.subarray(used, used + taken));
          cut.filled += taken;
          used += taken;
          if (cut.filled === cut.partBytes) endPart(cut);
        }
      }
    },
    digest(): Hashed {
      const tags = cuts.map((cut) => {
        if (cut.filled > 0 || cut.count === 0) endPart(cut);
        return `${cut.digests.digest('hex')}-${cut.count}`;
      });
      const content = whole.digest('hex');
      return { md5: content, tags: new Set([content, ...tags]) };
    },
  };
}

/**
 * A body that is hashed while somebody reads it. `proves` says, once it was read to its end and written, whether what is there
 * now has the tag of exactly these bytes, and the source had none that speaks against them.
 */
export function hashWhileRead(source: ObjectInfo, body: Readable) {
  const hash = createContentHash([...new Set([...possibleParts(source), ownParts(source.sizeBytes)])]);
  async function* hashed() {
    for await (const chunk of body) {
      hash.update(chunk as Buffer);
      yield chunk as Buffer;
    }
  }
  const passedOn = Readable.from(hashed(), { objectMode: false });
  // Whoever reads it hears of the error; this is for one that comes when nobody reads any more.
  passedOn.on('error', () => {});
  return {
    body: passedOn,
    proves(written: ObjectInfo): boolean {
      const { md5: content, tags } = hash.digest();
      const spoken = isContentTag(source.etag) && source.etag !== content;
      return !spoken && written.etag !== undefined && tags.has(written.etag);
    },
  };
}

/** One version of an object here and one there, in a short form that a fact can hold. */
export function proofMark(source: ObjectInfo, target: ObjectInfo): string {
  const pair = [source.key, source.sizeBytes, source.etag ?? '', target.etag ?? ''];
  return createHash('sha256').update(JSON.stringify(pair)).digest('hex').slice(0, 24);
}

/** Reads the target, and where its digests do not tell, the source as well: then every byte was compared. */
export async function sameWhenRead(
  sides: {
    readonly from: StoreLooks;
    readonly to: StoreLooks;
    readonly source: ObjectInfo;
    readonly target: ObjectInfo;
  },
  signal: AbortSignal,
): Promise<Outcome<boolean>> {
  const { from, to, source, target } = sides;
  const there = await hashStored({ store: to, object: target, partSizes: possibleParts(source), signal });
  if (!there.ok) return there;
  if (source.etag !== undefined && there.value.tags.has(source.etag)) return succeed(true);
  const here = await hashStored({ store: from, object: source, partSizes: [], signal });
  return here.ok ? succeed(here.value.md5 === there.value.md5) : here;
}

async function hashStored(request: {
  readonly store: StoreLooks;
  readonly object: ObjectInfo;
  readonly partSizes: readonly number[];
  readonly signal: AbortSignal;
}): Promise<Outcome<Hashed>> {
  const { store, object, partSizes, signal } = request;
  const { key, etag } = object;
  const reading = await store.read({ key, signal, ...(etag === undefined ? {} : { ifMatch: etag }) });
  if (!reading.ok) return reading;
  const hash = createContentHash(partSizes);
  try {
    for await (const chunk of reading.value.body) hash.update(chunk as Buffer);
  } catch (error) {
    return fail(brokenBodyFailure(`read ${key} from ${store.address}`, error));
  }
  return succeed(hash.digest());
}
