import { shorten } from '../backups/compare-inventories.ts';
import { formatCount } from '../base/units.ts';
import { type Check, couldNotVerify, passed } from '../base/verdict.ts';
import type { ObjectAttributes } from '../ports/object-store.ts';
import type { StoreLooks } from '../ports/world.ts';
import type { Pair } from './compare-objects.ts';
import { attributesOfOriginal } from './object-access.ts';

/** Each takes two requests on either side: so many are looked at, spread evenly; at 500 a second that is a minute. */
const mostLookedAt = 20_000;
const lookersAtOnce = 16;

type PropertyFindings = {
  readonly lookedAt: number;
  readonly total: number;
  readonly different: readonly { readonly key: string; readonly what: readonly string[] }[];
  /** Of which nobody could say, and why not. */
  readonly unread: readonly { readonly key: string; readonly why: string }[];
  /** The rights of a credential do not reach to who may read them. */
  readonly accessUntold: boolean;
};

/**
 * Objects of equal content, held against each other in all that is not content: type, caching, expiry, metadata, redirect, tags, access.
 * Nothing of those whose store keeps no such thing.
 */
export async function compareProperties(request: {
  readonly pairs: readonly Pair[];
  readonly from: Pick<StoreLooks, 'attributes'>;
  readonly to: Pick<StoreLooks, 'attributes'>;
  /** A drill makes nothing public, and says nothing about it where the runbook settles it. */
  readonly accessSettled: boolean;
  readonly signal: AbortSignal;
}): Promise<PropertyFindings> {
  const { pairs, from, to, accessSettled, signal } = request;
  const chosen = spread(pairs, mostLookedAt);
  const different: { key: string; what: readonly string[] }[] = [];
  const unread: { key: string; why: string }[] = [];
  let [lookedAt, accessUntold] = [0, false];
  const queue = chosen.values();
  const look = async () => {
    for (const { source, target } of queue) {
      if (signal.aborted) return;
      const { key } = source;
      const [here, there] = await Promise.all([from.attributes(key), to.attributes(target.key)]);
      if (!here.ok || !there.ok) {
        const why = here.ok ? (there.ok ? '' : there.failure.message) : here.failure.message;
        unread.push({ key, why });
        continue;
      }
      if (here.value === undefined) continue;
      lookedAt += 1;
      const untold = [...(here.value.untold ?? []), ...(there.value?.untold ?? [])];
      if (untold.includes('access')) accessUntold = true;
      if (untold.includes('tags')) unread.push({ key, why: 'its tags are not told to this access key' });
      const apart = accessSettled ? [...untold, 'access'] : untold;
      const what = differences(attributesOfOriginal(here.value), there.value, apart);
      if (what.length > 0) different.push({ key, what });
    }
  };
  await Promise.all(Array.from({ length: Math.min(lookersAtOnce, chosen.length) }, look));
  const byKey = (a: { key: string }, b: { key: string }) => (a.key < b.key ? -1 : 1);
  return {
    lookedAt,
    total: pairs.length,
    different: different.sort(byKey),
    unread: unread.sort(byKey),
    accessUntold,
  };
}

function spread<T>(all: readonly T[], most: number): readonly T[] {
  if (all.length <= most) return all;
  const step = all.length / most;
  return Array.from({ length: most }, (_, index) => all[Math.floor(index * step)]).flatMap((one) =>
    one === undefined ? [] : [one],
  );
}

const words = [
  ['contentType', 'type'],
  ['contentEncoding', 'encoding'],
  ['contentDisposition', 'disposition'],
  ['contentLanguage', 'language'],
  ['cacheControl', 'caching'],
  ['expires', 'expiry'],
  ['redirect', 'redirect'],
] as const;

/** Stores say one of these of an object that nobody gave a type. */
const noTypes: readonly unknown[] = ['binary/octet-stream', 'application/octet-stream'];

/** What the original has and the copy has not, in words; of access and tags also what only the copy has. */
function differences(
  original: ObjectAttributes,
  ...[copy, untold]: [ObjectAttributes | undefined, readonly string[]]
): readonly string[] {
  const named = words.flatMap(([field, word]) => {
    const [was, is] = [original[field], copy?.[field]];
    if (was === undefined || was === is) return [];
    // Where nothing was written down the name tells the type.
    if (field === 'contentType' && (noTypes.includes(was) || copy === undefined)) return [];
    if (field === 'expires' && Date.parse(was) === Date.parse(is ?? '')) return [];
    return [word];
  });
  const metadata = Object.entries(original.metadata).filter(
    ([name, value]) => copy?.metadata[name] !== value,
  );
  const keys = metadata.length === 0 ? [] : [`metadata ${metadata.map(([name]) => name).join(', ')}`];
  const tags = untold.includes('tags') || sameTexts(original.tags, copy?.tags) ? [] : ['tags'];
  const access = untold.includes('access') || original.access === copy?.access ? [] : ['who may read it'];
  return [...named, ...keys, ...tags, ...access];
}

type Texts = Readonly<Record<string, string>> | undefined;

function sameTexts(a: Texts = {}, b: Texts = {}): boolean {
  const names = Object.keys(a);
  return names.length === Object.keys(b).length && names.every((name) => a[name] === b[name]);
}

/** Named, and not put right: the live ones may be newer than the backup. */
export function judgeProperties(found: PropertyFindings): readonly Check[] {
  const { lookedAt, total, different, unread, accessUntold } = found;
  const checks: Check[] = [];
  const access = accessUntold ? '; who may read them is not told to this access key' : '';
  if (different.length > 0) {
    const names = different.map(({ key, what }) => `${key} (${what.join(', ')})`);
    checks.push(
      couldNotVerify(
        `${formatCount(different.length)} of ${formatCount(lookedAt)} objects ${different.length === 1 ? 'has' : 'have'} other properties than in the backup: ${shorten(names)}`,
        'Compare them and set the right ones by hand (aws s3api put-object-tagging, put-object-acl, copy-object). What was public comes back public where the step says `publicObjects: keep`.',
      ),
    );
  } else if (lookedAt > 0) {
    checks.push(
      passed(`properties of ${formatCount(lookedAt)} of ${formatCount(total)} objects equal${access}`),
    );
  }
  if (unread.length > 0) {
    const names = shorten(unread.map(({ key }) => key));
    checks.push(
      couldNotVerify(
        `properties of ${formatCount(unread.length)} objects were not kept or could not be read: ${names}. ${unread[0]?.why ?? ''}`,
        'Allow the access key s3:GetObjectTagging and s3:GetObjectAcl, or look at them by hand.',
      ),
    );
  }
  return checks;
}
