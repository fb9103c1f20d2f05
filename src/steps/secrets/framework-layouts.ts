import { createDecipheriv, createHmac, hkdfSync, pbkdf2Sync, timingSafeEqual } from 'node:crypto';
import { parseJson } from '../../base/parse-json.ts';
import type { OpenedValue } from './opened-value.ts';

/** How frameworks and libraries store what they encrypt. Each function says of one value whether the key opens it. */

type Parts = { readonly iv: Buffer; readonly ciphertext: Buffer; readonly tag: Buffer };

const refused: OpenedValue = { kind: 'refused' };
const opened: OpenedValue = { kind: 'opened' };
const malformed = (why: string): OpenedValue => ({ kind: 'malformed', why });

/**
 * Laravel's Crypt (Illuminate\\Encryption\\Encrypter): base64 of JSON with iv, value, mac, and tag where it is GCM.
 *
 * @param key 32 bytes, or 16 for AES-128.
 */
export function openLaravel(value: string, key: Buffer): OpenedValue {
  const json = parseJson(Buffer.from(value, 'base64').toString('utf8'));
  const { iv, value: ciphertext, mac, tag } = fieldsOf(json, ['iv', 'value', 'mac', 'tag']);
  if (iv === undefined || ciphertext === undefined) return malformed('a value is not what Laravel stores');
  if (key.length !== 32 && key.length !== 16)
    return malformed(`the key has ${key.length} bytes instead of 32 or 16`);
  const parts = { iv: fromBase64(iv), ciphertext: fromBase64(ciphertext), tag: fromBase64(tag ?? '') };
  if (tag) return openGcmParts(key, parts);
  const proof = createHmac('sha256', key).update(`${iv}${ciphertext}`).digest();
  if (!isEqual(proof, Buffer.from(mac ?? '', 'hex'))) return refused;
  return openCbc(key, parts) === undefined ? refused : opened;
}

/**
 * ActiveRecord Encryption of Rails: JSON with p (the content) and h.iv, h.at.
 *
 * @param password primary_key, or deterministic_key, of active_record_encryption.
 * @param salt key_derivation_salt.
 */
export function openRails(value: string, ...[password, salt]: [Buffer, string | undefined]): OpenedValue {
  const parts = railsParts(value);
  if (parts === undefined) return malformed('a value is not what ActiveRecord Encryption stores');
  if (salt === undefined)
    return malformed(
      'values of ActiveRecord Encryption need the key_derivation_salt: name its variable as saltSecret',
    );
  // SHA-256 since Rails 7.1, SHA-1 before; 2^16 rounds (ActiveSupport::KeyGenerator).
  for (const digest of ['sha256', 'sha1']) {
    const key = pbkdf2Sync(password, salt, 65_536, 32, digest);
    if (openGcmParts(key, parts).kind === 'opened') return opened;
  }
  return refused;
}

function railsParts(value: string): Parts | undefined {
  const json = parseJson(value);
  const { p } = fieldsOf(json, ['p']);
  const head = json !== null && typeof json === 'object' && 'h' in json ? json.h : undefined;
  const { iv, at } = fieldsOf(head, ['iv', 'at']);
  if (p === undefined || iv === undefined || at === undefined) return undefined;
  return { iv: fromBase64(iv), ciphertext: fromBase64(p), tag: fromBase64(at) };
}

const gcmBytes: Readonly<Record<string, number>> = { A128GCM: 16, A192GCM: 24, A256GCM: 32 };
const cbcBytes: Readonly<Record<string, number>> = {
  'A128CBC-HS256': 32,
  'A192CBC-HS384': 48,
  'A256CBC-HS512': 64,
};

/** A JSON Web Encryption in its compact form (RFC 7516), with the key itself (`dir`) or one that it wraps (`A128KW`, `A256KW`). */
export function openJwe(value: string, key: Buffer): OpenedValue {
  const [head, wrapped, iv, ciphertext, tag, ...more] = value.trim().split('.');
  const header = parseJson(Buffer.from(head ?? '', 'base64url').toString('utf8'));
  const { alg, enc } = fieldsOf(header, ['alg', 'enc']);
  if (head === undefined || tag === undefined || more.length > 0 || alg === undefined || enc === undefined)
    return malformed('a value is no JWE in its compact form');
  const content = contentKey({ alg, wrapped: Buffer.from(wrapped ?? '', 'base64url'), key });
  if (content === undefined) return refused;
  if (content === 'unknown') return malformed(`a JWE of ${alg} is not opened by thaw`);
  const parts = {
    iv: Buffer.from(iv ?? '', 'base64url'),
    ciphertext: Buffer.from(ciphertext ?? '', 'base64url'),
    tag: Buffer.from(tag, 'base64url'),
  };
  const wanted = gcmBytes[enc] ?? cbcBytes[enc];
  if (wanted === undefined) return malformed(`a JWE of ${enc} is not opened by thaw`);
  if (content.length !== wanted) return malformed(`the key has ${content.length} bytes instead of ${wanted}`);
  const aad = Buffer.from(head, 'ascii');
  if (enc in gcmBytes) return openGcmParts(content, parts, aad);
  const half = content.length / 2;
  const length = Buffer.alloc(8);
  length.writeBigUInt64BE(BigInt(aad.length * 8));
  const mac = createHmac(`sha${half * 16}`, content.subarray(0, half))
    .update(Buffer.concat([aad, parts.iv, parts.ciphertext, length]))
    .digest()
    .subarray(0, half);
  if (!isEqual(mac, parts.tag)) return refused;
  return openCbc(content.subarray(half), parts) === undefined ? refused : opened;
}

