import { execFileSync } from 'node:child_process';
import { argon2Sync, createCipheriv, createHash, createHmac, randomBytes } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { findLayout } from '../../../src/steps/secrets/find-layout.ts';
import { keyEncodingOf, openEncrypted, readKey } from '../../../src/steps/secrets/open-encrypted.ts';
import type { layouts } from '../../../src/steps/secrets/verify-secrets-kind.ts';
import {
  sealAsCbc,
  sealAsCryptojs,
  sealAsGitea,
  sealAsNextcloud,
  sealAsRails,
} from '../../parts/sealed-values.ts';

/** Values as the libraries write them, by their documents; a real program writes them where one is at hand. */

const secret = 'a password of the mail account';
const iv16 = randomBytes(16);

function cbc(key: Buffer, text = secret): string {
  const cipher = createCipheriv('aes-256-cbc', key, iv16);
  return Buffer.concat([cipher.update(text), cipher.final()]).toString('base64');
}

/** Illuminate\Encryption\Encrypter, AES-256-CBC. */
function laravel(key: Buffer): string {
  const iv = iv16.toString('base64');
  const value = cbc(key, `s:${secret.length}:"${secret}";`);
  const mac = createHmac('sha256', key)
    .update(iv + value)
    .digest('hex');
  return Buffer.from(JSON.stringify({ iv, value, mac, tag: '' })).toString('base64');
}

const python = (code: string, ...args: readonly string[]) =>
  execFileSync('python3', ['-c', code, ...args], {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'ignore'],
  }).trim();

/** As django-fernet-fields does it. */
const djangoCode = `import base64, sys
from cryptography.fernet import Fernet
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
kdf = HKDF(algorithm=hashes.SHA256(), length=32, salt=b'django-fernet-fields', info=None)
print(Fernet(base64.urlsafe_b64encode(kdf.derive(sys.argv[1].encode()))).encrypt(b'secret').decode())`;

/** RFC 7516, appendix A.3. */
const jwe = {
  keyText: 'GawgguFyGrWKav7AX4VKUg',
  value:
    'eyJhbGciOiJBMTI4S1ciLCJlbmMiOiJBMTI4Q0JDLUhTMjU2In0.6KB707dM9YTIgHtLvtgWQ8mKwboJW3of9locizkDTHzBC2IlrT1oOQ.AxY8DCtDaGlsbGljb3RoZQ.KDlTtXchhZTGufMYmOYGS4HffxPSUrfmqCHXaI9wOGY.U0m_YmjN04DJvceFICbCVQ',
};

function jweDirect(key: Buffer): string {
  const head = Buffer.from('{"alg":"dir","enc":"A256GCM"}').toString('base64url');
  const iv = randomBytes(12);
  const cipher = createCipheriv('aes-256-gcm', key, iv);
  cipher.setAAD(Buffer.from(head));
  const content = Buffer.concat([cipher.update(secret), cipher.final()]);
  return [head, '', iv, content, cipher.getAuthTag()]
    .map((part) => (typeof part === 'string' ? part : part.toString('base64url')))
    .join('.');
}

const digest = (name: string, text: string) => createHash(name).update(text).digest();
const stretched = () =>
  argon2Sync('argon2id', {
    ...{ message: Buffer.from('the secret key'), nonce: Buffer.from('gitea-secret') },
    ...{ passes: 3, memory: 64 * 1024, parallelism: 4, tagLength: 32 },
  });

const key = randomBytes(32);
const hex = key.toString('hex');
const base64 = key.toString('base64');

type Case = {
  readonly title: string;
  readonly layout: Exclude<(typeof layouts)[number], 'pgcrypto'>;
  readonly value: string;
  readonly keyText: string;
  readonly keyEncoding: 'hex' | 'base64' | 'utf8';
  readonly salt?: string;
};

