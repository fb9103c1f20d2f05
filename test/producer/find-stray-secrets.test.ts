import { generateKeyPairSync } from 'node:crypto';
import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { fail } from '../../src/base/failure.ts';
import { makeKeyPair } from '../../src/base/ssh-key.ts';
import { findStraySecrets } from '../../src/producer/find-stray-secrets.ts';
import { guardStore } from '../../src/registry/with-permits.ts';
import { createFakeObjectStore } from '../fakes/fake-object-store.ts';

function storeOf(objects: Readonly<Record<string, string | Buffer>>) {
  const memory = createFakeObjectStore({ name: 'backups', now: () => 0 });
  for (const [key, content] of Object.entries(objects)) memory.place(key, { content });
  return guardStore(memory);
}

const env = 'NODE_ENV=production\nSMTP_PASS="9f1c22aa81d0"\n';
const pair = (passphrase?: string) =>
  String(
    generateKeyPairSync('ed25519').privateKey.export({
      ...{ type: 'pkcs8', format: 'pem' },
      ...(passphrase === undefined ? {} : { cipher: 'aes-256-cbc', passphrase }),
    } as const),
  );

describe('Secrets that lie open in a store', () => {
  it.each<[string, string | Buffer, RegExp]>([
    ['config/.env', env, /an env file with values/],
    ['.env.production', env, /an env file with values/],
    ['shop/crm.env', 'DATABASE_URL=postgres://crm:hunter2hunter2@db/crm\n', /an env file/],
    ['.env.gz', gzipSync(env), /compressed and not encrypted/],
    ['ssh/id_ed25519', makeKeyPair('backup').privateText, /an SSH private key without a passphrase/],
    ['tls/server.key', pair(), /a private key without a passphrase/],
    ['keys.txt', '# created: today\nAGE-SECRET-KEY-1QQQQ\n', /an age identity/],
    ['thaw-kit/shop/files/0123456789abcdef/env', env, /an env file with values/],
    ['backup-key.asc', '-----BEGIN PGP PRIVATE KEY BLOCK-----\n\nlQ\n', /an OpenPGP secret key/],
  ])('%s is told, with what it is', async (key, content, what) => {
    const checks = await findStraySecrets(storeOf({ [key]: content, 'pg/shop.dump': 'PGDMP' }));
    expect(checks).toMatchObject([{ verdict: 'failed', text: expect.stringMatching(what) }]);
    expect(checks[0]?.text).toContain(key);
    expect(JSON.stringify(checks)).not.toMatch(/9f1c22aa81d0|hunter2/);
  });

  it('are none of what is encrypted, public, a sample, or of a kit', async () => {
    const checks = await findStraySecrets(
      storeOf({
        '.env.gpg': Buffer.from([0x84, 0x5e, 0x03, 0x12, 0x0a, 0x3d]),
        '.env.age': 'age-encryption.org/v1\n-> X25519 abc\n',
        '.env.asc': `-----BEGIN PGP MESSAGE-----\n\n${Buffer.from(env).toString('base64')}\n=AbCd\n`,
        'secrets.env': 'SMTP_PASS=ENC[AES256_GCM,data:ab]\nsops_version=3.8.1\n',
        'locked.pem': pair('a word'),
        '.env.example': env,
        'id_ed25519.pub': makeKeyPair('backup').publicText,
        'keys.pdf': '%PDF-1.7',
        'thaw-kit/shop/files/0123456789abcdef/values.env': env,
      }),
    );
    expect(checks).toMatchObject([{ verdict: 'passed' }]);
  });

  it('were looked for up to a bound, and the rest is said; a store that cannot be listed is not verified', async () => {
    const many = Object.fromEntries(Array.from({ length: 5_010 }, (_, index) => [`objects/${index}`, 'x']));
    const [first, rest] = await findStraySecrets(storeOf({ '.env': env, ...many }));
    expect(first).toMatchObject({ verdict: 'failed' });
    expect(rest).toMatchObject({
      verdict: 'not-checked',
      text: expect.stringContaining('the first 5,000 names'),
    });
    const store = storeOf({});
    const refused = { code: 'denied', message: 'It may not.', remedy: 'Ask.', retry: 'after-fix' } as const;
    store.list = async function* () {
      yield fail(refused);
    };
    expect(await findStraySecrets(store)).toMatchObject([{ verdict: 'could-not-verify' }]);
  });
});