/** @returns undefined where the key does not unwrap it. */
function contentKey(of: { readonly alg: string; readonly wrapped: Buffer; readonly key: Buffer }) {
  const { alg, wrapped, key } = of;
  if (alg === 'dir') return key;
  if (alg !== 'A128KW' && alg !== 'A256KW') return 'unknown' as const;
  try {
    const name = alg === 'A128KW' ? 'id-aes128-wrap' : 'id-aes256-wrap';
    const unwrap = createDecipheriv(name, key, Buffer.alloc(8, 0xa6));
    return Buffer.concat([unwrap.update(wrapped), unwrap.final()]);
  } catch {
    return undefined;
  }
}

/** AES-CBC with nothing that proves it: the padding and the letters are all there is, so it is no more than likely. */
export function openRawCbc(bytes: Buffer, key: Buffer): OpenedValue {
  if (![16, 24, 32].includes(key.length))
    return malformed(`the key has ${key.length} bytes instead of 16, 24 or 32`);
  const ciphertext = bytes.subarray(16);
  if (ciphertext.length === 0 || ciphertext.length % 16 !== 0)
    return malformed('a value is no iv and whole blocks of AES-CBC');
  return openCbcText(key, { iv: bytes.subarray(0, 16), ciphertext });
}

/** Nothing authenticates it: a wrong key shows by its padding, or by a plaintext that is no text. */
function openCbcText(key: Buffer, parts: Omit<Parts, 'tag'>): OpenedValue {
  const text = openCbc(key, parts);
  if (text === undefined) return refused;
  try {
    new TextDecoder('utf-8', { fatal: true }).decode(text);
    return opened;
  } catch {
    return refused;
  }
}

/**
 * `encrypt(data, key, 'aes')` of pgcrypto: AES-CBC without an initialization vector, the key filled up with zeros to 16,
 * 24 or 32 bytes.
 */
export function openPgcryptoRaw(content: Buffer, key: Buffer): OpenedValue {
  if (content.length === 0 || content.length % 16 !== 0)
    return malformed('a value is not what encrypt(…) of pgcrypto makes');
  const size = [16, 24, 32].find((bytes) => key.length <= bytes);
  if (size === undefined) return malformed(`the key has ${key.length} bytes, more than 32`);
  const filled = Buffer.concat([key, Buffer.alloc(size - key.length)]);
  return openCbcText(filled, { iv: Buffer.alloc(16), ciphertext: content });
}

/** What packages for Django make of SECRET_KEY: the key of a Fernet token (django-fernet-fields). */
export function djangoFernetKey(secret: Buffer): Buffer {
  return Buffer.from(hkdfSync('sha256', secret, 'django-fernet-fields', '', 32));
}

function openGcmParts(key: Buffer, ...[parts, aad]: [Parts, Buffer?]): OpenedValue {
  try {
    const cipher = key.length === 16 ? 'aes-128-gcm' : key.length === 24 ? 'aes-192-gcm' : 'aes-256-gcm';
    const decipher = createDecipheriv(cipher, key, parts.iv, { authTagLength: 16 });
    decipher.setAuthTag(parts.tag);
    if (aad !== undefined) decipher.setAAD(aad);
    decipher.update(parts.ciphertext);
    decipher.final();
    return opened;
  } catch {
    return refused;
  }
}

/** undefined where the padding does not hold. */
function openCbc(key: Buffer, { iv, ciphertext }: Omit<Parts, 'tag'>): Buffer | undefined {
  try {
    const decipher = createDecipheriv(`aes-${key.length * 8}-cbc`, key, iv);
    return Buffer.concat([decipher.update(ciphertext), decipher.final()]);
  } catch {
    return undefined;
  }
}

function fieldsOf<Name extends string>(json: unknown, names: readonly Name[]) {
  const fields: Partial<Record<Name, string>> = {};
  if (json === null || typeof json !== 'object') return fields;
  for (const [name, value] of Object.entries(json)) {
    const wanted = names.find((one) => one === name);
    if (wanted !== undefined && typeof value === 'string') fields[wanted] = value;
  }
  return fields;
}

function fromBase64(text: string): Buffer {
  return Buffer.from(text, 'base64');
}

function isEqual(one: Buffer, other: Buffer): boolean {
  return one.length === other.length && timingSafeEqual(one, other);
}
