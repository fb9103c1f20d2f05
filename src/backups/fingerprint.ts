import { scrypt } from 'node:crypto';
import { promisify } from 'node:util';

const derive = promisify<string, string, number, { N: number; r: number; p: number; maxmem: number }, Buffer>(
  scrypt,
);

/**
 * A fingerprint shows that two secrets are the same without showing either: scrypt over the value, salted with the
 * variable's name, so that a short secret cannot be found from its fingerprint by trying words at hashing speed.
 * The same value under the same name gives the same fingerprint everywhere.
 *
 * @returns 32 hex digits in groups of four, for example 4f1c-09aa-….
 */
export async function fingerprintSecret(secret: {
  readonly name: string;
  readonly value: string;
}): Promise<string> {
  const digest = await derive(secret.value, `thaw fingerprint 1 ${secret.name}`, 16, {
    N: 2 ** 15,
    r: 8,
    p: 1,
    maxmem: 64 * 1024 * 1024,
  });
  return digest.toString('hex').replace(/(.{4})(?=.)/g, '$1-');
}
