import { createDecipheriv } from 'node:crypto';
import type { SessionKey } from 'openpgp';
import type { MessageHead } from './message-head.ts';

const ciphers: Readonly<Record<string, string>> = {
  aes128: 'aes-128-cfb',
  aes192: 'aes-192-cfb',
  aes256: 'aes-256-cfb',
};
const blockBytes = 16;

/**
 * The quick check of OpenPGP (RFC 9580, 5.13.1): behind a block of noise its last two bytes stand once more. A wrong session key, or
 * a beginning that was changed, is told by it before anything is read. openpgp.js leaves it out, and what it then takes for packets
 * may keep it waiting for ever.
 *
 * @returns undefined where nothing can be said: another cipher, or another kind of message.
 */
export function passesQuickCheck(key: SessionKey, { opening }: MessageHead): boolean | undefined {
  const cipher = ciphers[key.algorithm ?? ''];
  // The version comes first; from version 2 on each piece has a tag of its own.
  if (cipher === undefined || opening[0] !== 1 || opening.length < blockBytes + 3) return undefined;
  const decipher = createDecipheriv(cipher, key.data, Buffer.alloc(blockBytes));
  const noise = decipher.update(opening.subarray(1, blockBytes + 3));
  return noise[14] === noise[16] && noise[15] === noise[17];
}
