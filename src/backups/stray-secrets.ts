import { isNameOfSecret, secretsOf } from '../base/secret-values.ts';
import { compressions } from '../layers/list.ts';

/**
 * Secrets that lie open in a bucket: env files and private keys, as somebody copies them along with a backup. A name says what is worth a
 * look, the first bytes say what it is. What is encrypted is where it belongs.
 */

/** So much of an object is looked at; so large is no file of settings and no key. */
export const strayHeadBytes = 16_384;
export const strayMostBytes = 1_048_576;

const envName = /^\.?env(?:\.|$)|\.env(?:\.|$)|^\.envrc$/;
/** Written to be shown; its values are none. */
const sampleName = /(?:example|sample|template|dist|defaults?)/;
const keyName =
  /^id_[a-z0-9]+|(?:^|[-_.])(?:keys?|identit(?:y|ies)|secrets?|private|privkey|secring)(?:[-_.]|$)|\.(?:pem|key|asc|ppk|jks|age-?key|agekey)$/;

/** Whether its name is one of those. */
export function mayBeStray(key: string): boolean {
  const name = nameOf(key);
  return isEnvName(name) || (keyName.test(name) && !/\.pub$|\.sig$/.test(name));
}

function nameOf(key: string): string {
  return key.slice(key.lastIndexOf('/') + 1).toLowerCase();
}

function isEnvName(name: string): boolean {
  return envName.test(name) && !sampleName.test(name);
}

/** What lies open there, in words; undefined where it is encrypted, or is none of it. */
export function straySecretIn(key: string, head: Buffer): string | undefined {
  const text = head.toString('utf8');
  // Binary, both hold no line that could be taken for one of an env file; armored they say what they are.
  if (/^-----BEGIN (?:PGP MESSAGE|AGE ENCRYPTED FILE)-----|^age-encryption\.org\/v1$/m.test(text))
    return undefined;
  return privateKeyIn(text) ?? (isEnvName(nameOf(key)) ? envFileIn(text, head) : undefined);
}

function privateKeyIn(text: string): string | undefined {
  if (/^AGE-SECRET-KEY-1/m.test(text)) return 'an age identity';
  if (/^-----BEGIN PGP PRIVATE KEY BLOCK-----/m.test(text))
    return 'an OpenPGP secret key (whether it has a passphrase was not looked at)';
  if (/^PuTTY-User-Key-File-\d/.test(text))
    return /^Encryption: none/m.test(text) ? 'a private key of PuTTY without a passphrase' : undefined;
  const [, kind, body = ''] = /^-----BEGIN ((?:[A-Z0-9]+ )*)PRIVATE KEY-----\s([^-]*)/m.exec(text) ?? [];
  if (kind === undefined || kind.startsWith('ENCRYPTED') || /^Proc-Type: 4,ENCRYPTED/m.test(text))
    return undefined;
  if (kind.startsWith('OPENSSH')) {
    // The cipher's name stands behind the magic word and its own length: none, or aes256-ctr.
    const start = Buffer.from(body, 'base64').subarray('openssh-key-v1\0'.length, 40).toString('latin1');
    return start.slice(4, 8) === 'none' ? 'an SSH private key without a passphrase' : undefined;
  }
  return 'a private key without a passphrase';
}

function envFileIn(text: string, head: Buffer): string | undefined {
  if (compressions.some(({ magic }) => magic.fits(head.subarray(0, 64))))
    return 'an env file by its name, compressed and not encrypted';
  const values = [
    ...text.matchAll(/^[ \t]*(?:export[ \t]+)?([A-Za-z_]\w*)[ \t]*=[ \t]*(\S.*?)[ \t]*$/gm),
  ].map(([, name = '', value = '']) => [name, value.replace(/^(["'])(.*)\1$/, '$2')] as const);
  // As SOPS leaves each value of an encrypted one.
  const open = values.filter(
    ([name, value]) => value !== '' && !value.startsWith('ENC[') && !name.startsWith('sops_'),
  );
  const telling = open.filter(
    ([name, value]) => isNameOfSecret(name) || secretsOf([[name, value]]).length > 0,
  );
  return telling.length === 0 ? undefined : 'an env file with values that are secrets';
}
