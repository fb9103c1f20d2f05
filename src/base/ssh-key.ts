import {
  createHash,
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  type KeyObject,
  randomBytes,
} from 'node:crypto';
import { readWire, type WireReader, wireNumber, wireString } from './ssh-wire.ts';

/** A public key as OpenSSH writes it (RFC 4253, section 6.6; PROTOCOL.u2f for keys of a token). */
export type SshPublicKey = {
  /** ssh-ed25519, ecdsa-sha2-nistp256, sk-ssh-ed25519@openssh.com, ssh-rsa and the like. */
  readonly type: string;
  readonly key: KeyObject;
  /** Of ECDSA: the digest that goes with the curve, and how long each half of a signature is. */
  readonly curve?: { readonly digest: string; readonly bytes: number };
  /** Of a key in a token: what it was made for. */
  readonly application?: Buffer;
  /** SHA256:… as ssh-keygen -l prints it. */
  readonly fingerprint: string;
};

const curves: Readonly<
  Record<string, { readonly jwk: string; readonly digest: string; readonly bytes: number }>
> = {
  nistp256: { jwk: 'P-256', digest: 'sha256', bytes: 32 },
  nistp384: { jwk: 'P-384', digest: 'sha384', bytes: 48 },
  nistp521: { jwk: 'P-521', digest: 'sha512', bytes: 66 },
};
const leastRsaBytes = 256;
const url64 = (bytes: Buffer) => bytes.toString('base64url');

export function fingerprintOf(blob: Buffer): string {
  return `SHA256:${createHash('sha256').update(blob).digest('base64').replace(/=+$/, '')}`;
}

/** @throws RangeError where it is no key that a signature can be checked with. */
export function readPublicKeyBlob(blob: Buffer): SshPublicKey {
  const reader = readWire(blob);
  const type = reader.text();
  const isToken = type.startsWith('sk-');
  const { jwk, curve } = readJwk(type, reader);
  const application = isToken ? reader.string() : undefined;
  reader.end();
  return {
    type,
    key: createPublicKey({ key: jwk, format: 'jwk' }),
    ...(curve === undefined ? {} : { curve }),
    ...(application === undefined ? {} : { application }),
    fingerprint: fingerprintOf(blob),
  };
}

function readJwk(type: string, reader: WireReader) {
  if (type === 'ssh-ed25519' || type === 'sk-ssh-ed25519@openssh.com') {
    const x = reader.string();
    if (x.length !== 32) throw new RangeError('its point is not 32 bytes');
    return { jwk: { kty: 'OKP', crv: 'Ed25519', x: url64(x) } };
  }
  if (/^ecdsa-sha2-nistp\d+$/.test(type) || type === 'sk-ecdsa-sha2-nistp256@openssh.com') {
    const name = reader.text();
    const curve = curves[name];
    const point = reader.string();
    if (curve === undefined || !type.includes(name)) throw new RangeError(`its curve ${name} is unknown`);
    if (point[0] !== 4 || point.length !== 1 + 2 * curve.bytes) throw new RangeError('its point is none');
    const [x, y] = [point.subarray(1, 1 + curve.bytes), point.subarray(1 + curve.bytes)];
    return { jwk: { kty: 'EC', crv: curve.jwk, x: url64(x), y: url64(y) }, curve };
  }
  if (type === 'ssh-rsa') {
    const [e, n] = [reader.integer(), reader.integer()];
    if (n.length < leastRsaBytes) throw new RangeError('RSA keys below 2048 bits prove nothing any more');
    return { jwk: { kty: 'RSA', e: url64(e), n: url64(n) } };
  }
  throw new RangeError(`${JSON.stringify(type)} is no kind of key that is known here`);
}

/** `ssh-ed25519 AAAA… comment`, one line; undefined where it is none. */
export function readPublicKeyLine(line: string): Buffer | undefined {
  const [, type, base64 = ''] =
    /^((?:sk-)?(?:ssh|ecdsa)-[\w@.-]+) ([A-Za-z0-9+/]+=*)(?: .*)?$/.exec(line.trim()) ?? [];
  const blob = Buffer.from(base64, 'base64');
  try {
    return type !== undefined && readWire(blob).text() === type ? blob : undefined;
  } catch {
    return undefined;
  }
}

const magic = 'openssh-key-v1\0';
const begin = '-----BEGIN OPENSSH PRIVATE KEY-----';
const end = '-----END OPENSSH PRIVATE KEY-----';

export type SshKeyPair = { readonly key: KeyObject; readonly blob: Buffer };

/**
 * An Ed25519 key without a passphrase, as `ssh-keygen -t ed25519 -N ''` makes it (PROTOCOL.key of OpenSSH); undefined for every other
 * kind of key file, which ssh-keygen itself has to sign with.
 */
export function readPrivateKey(text: string): SshKeyPair | undefined {
  const [, base64] = new RegExp(`^${begin}\\r?\\n([A-Za-z0-9+/=\\r\\n]+)${end}`).exec(text) ?? [];
  if (base64 === undefined) return undefined;
  try {
    const reader = readWire(Buffer.from(base64, 'base64'));
    if (reader.raw(magic.length).toString('latin1') !== magic) return undefined;
    const [cipher, kdf] = [reader.text(), reader.text()];
    reader.string();
    if (cipher !== 'none' || kdf !== 'none' || reader.number() !== 1) return undefined;
    const blob = reader.string();
    const secret = readWire(reader.string());
    // With a wrong passphrase they would differ.
    const [one, same] = [secret.number(), secret.number()];
    if (one !== same || secret.text() !== 'ssh-ed25519') return undefined;
    const point = secret.string();
    const seed = secret.string().subarray(0, 32);
    return { key: fromSeed(seed, point), blob };
  } catch {
    // What the reader says, and what the library says of a key that is none.
    return undefined;
  }
}

function fromSeed(seed: Buffer, point: Buffer): KeyObject {
  return createPrivateKey({
    key: { kty: 'OKP', crv: 'Ed25519', d: url64(seed), x: url64(point) },
    format: 'jwk',
  });
}

/** A new Ed25519 key in the two files that OpenSSH keeps of one. */
export function makeKeyPair(comment: string): {
  readonly privateText: string;
  readonly publicText: string;
  readonly fingerprint: string;
} {
  const { privateKey } = generateKeyPairSync('ed25519');
  const { d = '', x = '' } = privateKey.export({ format: 'jwk' });
  const [seed, point] = [Buffer.from(d, 'base64url'), Buffer.from(x, 'base64url')];
  const blob = Buffer.concat([wireString('ssh-ed25519'), wireString(point)]);
  const check = randomBytes(4);
  const secret = [
    ...[check, check, wireString('ssh-ed25519'), wireString(point)],
    ...[wireString(Buffer.concat([seed, point])), wireString(comment)],
  ];
  const length = secret.reduce((sum, part) => sum + part.length, 0);
  // Filled up to whole blocks of eight with 1, 2, 3 and so on.
  const padding = Buffer.from(Array.from({ length: (8 - (length % 8)) % 8 }, (_, index) => index + 1));
  const content = Buffer.concat([
    Buffer.from(magic, 'latin1'),
    ...[wireString('none'), wireString('none'), wireString(''), wireNumber(1), wireString(blob)],
    wireString(Buffer.concat([...secret, padding])),
  ]);
  const lines = content.toString('base64').match(/.{1,70}/g) ?? [];
  return {
    privateText: [begin, ...lines, end, ''].join('\n'),
    publicText: `ssh-ed25519 ${blob.toString('base64')} ${comment}\n`,
    fingerprint: fingerprintOf(blob),
  };
}
