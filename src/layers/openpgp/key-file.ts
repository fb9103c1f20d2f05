import type { PrivateKey } from 'openpgp';
import { fail, type Outcome, succeed } from '../../base/failure.ts';
import { fileFailure } from '../../base/file-failure.ts';
import { errorWords } from '../../base/thrown.ts';
import { readWhole } from '../../platform/read-whole.ts';
import type { KeyConfig, KeyDescription } from '../../ports/unpacker.ts';
import { missingPassphrase, wrongKey, wrongPassphrase } from '../unpack-failure.ts';

type LoadedKeys =
  | { readonly kind: 'unlocked'; readonly keys: readonly PrivateKey[]; readonly description: KeyDescription }
  /** openpgp.js does not know this kind of key; the gpg binary may. */
  | { readonly kind: 'unsupported'; readonly detail: string };

/** Reads every secret key of a file, armored or binary, and unlocks those the passphrase opens: at least one. */
export async function loadKeyFile(
  config: KeyConfig & { readonly privateKeyFile: string },
): Promise<Outcome<LoadedKeys>> {
  const { privateKeyFile, passphrase } = config;
  let bytes: Buffer;
  try {
    bytes = await readWhole(privateKeyFile);
  } catch (error) {
    const failure = fileFailure({ doing: `read the key file ${privateKeyFile}`, error });
    if (failure === undefined) throw error;
    return fail(failure);
  }
  const openpgp = await import('openpgp');
  const text = bytes.toString('latin1');
  if (/-----BEGIN PGP PUBLIC KEY/.test(text) && !/-----BEGIN PGP PRIVATE KEY/.test(text)) {
    return fail(notASecretKey(privateKeyFile, 'It holds a public key only.'));
  }
  let keys: readonly PrivateKey[];
  try {
    keys = /-----BEGIN PGP/.test(text)
      ? await readArmored(text)
      : await openpgp.readPrivateKeys({ binaryKeys: new Uint8Array(bytes) });
  } catch (error) {
    // Nothing in it begins like OpenPGP data: no other program will read it either.
    const isHopeless = !/-----BEGIN PGP PRIVATE KEY/.test(text) && !beginsWithSecretKey(bytes);
    if (isHopeless) return fail(notASecretKey(privateKeyFile, 'It is no OpenPGP secret key.'));
    return succeed({ kind: 'unsupported', detail: errorWords(error) });
  }
  const unlocked: PrivateKey[] = [];
  let lastError = '';
  for (const key of keys) {
    if (key.isDecrypted()) unlocked.push(key);
    else if (passphrase !== undefined) {
      try {
        unlocked.push(await openpgp.decryptKey({ privateKey: key, passphrase: passphrase.reveal() }));
      } catch (error) {
        lastError = errorWords(error);
      }
    }
  }
  if (unlocked.length > 0)
    return succeed({ kind: 'unlocked', keys: unlocked, description: describe(unlocked) });
  if (passphrase === undefined) return fail(missingPassphrase(`The key file ${privateKeyFile}`));
  // No code tells a wrong passphrase apart in openpgp.js; everything else is a matter of what it supports.
  if (!lastError.includes('Incorrect key passphrase'))
    return succeed({ kind: 'unsupported', detail: lastError });
  return fail(wrongPassphrase(`the key file ${privateKeyFile}`));
}

const armoredKey = /-----BEGIN PGP PRIVATE KEY BLOCK-----[\s\S]*?-----END PGP PRIVATE KEY BLOCK-----/g;

/** Several blocks one after the other, as `cat` makes them; openpgp.js reads the first and says nothing of the others. */
async function readArmored(text: string): Promise<readonly PrivateKey[]> {
  const { readPrivateKeys } = await import('openpgp');
  const keys: PrivateKey[] = [];
  for (const [block] of text.matchAll(armoredKey)) {
    const armoredKeys = block.replaceAll('\r\n', '\n');
    keys.push(...(await readPrivateKeys({ armoredKeys })));
  }
  // Without an end, or with another beginning: the library says what is wrong.
  return keys.length > 0 ? keys : readPrivateKeys({ armoredKeys: text });
}

/** Packet 5 in the old or the new format. */
function beginsWithSecretKey(bytes: Buffer): boolean {
  const first = bytes[0] ?? 0;
  return first === 0xc5 || (first & 0xfc) === 0x94;
}

function notASecretKey(path: string, why: string) {
  return wrongKey({
    message: `The key file ${path} cannot open anything. ${why}`,
    remedy: 'Export the secret key with gpg --armor --export-secret-keys KEY and name that file.',
  });
}

function describe(keys: readonly PrivateKey[]): KeyDescription {
  const keyIds = keys.flatMap((key) => key.getKeys().map((part) => part.getKeyID().toHex().toUpperCase()));
  const text = keys
    .map((key) => [key.getFingerprint().toUpperCase(), ...key.getUserIDs().slice(0, 1)].join(' '))
    .join(', ');
  return { keyIds, text };
}
