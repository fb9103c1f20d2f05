import { createDecipheriv, createHmac, timingSafeEqual } from 'node:crypto';
import { openGitea, openNextcloud } from './application-layouts.ts';
import {
  djangoFernetKey,
  openJwe,
  openLaravel,
  openPgcryptoRaw,
  openRails,
  openRawCbc,
} from './framework-layouts.ts';
import { type OpensslProbe, openOpenssl } from './open-openssl.ts';
import type { OpenedValue } from './opened-value.ts';
import type { DecryptProbe } from './verify-secrets-kind.ts';

const tagBytes = 16;
const shortestIvBytes = 8;

type AnyProbe = Pick<DecryptProbe, 'encoding' | 'ivBytes'> &
  Partial<OpensslProbe> & {
    /** Messages of OpenPGP are opened elsewhere (open-pgcrypto.ts). */
    readonly layout: Exclude<DecryptProbe['layout'], 'pgcrypto'>;
    /** Of rails alone: the key_derivation_salt itself. */
    readonly salt?: string | undefined;
  };

/** Whether a key really opens a value as applications store it. The plaintext is thrown away unseen. */
export function openEncrypted(value: string, ...[key, probe]: [Buffer, AnyProbe]): OpenedValue {
  const { layout, digest = 'sha256', iterations = 0 } = probe;
  const bytes = byteaOf(value);
  if (bytes !== undefined) return openEncrypted(textOf(bytes, probe), key, probe);
  switch (layout) {
    case 'fernet':
      return openFernet(value, key);
    case 'django':
      return openFernet(value, djangoFernetKey(key));
    case 'laravel':
      return openLaravel(value, key);
    case 'rails':
      return openRails(value, key, probe.salt);
    case 'jwe':
      return openJwe(value, key);
    case 'gitea':
      return openGitea(value, key);
    case 'nextcloud':
      return openNextcloud(value, key);
    case 'openssl-enc':
      return openOpenssl(value, key, { digest, iterations });
    case 'cryptojs':
      // One round of MD5 is all that CryptoJS makes of a password.
      return openOpenssl(value, key, { digest: 'md5', iterations: 0 });
    case 'iv:ciphertext':
    case 'iv+ciphertext': {
      const parts = layout === 'iv:ciphertext' ? value.split(':') : [value];
      const bytes = parts.map((part) => decode(part, probe.encoding));
      const whole = bytes.flatMap((one) => (one === undefined ? [] : [one]));
      if (whole.length !== parts.length || (layout === 'iv:ciphertext' && whole[0]?.length !== 16))
        return { kind: 'malformed', why: `a value is not laid out as ${layout} in ${probe.encoding}` };
      return openRawCbc(Buffer.concat(whole), key);
    }
    case 'pgcrypto-raw': {
      const content = decode(value, probe.encoding);
      return content === undefined
        ? { kind: 'malformed', why: `a value is no bytea, nor ${probe.encoding}` }
        : openPgcryptoRaw(content, key);
    }
    default:
      return openGcm(value, key, probe);
  }
}

/** The bytes of a bytea column as the server writes them, `\xc30d…`; undefined where it is the text of another column. */
export function byteaOf(value: string): Buffer | undefined {
  return /^\\x([0-9a-f]{2})*$/i.test(value) ? Buffer.from(value.slice(2), 'hex') : undefined;
}

const texts: readonly string[] = ['fernet', 'django', 'laravel', 'rails', 'jwe', 'gitea', 'nextcloud'];

/** A column of type bytea holds the bytes themselves, or those of what the layout writes as text. */
function textOf(bytes: Buffer, { layout, encoding }: Pick<AnyProbe, 'layout' | 'encoding'>): string {
  if (texts.includes(layout) || layout.includes(':')) return bytes.toString('latin1');
  return bytes.toString(layout === 'openssl-enc' || layout === 'cryptojs' ? 'base64' : encoding);
}

