import { createHash, sign, verify } from 'node:crypto';
import { readPublicKeyBlob, type SshKeyPair, type SshPublicKey } from './ssh-key.ts';
import { readWire, wireNumber, wireString } from './ssh-wire.ts';

/**
 * Signatures as `ssh-keygen -Y sign` makes them and `ssh-keygen -Y verify` checks them (PROTOCOL.sshsig of OpenSSH), so that
 * nobody needs thaw to check one. The namespace keeps a signature from being used for anything else.
 */

const begin = '-----BEGIN SSH SIGNATURE-----';
const end = '-----END SSH SIGNATURE-----';
const armor = new RegExp(`^${begin}\\r?\\n([A-Za-z0-9+/=\\r\\n]+)${end}\\r?\\n?$`);
const preamble = 'SSHSIG';

type Message = { readonly namespace: string; readonly message: Buffer | string };

type CheckedSignature =
  | { readonly ok: true; readonly fingerprint: string; readonly blob: Buffer }
  /** `why` completes "The signature …": does not belong to this text. */
  | { readonly ok: false; readonly why: string };

/** Who signed it, by the key inside: whether that key may is another question. */
export function checkSshSignature(armored: string, of: Message): CheckedSignature {
  try {
    return readAndCheck(armored, of);
  } catch (error) {
    // What the reader says, and what the library says of a point that lies on no curve.
    return { ok: false, why: `cannot be read: ${error instanceof Error ? error.message : 'it is damaged'}` };
  }
}

function readAndCheck(armored: string, { namespace, message }: Message): CheckedSignature {
  const [, base64] = armor.exec(armored) ?? [];
  if (base64 === undefined) return { ok: false, why: 'is no SSH signature' };
  const reader = readWire(Buffer.from(base64, 'base64'));
  if (reader.raw(preamble.length).toString('latin1') !== preamble || reader.number() !== 1)
    return { ok: false, why: 'is of another version' };
  const blob = reader.string();
  const [made, reserved, digest] = [reader.text(), reader.string(), reader.text()];
  const signature = reader.string();
  reader.end();
  if (made !== namespace) return { ok: false, why: `was made for ${JSON.stringify(made)}` };
  if (digest !== 'sha256' && digest !== 'sha512')
    return { ok: false, why: 'uses a digest that is not known' };
  const key = readPublicKeyBlob(blob);
  const signed = signedBytes({ namespace, message, reserved, digest });
  return holds(key, { signature, signed })
    ? { ok: true, fingerprint: key.fingerprint, blob }
    : { ok: false, why: 'does not belong to this text' };
}

function signedBytes(of: Message & { readonly reserved: Buffer; readonly digest: string }): Buffer {
  const { namespace, message, reserved, digest } = of;
  return Buffer.concat([
    ...[Buffer.from(preamble), wireString(namespace), wireString(reserved), wireString(digest)],
    wireString(createHash(digest).update(message).digest()),
  ]);
}

const rsaDigests: Readonly<Record<string, string>> = { 'rsa-sha2-256': 'sha256', 'rsa-sha2-512': 'sha512' };
/** Somebody touched the token. */
const userPresent = 1;

function holds(
  { type, key, curve, application }: SshPublicKey,
  { signature, signed }: { readonly signature: Buffer; readonly signed: Buffer },
): boolean {
  const reader = readWire(signature);
  const algorithm = reader.text();
  const raw = reader.string();
  let data = signed;
  if (application !== undefined) {
    const [flags, counter] = [reader.byte(), reader.number()];
    if ((flags & userPresent) === 0) return false;
    const sha = (bytes: Buffer) => createHash('sha256').update(bytes).digest();
    data = Buffer.concat([sha(application), Buffer.from([flags]), wireNumber(counter), sha(signed)]);
  }
  reader.end();
  if (type === 'ssh-rsa') {
    const digest = rsaDigests[algorithm];
    return digest !== undefined && verify(digest, data, key, raw);
  }
  if (algorithm !== type) return false;
  if (curve === undefined) return raw.length === 64 && verify(null, data, key, raw);
  const halves = readWire(raw);
  const [r, s] = [halves.integer(), halves.integer()];
  halves.end();
  if (r.length > curve.bytes || s.length > curve.bytes) return false;
  const wide = (half: Buffer) => Buffer.concat([Buffer.alloc(curve.bytes - half.length), half]);
  const both = Buffer.concat([wide(r), wide(s)]);
  return verify(curve.digest, data, { key, dsaEncoding: 'ieee-p1363' }, both);
}

/** With a key that needs nobody's passphrase. */
export function makeSshSignature({ key, blob }: SshKeyPair, { namespace, message }: Message): string {
  const digest = 'sha512';
  const signed = signedBytes({ namespace, message, reserved: Buffer.alloc(0), digest });
  const raw = sign(null, signed, key);
  const content = Buffer.concat([
    ...[Buffer.from(preamble), wireNumber(1), wireString(blob), wireString(namespace)],
    ...[wireString(''), wireString(digest)],
    wireString(Buffer.concat([wireString('ssh-ed25519'), wireString(raw)])),
  ]);
  const lines = content.toString('base64').match(/.{1,70}/g) ?? [];
  return [begin, ...lines, end, ''].join('\n');
}
