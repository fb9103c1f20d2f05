import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';

/** Twelve bytes, as NIST SP 800-38D recommends for GCM. */
const ivBytes = 12;

/** The layout the CRM stores: hex(iv):hex(tag):hex(ciphertext), AES-256-GCM under the 64 hex digits of ENCRYPTION_KEY. */
export function encryptSetting(value: string, encryptionKey: string): string {
  const iv = randomBytes(ivBytes);
  const cipher = createCipheriv('aes-256-gcm', Buffer.from(encryptionKey, 'hex'), iv);
  const ciphertext = Buffer.concat([cipher.update(value, 'utf8'), cipher.final()]);
  return [iv, cipher.getAuthTag(), ciphertext].map((part) => part.toString('hex')).join(':');
}

/** Returns undefined when the key is not the one that wrote the value, or the value was changed. */
export function decryptSetting(stored: string, encryptionKey: string): string | undefined {
  const [iv, tag, ciphertext] = stored.split(':').map((part) => Buffer.from(part, 'hex'));
  if (iv?.length !== ivBytes || tag?.length !== 16 || ciphertext === undefined) return undefined;
  const key = Buffer.from(encryptionKey, 'hex');
  if (key.length !== 32) return undefined;
  const decipher = createDecipheriv('aes-256-gcm', key, iv);
  decipher.setAuthTag(tag);
  try {
    return Buffer.concat([decipher.update(ciphertext), decipher.final()]).toString('utf8');
  } catch {
    return undefined;
  }
}
