import { createCipheriv, randomBytes } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { fingerprintSecret } from '../../../src/backups/fingerprint.ts';
import { verifySecrets } from '../../../src/steps/secrets/verify-secrets.ts';
import { verifySecretsKind } from '../../../src/steps/secrets/verify-secrets-kind.ts';
import { createFakeContext, words } from '../../fakes/fake-context.ts';

const key = randomBytes(32);

function stepWith(more: object = {}) {
  return verifySecretsKind.schema.parse({
    kind: 'verify-secrets',
    required: ['DATABASE_URL', 'ENCRYPTION_KEY'],
    probes: [
      {
        title: 'settings',
        secret: 'ENCRYPTION_KEY',
        query: 'SELECT value FROM system_settings;',
        layout: 'iv:tag:ciphertext',
        lossIfWrong: 'The OCR keys are lost.',
      },
    ],
    ...more,
  }) as never;
}

function encrypted(text: string, under = key): string {
  const iv = randomBytes(12);
  const cipher = createCipheriv('aes-256-gcm', under, iv);
  const ciphertext = Buffer.concat([cipher.update(text), cipher.final()]);
  return [iv, cipher.getAuthTag(), ciphertext].map((part) => part.toString('hex')).join(':');
}

function contextWith(
  values: readonly (string | null)[],
  env = `DATABASE_URL=x\nENCRYPTION_KEY=${key.toString('hex')}\n`,
) {
  const context = createFakeContext({});
  context.world.host.files.set('/app/.env', Buffer.from(env));
  context.world.production.answers.set(
    'system_settings',
    values.map((value) => ({ value })),
  );
  return context;
}

const probeLine = async (values: readonly (string | null)[]) =>
  words(await verifySecrets.verify(stepWith(), contextWith(values))).at(-1);

describe('verifying secrets', () => {
  it('really decrypts rows with the key at hand', async () => {
    expect(await probeLine([encrypted('a'), encrypted('b'), null])).toBe(
      'passed: settings: ENCRYPTION_KEY decrypts 2 of 2 rows',
    );
  });

  it('fails for a key the data was not written with, and says what is lost', async () => {
    expect(await probeLine([encrypted('a', randomBytes(32)), encrypted('b')])).toBe(
      'failed: settings: ENCRYPTION_KEY decrypts only 1 of 2 rows. The OCR keys are lost.',
    );
  });

  it('fails for a wrong key even where another row is no encrypted value at all', async () => {
    expect(await probeLine(['plain', encrypted('a', randomBytes(32))])).toMatch(/^failed/);
  });

  it.each([
    ['there is nothing encrypted', [null], /could-not-verify: settings: there is no encrypted row/],
    [
      'the values are laid out otherwise',
      ['plain', 'plain'],
      /could-not-verify: settings: a value is not laid out as iv:tag:ciphertext/,
    ],
  ])('cannot verify where %s', async (_what, values, line) => {
    expect(await probeLine(values)).toMatch(line);
  });

  it('says every variable that is missing or empty', async () => {
    const context = contextWith([], 'OTHER=1\nENCRYPTION_KEY=\n');
    expect(await verifySecrets.verify(stepWith(), context)).toMatchObject({
      ok: false,
      failure: { code: 'not-found', message: '/app/.env has no DATABASE_URL, ENCRYPTION_KEY.' },
    });
    expect(words(await verifySecrets.check(stepWith(), context))[0]).toMatch(/^failed: .*DATABASE_URL/);
  });

  it('compares fingerprints with the runbook, and shows no secret', async () => {
    const right = await fingerprintSecret({ name: 'ENCRYPTION_KEY', value: key.toString('hex') });
    const context = contextWith([encrypted('a')]);
    const lines = async (fingerprint: string) => {
      const checked = words(
        await verifySecrets.verify(stepWith({ fingerprints: { ENCRYPTION_KEY: fingerprint } }), context),
      );
      expect(checked.join('\n')).not.toContain(key.toString('hex'));
      return checked[1];
    };
    expect(await lines(right)).toBe(`passed: ENCRYPTION_KEY has the expected fingerprint ${right}`);
    expect(await lines('0000-0000')).toMatch(/^failed: .* instead of 0000-0000: The OCR keys are lost\./);
    expect(await lines('')).toMatch(/^could-not-verify/);
    expect(context.facts.get('secret-fingerprints:verify-secrets')).toEqual([
      { name: 'ENCRYPTION_KEY', found: right },
    ]);
  });
});
