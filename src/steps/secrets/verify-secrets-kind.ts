import { z } from 'zod';
import { secretFingerprintsFact, swappedFact } from '../../kinds/facts.ts';
import { optionalText, text } from '../../kinds/fields.ts';
import { declareKind, type StepOf } from '../../kinds/kind.ts';
import { openedTooLate } from './open-secrets-kind.ts';

export const layouts = [
  'iv:tag:ciphertext',
  'iv:ciphertext:tag',
  'iv+tag+ciphertext',
  'iv+ciphertext+tag',
  'fernet',
  'django',
  'laravel',
  'rails',
  'jwe',
  'openssl-enc',
  'cryptojs',
  'iv:ciphertext',
  'iv+ciphertext',
  'pgcrypto',
  'pgcrypto-raw',
  'gitea',
  'nextcloud',
] as const;

const probe = z.strictObject({
  title: text.describe('What is opened, for people: mail passwords'),
  secret: text.describe('The variable in the env file that holds the key'),
  query: text.describe('One column of encrypted values; a few rows are enough'),
  layout: z
    .enum(layouts)
    .describe(
      "AES-256-GCM: parts joined by colons, or concatenated in one value; iv and ciphertext alone are AES-CBC. openssl-enc, cryptojs: AES-256-CBC with a password and a salt. fernet: tokens of the Python library; django: those whose key is made of SECRET_KEY. laravel, rails (ActiveRecord Encryption), jwe (compact). pgcrypto: of pgp_sym_encrypt; pgcrypto-raw: of encrypt(…, 'aes'). gitea: by SECRET_KEY of app.ini; nextcloud: by secret of config.php",
    ),
  digest: z.enum(['md5', 'sha256']).default('sha256').describe('openssl-enc: md5 before OpenSSL 1.1.0'),
  iterations: z
    .int()
    .min(0)
    .default(0)
    .describe('openssl-enc: of -pbkdf2 (10000 unless -iter says otherwise); 0 without it'),
  saltSecret: optionalText.describe('rails: the variable in the env file that holds key_derivation_salt'),
  encoding: z.enum(['hex', 'base64']).default('hex').describe('Of the values in the column'),
  keyEncoding: z.enum(['hex', 'base64', 'utf8']).default('hex').describe('Of the key in the env file'),
  ivBytes: z.int().min(8).max(32).default(12).describe('Length of the initialization vector, in bytes'),
  lossIfWrong: text.describe('Plain words: what is lost when the key does not match'),
});

export type DecryptProbe = z.infer<typeof probe>;

export const verifySecretsKind = declareKind({
  kind: 'verify-secrets',
  title: 'Verify secrets',
  uses: ['host', 'stores', 'databases', 'secretFiles', 'keys'],
  about:
    'Looks whether the env file has every name it must have, compares fingerprints, and opens restored rows with the keys at hand.',
  example: '- kind: verify-secrets\n  required: [DATABASE_URL, ENCRYPTION_KEY]',
  fields: {
    required: z.array(text).min(1).describe('Variables that must be in the env file, and not empty'),
    fingerprints: z
      .record(text, optionalText)
      .default({})
      .describe('Expected fingerprint by variable, where the manifest does not hold it'),
    probes: z
      .array(probe)
      .default([])
      .describe('Encrypted values of the restored database, and the key that opens them'),
    lossIfWrong: z
      .record(text, text)
      .default({})
      .describe('Plain words by variable, where no probe says what is lost when it does not match'),
  },
  afterCrash: 'run-again',
  gives: [secretFingerprintsFact],
  needs: ({ probes }) => (probes.length > 0 ? [{ oneOf: [swappedFact] }] : []),
  places: () => ['production.envFile'],
  lint(step, plan) {
    const index = plan.steps.indexOf(step);
    return openedTooLate(index, plan).map(
      (id) => `verify-secrets must come after ${id}, which puts the file in place that it reads.`,
    );
  },
  fills: ['proof'],
});

export type VerifySecretsStep = StepOf<typeof verifySecretsKind>;
