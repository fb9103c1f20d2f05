import crypto, { createDecipheriv, createHash, createHmac, hkdfSync, timingSafeEqual } from 'node:crypto';
import type { OpenedValue } from './opened-value.ts';

/** How single applications store what they encrypt. Each function says of one value whether the key opens it. */

const refused: OpenedValue = { kind: 'refused' };
const opened: OpenedValue = { kind: 'opened' };
const malformed = (why: string): OpenedValue => ({ kind: 'malformed', why });

const ivBytes = 16;

/**
 * modules/secret of Gitea: iv and AES-CFB of the content in base64. Written as hex, with a stretched key behind `v2:` in newer versions; the
 * older second factors in base64, under the MD5 of the key. No tag proves it, but what a wrong key gives is no base64.
 *
 * @param secretKey SECRET_KEY of app.ini.
 */
export function openGitea(value: string, secretKey: Buffer): OpenedValue {
  const isStretched = value.startsWith('v2:');
  const text = isStretched ? value.slice(3) : value.trim();
  const isHex = /^([0-9a-f]{2})+$/i.test(text);
  const bytes = Buffer.from(text, isHex ? 'hex' : 'base64');
  const isBase64 = /^[A-Za-z0-9+/]+={0,2}$/.test(text) && text.length % 4 === 0;
  if (!(isHex || (isBase64 && !isStretched)) || bytes.length < ivBytes + 4 || bytes.length % 4 !== 0)
    return malformed('a value is not what Gitea stores');
  const key = isStretched ? stretch(secretKey) : digest(isHex ? 'sha256' : 'md5', secretKey);
  if (key === undefined) return malformed('a value of this Gitea needs Node 24.7 or newer to be opened');
  const decipher = createDecipheriv(`aes-${key.length * 8}-cfb`, key, bytes.subarray(0, ivBytes));
  const content = Buffer.concat([decipher.update(bytes.subarray(ivBytes)), decipher.final()]);
  return /^[A-Za-z0-9+/]+={0,2}$/.test(content.toString('latin1')) ? opened : refused;
}

/** One key opens all rows, and stretching it takes a tenth of a second each time. */
let stretched: { readonly of: Buffer; readonly key: Buffer } | undefined;

/** Argon2id as Gitea asks for it; undefined where this Node has none. */
function stretch(secretKey: Buffer): Buffer | undefined {
  // As a property: a name that is not there would keep the whole program from starting.
  const { argon2Sync } = crypto;
  if (typeof argon2Sync !== 'function') return undefined;
  if (stretched?.of.equals(secretKey)) return stretched.key;
  const cost = { passes: 3, memory: 64 * 1024, parallelism: 4, tagLength: 32 };
  const key = argon2Sync('argon2id', { message: secretKey, nonce: Buffer.from('gitea-secret'), ...cost });
  stretched = { of: secretKey, key };
  return key;
}

function digest(name: 'sha256' | 'md5', text: Buffer): Buffer {
  return createHash(name).update(text).digest();
}

/**
 * OC\Security\Crypto of Nextcloud: content, iv and HMAC-SHA-512 in hex, joined by bars, and a version behind them. The HMAC, whose key comes
 * out of the same secret, is the proof.
 *
 * @param secret of config.php.
 */
export function openNextcloud(value: string, secret: Buffer): OpenedValue {
  const [content, iv, mac, version = '1', ...more] = value.trim().split('|');
  const isValue = /^([0-9a-f]{32})+$/.test(content ?? '') && /^[0-9a-f]{128}$/.test(mac ?? '');
  if (!isValue || more.length > 0 || !['1', '2', '3'].includes(version))
    return malformed('a value is not what Nextcloud stores');
  const own = version === '3' ? Buffer.from(hkdfSync('sha512', secret, '', '', 64)).subarray(32) : secret;
  const key = createHash('sha512').update(own).update('a').digest('hex');
  const proof = createHmac('sha512', key).update(`${content}${iv}`).digest();
  return timingSafeEqual(proof, Buffer.from(mac ?? '', 'hex')) ? opened : refused;
}
