import { Readable } from 'node:stream';
import { type Outcome, succeed } from '../../base/failure.ts';
import { createSecret } from '../../base/secret.ts';
import type { Unpacker } from '../../ports/unpacker.ts';
import { byteaOf } from './open-encrypted.ts';
import type { OpenedValue } from './opened-value.ts';

/** Opens OpenPGP messages with a passphrase. */
export type OpensMessages = {
  openUnpacker(config: { readonly passphrase: ReturnType<typeof createSecret> }): Pick<Unpacker, 'read'>;
};

/** Tag 3, a session key under a passphrase, in the new and in the old form of a packet (RFC 4880, 4.2 and 4.3). */
const firstBytes = [0xc3, 0x8c];

/**
 * What `pgp_sym_encrypt` of pgcrypto makes: an OpenPGP message to a passphrase, as bytea, in base64 or hex, or armored. Its end
 * authenticates it; the plaintext is read to there and thrown away.
 *
 * @returns a failure where the message could not be tried at all.
 */
export async function openPgcrypto(
  value: string,
  ...[passphrase, world]: [string, OpensMessages]
): Promise<Outcome<OpenedValue>> {
  const message = messageIn(value);
  if (message === undefined)
    return succeed({ kind: 'malformed', why: 'a value is not what pgp_sym_encrypt of pgcrypto makes' });
  const read = await world.openUnpacker({ passphrase: createSecret(passphrase) }).read({
    open: async () => succeed(Readable.from([message])),
    layers: ['openpgp'],
    async take(content) {
      for await (const _ of content);
      return succeed(undefined);
    },
  });
  if (read.ok) return succeed({ kind: 'opened' });
  // Such a message has no list of keys: a wrong passphrase shows as content that is no content.
  const isRefused = read.failure.code === 'wrong-key' || read.failure.code === 'damaged';
  return isRefused ? succeed({ kind: 'refused' }) : read;
}

function messageIn(value: string): Buffer | undefined {
  if (value.startsWith('-----BEGIN PGP MESSAGE-----')) return Buffer.from(value);
  const text = value.replaceAll(/\s+/g, '');
  const readings = [
    byteaOf(text),
    /^([0-9a-f]{2})+$/i.test(text) ? Buffer.from(text, 'hex') : undefined,
    /^[A-Za-z0-9+/]+={0,2}$/.test(text) ? Buffer.from(text, 'base64') : undefined,
  ];
  return readings.find((bytes) => firstBytes.includes(bytes?.[0] ?? 0));
}