const cases: readonly Case[] = [
  {
    title: 'Laravel',
    layout: 'laravel',
    value: laravel(key),
    keyText: `base64:${base64}`,
    keyEncoding: 'base64',
  },
  {
    title: 'Rails 7.1',
    layout: 'rails',
    value: sealAsRails(secret, { password: 'primary', salt: 'salt', digest: 'sha256' }),
    keyText: 'primary',
    keyEncoding: 'utf8',
    salt: 'salt',
  },
  {
    title: 'Rails 7.0',
    layout: 'rails',
    value: sealAsRails(secret, { password: 'primary', salt: 'salt', digest: 'sha1' }),
    keyText: 'primary',
    keyEncoding: 'utf8',
    salt: 'salt',
  },
  {
    title: 'django-fernet-fields',
    layout: 'django',
    value: python(djangoCode, 'the secret key'),
    keyText: 'the secret key',
    keyEncoding: 'utf8',
  },
  {
    title: 'CryptoJS',
    layout: 'cryptojs',
    value: sealAsCryptojs(secret, 'word'),
    keyText: 'word',
    keyEncoding: 'utf8',
  },
  { title: 'a JWE of RFC 7516', layout: 'jwe', ...jwe, keyEncoding: 'base64' },
  {
    title: 'a JWE with the key itself',
    layout: 'jwe',
    value: jweDirect(key),
    keyText: base64,
    keyEncoding: 'base64',
  },
  {
    title: 'iv and AES-CBC',
    layout: 'iv+ciphertext',
    value: sealAsCbc(secret, key).toString('base64'),
    keyText: hex,
    keyEncoding: 'hex',
  },
  {
    title: 'iv:AES-CBC',
    layout: 'iv:ciphertext',
    value: `${iv16.toString('base64')}:${cbc(key)}`,
    keyText: hex,
    keyEncoding: 'hex',
  },
  ...(
    [
      ['the actions of Gitea', sealAsGitea(secret, digest('sha256', 'the secret key')).toString('hex')],
      [
        'the second factors of Gitea',
        sealAsGitea(secret, digest('md5', 'the secret key')).toString('base64'),
      ],
      ['Gitea with a stretched key', `v2:${sealAsGitea(secret, stretched()).toString('hex')}`],
    ] as const
  ).map(
    ([title, value]): Case => ({
      ...{ title, value, layout: 'gitea', keyText: 'the secret key', keyEncoding: 'utf8' },
    }),
  ),
  ...(['', '2', '3'] as const).map(
    (version): Case => ({
      ...{
        title: `Nextcloud ${version}`,
        value: sealAsNextcloud(secret, '+/secret=', version),
        layout: 'nextcloud',
      },
      ...{ keyText: '+/secret=', keyEncoding: 'utf8' },
    }),
  ),
];

describe.each(cases)('$title', ({ layout, value, keyText, keyEncoding, salt }) => {
  const probe = { layout, encoding: 'base64', ivBytes: 12, salt } as const;
  const read = (text: string) => readKey(text, keyEncodingOf({ layout, keyEncoding }));

  it('is opened by its key', () => {
    expect(openEncrypted(value, read(keyText), probe)).toEqual({ kind: 'opened' });
  });

  it('is opened where the column is of type bytea, as text or as the bytes it stands for', () => {
    const bytea = (bytes: Buffer) => `\\x${bytes.toString('hex')}`;
    const isText = layout.includes(':') || !/^(?:iv|openssl|cryptojs|pgcrypto)/.test(layout);
    const stored = isText ? Buffer.from(value) : Buffer.from(value, 'base64');
    expect(openEncrypted(bytea(stored), read(keyText), probe)).toEqual({ kind: 'opened' });
  });

  it('is refused under another key of the same length', () => {
    const other = Buffer.from(read(keyText));
    other[3] = (other[3] ?? 0) ^ 1;
    expect(openEncrypted(value, other, probe).kind).not.toBe('opened');
  });

  it('is found where the runbook says another layout', () => {
    expect(findLayout([value, value], { keyText, salt })?.layout).toBe(
      layout === 'cryptojs' ? 'openssl-enc' : layout,
    );
  });

  it('is not found under another key', () => {
    const keyOfOthers = randomBytes(32).toString('hex');
    expect(findLayout([value, value], { keyText: keyOfOthers, salt })?.isProof ?? false).toBe(false);
  });

  it('is malformed where it is a plain text', () => {
    expect(openEncrypted('a plain text, no more', read(keyText), probe).kind).toBe('malformed');
  });
});

it('Rails without its salt is told what is missing', () => {
  const probe = { layout: 'rails', encoding: 'base64', ivBytes: 12 } as const;
  expect(
    openEncrypted(
      sealAsRails(secret, { password: 'primary', salt: 'salt', digest: 'sha256' }),
      Buffer.from('primary'),
      probe,
    ),
  ).toMatchObject({
    kind: 'malformed',
    why: expect.stringContaining('saltSecret'),
  });
});
