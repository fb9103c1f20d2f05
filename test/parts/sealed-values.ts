import { execFileSync } from 'node:child_process';
import { createCipheriv, createHash, createHmac, hkdfSync, pbkdf2Sync, randomBytes } from 'node:crypto';

/** Values as applications and their libraries encrypt them, by their documents. */

/** ActiveRecord::Encryption, with the digest of Rails 7.1, or of 7.0. */
export function sealAsRails(
  text: string,
  { password, salt, digest }: { readonly password: string; readonly salt: string; readonly digest: string },
): string {
  const key = pbkdf2Sync(password, salt, 2 ** 16, 32, digest);
  const iv = randomBytes(12);
  const cipher = createCipheriv('aes-256-gcm', key, iv);
  const content = Buffer.concat([cipher.update(text), cipher.final()]).toString('base64');
  const tag = cipher.getAuthTag().toString('base64');
  return JSON.stringify({ p: content, h: { iv: iv.toString('base64'), at: tag } });
}

/** CryptoJS, and so n8n: what `openssl enc` wrote before its version 1.1. */
export function sealAsCryptojs(text: string, password: string): string {
  return execFileSync('openssl', ['enc', '-aes-256-cbc', '-md', 'md5', '-a', '-A', '-pass', 'env:PASSWORD'], {
    input: text,
    env: { ...process.env, PASSWORD: password },
    stdio: ['pipe', 'pipe', 'ignore'],
  }).toString();
}

/** The iv and AES-256-CBC after it: sequelize-encrypted, and so Outline. */
export function sealAsCbc(text: string, key: Buffer): Buffer {
  const iv = randomBytes(16);
  const cipher = createCipheriv('aes-256-cbc', key, iv);
  return Buffer.concat([iv, cipher.update(text), cipher.final()]);
}

/** The text in base64 under AES-CFB, after its iv; as Gitea does it with each of its keys. */
export function sealAsGitea(text: string, key: Buffer): Buffer {
  const iv = randomBytes(16);
  const cipher = createCipheriv(`aes-${key.length * 8}-cfb`, key, iv);
  return Buffer.concat([iv, cipher.update(Buffer.from(text).toString('base64')), cipher.final()]);
}

/** OC\Security\Crypto of Nextcloud: 3 is of today. */
export function sealAsNextcloud(text: string, ...[secret, version]: [string, '' | '2' | '3']): string {
  const material = Buffer.from(hkdfSync('sha512', secret, '', '', 64));
  const [own, mac] =
    version === '3' ? [material.subarray(0, 32), material.subarray(32)] : [secret, Buffer.from(secret)];
  // Before version 2 the iv was sixteen letters, written as they are.
  const bytes = version === '' ? Buffer.from(randomBytes(12).toString('base64')) : randomBytes(16);
  const cipher = createCipheriv('aes-128-cbc', pbkdf2Sync(own, 'phpseclib/salt', 1000, 16, 'sha1'), bytes);
  const iv = bytes.toString(version === '' ? 'ascii' : 'hex');
  const content = Buffer.concat([cipher.update(text), cipher.final()]).toString('hex');
  const macKey = createHash('sha512').update(mac).update('a').digest('hex');
  const hmac = createHmac('sha512', macKey).update(`${content}${iv}`).digest('hex');
  return [content, iv, hmac, ...(version === '' ? [] : [version])].join('|');
}
