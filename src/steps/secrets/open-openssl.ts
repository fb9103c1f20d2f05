import { createDecipheriv, createHash, pbkdf2Sync } from 'node:crypto';
import type { OpenedValue } from './opened-value.ts';
import type { DecryptProbe } from './verify-secrets-kind.ts';

const magic = Buffer.from('Salted__');
const saltBytes = 8;

export type OpensslProbe = Pick<DecryptProbe, 'digest' | 'iterations'>;

/**
 * What `openssl enc -aes-256-cbc` writes: Salted__, eight bytes of salt, and the ciphertext, in base64 or hex. There is no tag in
 * it, so a wrong password shows by its padding, in 255 of 256 cases, or by a plaintext that is no text.
 */
export function openOpenssl(value: string, ...[password, probe]: [Buffer, OpensslProbe]): OpenedValue {
  const bytes = decode(value.replaceAll(/\s+/g, ''));
  if (bytes === undefined || !isMessage(bytes))
    return { kind: 'malformed', why: 'a value is not what openssl enc writes with a salt' };
  const ciphertext = bytes.subarray(magic.length + saltBytes);
  const salt = bytes.subarray(magic.length, magic.length + saltBytes);
  const material =
    probe.iterations > 0
      ? pbkdf2Sync(password, salt, probe.iterations, 48, probe.digest)
      : bytesToKey(password, { salt, digest: probe.digest });
  try {
    const decipher = createDecipheriv('aes-256-cbc', material.subarray(0, 32), material.subarray(32, 48));
    const text = Buffer.concat([decipher.update(ciphertext), decipher.final()]);
    // Fatal decoding: bytes of a wrong password are hardly ever whole characters.
    new TextDecoder('utf-8', { fatal: true }).decode(text);
    return { kind: 'opened' };
  } catch {
    return { kind: 'refused' };
  }
}

function isMessage(bytes: Buffer): boolean {
  const size = bytes.length - magic.length - saltBytes;
  return bytes.subarray(0, magic.length).equals(magic) && size >= 16 && size % 16 === 0;
}

function decode(value: string): Buffer | undefined {
  if (/^([0-9a-f]{2})+$/i.test(value)) return Buffer.from(value, 'hex');
  return /^[A-Za-z0-9+/]+={0,2}$/.test(value) ? Buffer.from(value, 'base64') : undefined;
}

/** EVP_BytesToKey with one round: what openssl enc does without -pbkdf2. */
function bytesToKey(password: Buffer, how: { readonly salt: Buffer; readonly digest: string }): Buffer {
  let block = Buffer.alloc(0);
  let material = Buffer.alloc(0);
  while (material.length < 48) {
    block = createHash(how.digest).update(block).update(password).update(how.salt).digest();
    material = Buffer.concat([material, block]);
  }
  return material;
}
