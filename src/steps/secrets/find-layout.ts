import { createHash } from 'node:crypto';
import { keyEncodingOf, openEncrypted, readKey } from './open-encrypted.ts';
import type { DecryptProbe } from './verify-secrets-kind.ts';
import { layouts } from './verify-secrets-kind.ts';

/** How the values are laid out after all, where not as the runbook says. */
export type FoundLayout = {
  readonly layout: DecryptProbe['layout'];
  readonly keyEncoding: string;
  /** A tag or an HMAC proves it; without one it is only likely. */
  readonly isProof: boolean;
};

const unproven: readonly string[] = [
  'iv+ciphertext',
  'iv:ciphertext',
  'openssl-enc',
  'cryptojs',
  'pgcrypto-raw',
  'gitea',
];

/**
 * A right key that the runbook describes wrongly opens nothing, as a wrong one does. So every layout that is known is tried, with every
 * reading of the key, before anybody hears that a key is wrong.
 *
 * @param values of the column; each has to open.
 */
export function findLayout(
  values: readonly string[],
  of: { readonly keyText: string; readonly salt: string | undefined },
): FoundLayout | undefined {
  // What proves itself first: a value that merely looks right must not win over one that is.
  const ordered = layouts
    .filter((layout) => layout !== 'pgcrypto')
    .toSorted((one, other) => unproven.indexOf(one) - unproven.indexOf(other));
  for (const layout of ordered) {
    for (const [keyEncoding, key] of readingsOf(of.keyText, layout)) {
      for (const encoding of ['hex', 'base64'] as const) {
        for (const digest of ['sha256', 'md5'] as const) {
          for (const ivBytes of [12, 16]) {
            const iterations = layout === 'openssl-enc' && digest === 'sha256' && ivBytes === 16 ? 10_000 : 0;
            const probe = { layout, encoding, ivBytes, digest, iterations, salt: of.salt };
            if (values.every((value) => openEncrypted(value, key, probe).kind === 'opened'))
              return { layout, keyEncoding, isProof: !unproven.includes(layout) };
          }
        }
      }
    }
  }
  return undefined;
}

/** Everything that the text of a key may stand for. */
function readingsOf(keyText: string, layout: DecryptProbe['layout']): readonly (readonly [string, Buffer])[] {
  const fixed = keyEncodingOf({ layout, keyEncoding: 'hex' });
  if (fixed === 'utf8') return [['utf8', readKey(keyText, 'utf8')]];
  const bare = keyText.replace(/^base64:/, '');
  return [
    ...(/^([0-9a-f]{2})+$/i.test(bare) ? [['hex', readKey(bare, 'hex')] as const] : []),
    ...(/^[A-Za-z0-9+/_-]+={0,2}$/.test(bare) ? [['base64', readKey(bare, 'base64')] as const] : []),
    ['utf8', readKey(keyText, 'utf8')],
    ['the SHA-256 of its text', createHash('sha256').update(keyText).digest()],
  ];
}
