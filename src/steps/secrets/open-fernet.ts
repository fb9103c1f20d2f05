import { createDecipheriv, createHmac, timingSafeEqual } from 'node:crypto';
import type { OpenedValue } from './opened-value.ts';

const version = 0x80;
/** Version, time, initialisation vector; the HMAC stands at the end. */
const headBytes = 1 + 8 + 16;
const macBytes = 32;

/**
 * A Fernet token of Python's cryptography: URL-safe base64 of version, time, iv, AES-128-CBC and an HMAC-SHA-256 over all of it.
 * The HMAC is the proof. The time is not looked at: an old token is no wrong one.
 *
 * @param key 32 bytes: the first half signs, the second encrypts.
 */
export function openFernet(token: string, key: Buffer): OpenedValue {
  if (key.length !== 32)
    return { kind: 'malformed', why: `the Fernet key has ${key.length} bytes instead of 32` };
  const bytes = /^[A-Za-z0-9_-]+={0,2}$/.test(token.trim())
    ? Buffer.from(token.trim(), 'base64url')
    : undefined;
  const isToken =
    bytes !== undefined &&
    bytes[0] === version &&
    bytes.length >= headBytes + 16 + macBytes &&
    (bytes.length - headBytes - macBytes) % 16 === 0;
  if (!isToken) return { kind: 'malformed', why: 'a value is no Fernet token' };
  const signed = bytes.subarray(0, -macBytes);
  const mac = createHmac('sha256', key.subarray(0, 16)).update(signed).digest();
  if (!timingSafeEqual(mac, bytes.subarray(-macBytes))) return { kind: 'refused' };
  try {
    const decipher = createDecipheriv('aes-128-cbc', key.subarray(16), signed.subarray(9, headBytes));
    decipher.update(signed.subarray(headBytes));
    decipher.final();
    return { kind: 'opened' };
  } catch {
    return { kind: 'refused' };
  }
}
