import { z } from 'zod';
import { sha256 } from '../base/digest.ts';
import { parseJson } from '../base/parse-json.ts';
import { fingerprintOf, readPublicKeyLine } from '../base/ssh-key.ts';
import { checkSshSignature } from '../base/ssh-signature.ts';
import { formatTime } from '../base/units.ts';
import type { Manifest } from './manifest.ts';

/**
 * Who made a backup. A manifest is signed as a whole, in its exact bytes, and speaks of itself (its own key), of the system, and of the
 * one before it, so that copying, redating, replacing and reordering show. That a newer one was taken away does not show in the store.
 */
export const manifestNamespace = 'manifest@thaw';

/** Keys that may sign backups, by fingerprint: SHA256:…, or what stands in a .pub file; several parted by commas or lines. */
export type Signers = ReadonlySet<string>;

export function parseSigners(text: string): Signers | { readonly fault: string } {
  const fingerprints = new Set<string>();
  for (const one of text.split(/[\n,]/).map((part) => part.trim())) {
    if (one === '') continue;
    const blob = readPublicKeyLine(one);
    if (blob !== undefined) fingerprints.add(fingerprintOf(blob));
    else if (/^SHA256:[A-Za-z0-9+/]{43}$/.test(one)) fingerprints.add(one);
    else return { fault: `“${one.slice(0, 60)}” is neither SHA256:… nor a public key as OpenSSH writes it` };
  }
  return fingerprints;
}

export type ChainLink = { readonly id: string; readonly sequence: number; readonly sha256: string };

export type Author =
  /** By a key that is pinned; `link` is its place in the chain of this installation. */
  | { readonly kind: 'proven'; readonly fingerprint: string; readonly link: ChainLink }
  /** A good signature, and nobody said whose it has to be. */
  | { readonly kind: 'not-pinned'; readonly fingerprint: string; readonly link: ChainLink }
  /** `why` completes "nobody proves who made it: …"; with nobody pinned nobody had to prove it. */
  | { readonly kind: 'unproven'; readonly why: string; readonly pinned: boolean };

export function judgeAuthor(request: {
  /** The exact bytes of the manifest; undefined where there is none. */
  readonly text: string | undefined;
  readonly manifest: Manifest | undefined;
  readonly signature: string | undefined;
  /** The key under which the manifest was read. */
  readonly key: string;
  readonly system: string;
  readonly signers: Signers;
}): Author {
  const { text, manifest, signature, key, system, signers } = request;
  const pinned = signers.size > 0;
  const unproven = (why: string): Author => ({ kind: 'unproven', why, pinned });
  if (text === undefined || manifest === undefined)
    return unproven('it has no manifest that could be signed');
  if (signature === undefined) return unproven('its manifest is not signed');
  const checked = checkSshSignature(signature, { namespace: manifestNamespace, message: text });
  if (!checked.ok) return unproven(`the signature of its manifest ${checked.why}`);
  const { fingerprint } = checked;
  if (pinned && !signers.has(fingerprint))
    return unproven(`its manifest is signed by ${fingerprint}, which is none of the signers`);
  const { statement } = manifest;
  if (statement === undefined) return unproven('its manifest is signed and does not say what for');
  if (statement.key !== key) return unproven(`its manifest was signed for ${statement.key}`);
  if (statement.system !== system) return unproven(`its manifest was signed for ${statement.system}`);
  const { id, sequence } = statement.chain;
  const link = { id, sequence, sha256: sha256(text) };
  return { kind: pinned ? 'proven' : 'not-pinned', fingerprint, link };
}

/** What is known of a chain from before, somewhere the thief of the backup key cannot write. */
export type SeenLink = ChainLink & { readonly atMs: number };

export type MissedLink = {
  readonly what: 'two-histories' | 'withheld';
  readonly seen: Pick<SeenLink, 'sequence' | 'atMs'>;
};

/** In words, and what to do about it. */
export function sayMissed({ what, seen }: MissedLink, link: Pick<ChainLink, 'sequence'>) {
  const { sequence, atMs } = seen;
  return what === 'withheld'
    ? {
        text: `backup number ${sequence} of this chain was seen here ${formatTime(atMs)}, and the newest in the store is number ${link.sequence}: a later one was taken away`,
        remedy: 'Find out who can remove from the backup store, and look for older versions of what is gone.',
      }
    : {
        text: `backup number ${sequence} of this chain is another one than was seen here ${formatTime(atMs)}: the signing key was used twice`,
        remedy: 'Take the signing key out of use, and find out who has it.',
      };
}

/** Something of the chain that was there before is not there now. undefined where nothing speaks against it. */
export function judgeChain(
  link: ChainLink,
  seen: ReadonlyMap<string, SeenLink>,
): { readonly what: 'two-histories' | 'withheld'; readonly seen: SeenLink } | undefined {
  const before = seen.get(link.id);
  if (before === undefined || before.sequence < link.sequence) return undefined;
  if (before.sequence > link.sequence) return { what: 'withheld', seen: before };
  return before.sha256 === link.sha256 ? undefined : { what: 'two-histories', seen: before };
}

const seenSchema = z.object({
  chains: z.array(z.object({ id: z.string(), sequence: z.int(), sha256: z.string(), at: z.iso.datetime() })),
});

/** Nothing where the text is none of ours: then a look begins anew, and says that nobody remembers an earlier one. */
export function readSeenLinks(text: string): ReadonlyMap<string, SeenLink> {
  const { data } = seenSchema.safeParse(parseJson(text));
  return new Map(data?.chains.map(({ at, ...link }) => [link.id, { ...link, atMs: Date.parse(at) }]) ?? []);
}

export function writeSeenLinks(seen: ReadonlyMap<string, SeenLink>): string {
  const chains = [...seen.values()].map(({ atMs, ...link }) => ({
    ...link,
    at: new Date(atMs).toISOString(),
  }));
  return `${JSON.stringify({ chains }, null, 2)}\n`;
}
