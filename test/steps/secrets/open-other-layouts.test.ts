import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { keyEncodingOf, openEncrypted, readKey } from '../../../src/steps/secrets/open-encrypted.ts';

describe('a Fernet token', () => {
  // The test vectors of the Fernet specification: github.com/fernet/spec, generate.json and invalid.json.
  const key = readKey('cw_0x689RpI-jtRR7oE8h_eQsKImvJapLeSbXpwF4e4=', 'base64');
  const token =
    'gAAAAAAdwJ6wAAECAwQFBgcICQoLDA0ODy021cpGVWKZ_eEwCGM4BLLF_5CV9dOPmrhuVUPgJobwOz7JcbmrR64jVmpU4IwqDA==';
  const probe = { layout: 'fernet', encoding: 'base64', ivBytes: 12 } as const;

  it('of the specification is opened by its key', () => {
    expect(openEncrypted(token, key, probe)).toEqual({ kind: 'opened' });
  });

  it('is refused under another key, and when one byte of it changed', () => {
    expect(openEncrypted(token, randomBytes(32), probe)).toEqual({ kind: 'refused' });
    expect(openEncrypted(token.replace('dOPm', 'dOPn'), key, probe)).toEqual({ kind: 'refused' });
  });

  it('is malformed when it is cut off, plain text, or the key is short', () => {
    for (const value of [token.slice(0, 60), 'a plain text', ''])
      expect(openEncrypted(value, key, probe).kind).toBe('malformed');
    expect(openEncrypted(token, key.subarray(1), probe)).toEqual({
      kind: 'malformed',
      why: 'the Fernet key has 31 bytes instead of 32',
    });
  });
});

describe('what openssl enc writes', () => {
  const password = 'correct horse, ä';
  const write = (...options: readonly string[]) =>
    execFileSync('openssl', ['enc', '-aes-256-cbc', '-a', ...options, '-pass', 'env:PASSWORD'], {
      input: 'sk-live-1234 of the mail server, long enough for two lines of base64 text',
      env: { ...process.env, PASSWORD: password },
      stdio: ['pipe', 'pipe', 'ignore'],
    }).toString();
  const base = { layout: 'openssl-enc', encoding: 'base64', ivBytes: 12 } as const;
  const key = readKey(password, 'utf8');

  it.each([
    { options: ['-md', 'sha256'], how: { digest: 'sha256', iterations: 0 } },
    { options: ['-md', 'md5'], how: { digest: 'md5', iterations: 0 } },
    { options: ['-pbkdf2'], how: { digest: 'sha256', iterations: 10_000 } },
    { options: ['-pbkdf2', '-iter', '600000'], how: { digest: 'sha256', iterations: 600_000 } },
  ] as const)('with $options is opened by its password and refused under another', ({ options, how }) => {
    const value = write(...options);
    const hex = Buffer.from(value.replaceAll('\n', ''), 'base64').toString('hex');
    expect(openEncrypted(value, key, { ...base, ...how })).toEqual({ kind: 'opened' });
    expect(openEncrypted(hex, key, { ...base, ...how })).toEqual({ kind: 'opened' });
    expect(openEncrypted(value, readKey('wrong horse', 'utf8'), { ...base, ...how })).toEqual({
      kind: 'refused',
    });
  });

  it('is refused under every one of a thousand wrong passwords, though nothing in it is authenticated', () => {
    const value = write('-md', 'sha256');
    const opened = Array.from({ length: 1000 }, (_, number) =>
      openEncrypted(value, readKey(`wrong ${number}`, 'utf8'), base),
    ).filter(({ kind }) => kind === 'opened');
    expect(opened).toEqual([]);
  });

  it('is malformed without its salt, cut off, or as plain text', () => {
    const value = write('-md', 'sha256').replaceAll('\n', '');
    for (const text of [write('-md', 'sha256', '-nosalt'), value.slice(0, 20), 'a plain text!']) {
      expect(openEncrypted(text, key, base).kind).toBe('malformed');
    }
  });

  it('takes a password, and Fernet a base64 key, whatever keyEncoding says', () => {
    expect(keyEncodingOf({ layout: 'openssl-enc', keyEncoding: 'hex' })).toBe('utf8');
    expect(keyEncodingOf({ layout: 'fernet', keyEncoding: 'hex' })).toBe('base64');
    expect(keyEncodingOf({ layout: 'iv:tag:ciphertext', keyEncoding: 'hex' })).toBe('hex');
  });
});