/** AES-256-GCM: that the tag holds is the proof. */
function openGcm(value: string, ...[key, probe]: [Buffer, Layout]): OpenedValue {
  if (key.length !== 32) return { kind: 'malformed', why: `the key has ${key.length} bytes instead of 32` };
  const parts = cut(value, probe);
  if (parts === undefined)
    return { kind: 'malformed', why: `a value is not laid out as ${probe.layout} in ${probe.encoding}` };
  try {
    const decipher = createDecipheriv('aes-256-gcm', key, parts.iv, { authTagLength: tagBytes });
    decipher.setAuthTag(parts.tag);
    decipher.update(parts.ciphertext);
    decipher.final();
    return { kind: 'opened' };
  } catch {
    // Node reports a tag that does not hold by throwing; a wrong key is exactly that.
    return { kind: 'refused' };
  }
}

export function readKey(text: string, encoding: DecryptProbe['keyEncoding']): Buffer {
  // Laravel writes how it is encoded before it.
  return text.startsWith('base64:') ? Buffer.from(text.slice(7), 'base64') : Buffer.from(text, encoding);
}

const passwords: readonly string[] = [
  ...['openssl-enc', 'cryptojs', 'django', 'rails', 'pgcrypto'],
  ...['gitea', 'nextcloud'],
];

/** Some layouts leave no choice: a Fernet key is base64, what openssl enc takes is a password. */
export function keyEncodingOf({
  layout,
  keyEncoding,
}: Pick<DecryptProbe, 'layout' | 'keyEncoding'>): DecryptProbe['keyEncoding'] {
  if (layout === 'fernet') return 'base64';
  return passwords.includes(layout) ? 'utf8' : keyEncoding;
}

type Layout = Pick<AnyProbe, 'layout' | 'encoding' | 'ivBytes'>;

function cut(value: string, { layout, encoding, ivBytes }: Layout) {
  if (layout === 'iv:tag:ciphertext' || layout === 'iv:ciphertext:tag') {
    const [iv, second, third, ...more] = value.split(':').map((part) => decode(part, encoding));
    if (iv === undefined || second === undefined || third === undefined || more.length > 0) return undefined;
    const [tag, ciphertext] = layout === 'iv:tag:ciphertext' ? [second, third] : [third, second];
    return iv.length >= shortestIvBytes && tag.length === tagBytes ? { iv, tag, ciphertext } : undefined;
  }
  const bytes = decode(value, encoding);
  if (bytes === undefined || bytes.length < ivBytes + tagBytes) return undefined;
  const iv = bytes.subarray(0, ivBytes);
  const rest = bytes.subarray(ivBytes);
  return layout === 'iv+tag+ciphertext'
    ? { iv, tag: rest.subarray(0, tagBytes), ciphertext: rest.subarray(tagBytes) }
    : { iv, tag: rest.subarray(-tagBytes), ciphertext: rest.subarray(0, -tagBytes) };
}

const alphabets = { hex: /^([0-9a-f]{2})*$/i, base64: /^[A-Za-z0-9+/_-]*={0,2}$/ } as const;

/** Node cuts a text off where its alphabet ends and says nothing; a plain text would look like a value under a wrong key. */
function decode(text: string, encoding: DecryptProbe['encoding']): Buffer | undefined {
  return alphabets[encoding].test(text) ? Buffer.from(text, encoding) : undefined;
}

const fernetVersion = 0x80;
/** Version, time, initialisation vector; the HMAC stands at the end. */
const headBytes = 1 + 8 + 16;
const macBytes = 32;

/**
 * A Fernet token of Python's cryptography: URL-safe base64 of version, time, iv, AES-128-CBC and an HMAC-SHA-256 over all of it.
 * The HMAC is the proof. The time is not looked at: an old token is no wrong one.
 *
 * @param key 32 bytes: the first half signs, the second encrypts.
 */
function openFernet(token: string, key: Buffer): OpenedValue {
  if (key.length !== 32)
    return { kind: 'malformed', why: `the Fernet key has ${key.length} bytes instead of 32` };
  const bytes = /^[A-Za-z0-9_-]+={0,2}$/.test(token.trim())
    ? Buffer.from(token.trim(), 'base64url')
    : undefined;
  const isToken =
    bytes !== undefined &&
    bytes[0] === fernetVersion &&
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
